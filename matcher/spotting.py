"""The logos of a photo, looked for at a size at which they can be told, unless it is a known copy."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.logo_matching import LogoCandidate, LogoMatcher
from matcher.reading import LargePhoto, is_known
from matcher.signals import Sighting
from matcher.signals.logo_sighting import LogoSighting

LEAST_SCORE = 0.02
"""A logo less sure than this is kept only as the best of its photo."""
MOST_KEPT = 16


class PhotoLogos:
    """Looks for catalogued logos with `matcher`; without one, or without a logo catalogued, none is found."""

    def __init__(self, matcher: LogoMatcher | None) -> None:
        self._matcher = matcher

    def sightings(self, photo: LargePhoto, seen: Sequence[Sighting]) -> tuple[LogoSighting, ...]:
        """Logos, surest first; raises `ImageError`.

        `seen`: the references that the photo may show; of a sure copy of one all is known.
        """
        if self._matcher is None or not self._matcher.logos or is_known(seen):
            return ()
        (found,) = self._matcher.find([photo.pixels])
        height, width = photo.pixels.shape[:2]
        kept = [one for place, one in enumerate(found) if place == 0 or one.score >= LEAST_SCORE]
        return tuple(logo_sighting(one, width, height) for one in kept[:MOST_KEPT])


def logo_sighting(candidate: LogoCandidate, width: int, height: int) -> LogoSighting:
    """A candidate of a photo of that size, in numbers that JSON keeps exactly."""
    x1, y1, x2, y2 = candidate.region
    comparison = candidate.comparison
    edges = (x1 / width, y1 / height, x2 / width, y2 / height)
    left, top, right, low = (round(min(1.0, max(0.0, edge)), 5) for edge in edges)
    return LogoSighting(
        image_id=candidate.image_id,
        box=(left, top, right, low),
        score=round(candidate.score, 6),
        cosine=round(comparison.cosine, 6),
        found=round(comparison.box, 6),
        inliers=comparison.inliers,
    )
