"""A photo at a size at which it is legible, and its text, unless what the photo shows is known anyway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import cv2
import numpy as np

from matcher.config import ImageSettings
from matcher.images import Picture, decode_legible
from matcher.models import Pixels, TextLine, TextReader
from matcher.records import Score
from matcher.signals import Sighting
from matcher.signals.outlines import area
from matcher.text.lexicon import Lexicon
from matcher.text.mentions import find_mentions
from matcher.text.passages import Passage

COPY_SURE, COPY_SHARE = 0.9, 0.8
"""A photo of which so much is so surely a copy of a reference says what the reference says."""

MOST_LOOKS = 8
"""Lines of one photo that are looked at again, the largest: a wall of near misses must not hold up a scan."""


class LargePhoto:
    """A photo's pixels as text and logos are looked for in them: decoded on first use, once.

    `picture`: the photo as decoded for matching; it is decoded again only where it is larger than that.
    """

    def __init__(self, blob: bytes, source: str, picture: Picture, settings: ImageSettings) -> None:
        self._blob, self._source, self.picture, self._settings = blob, source, picture, settings

    @cached_property
    def pixels(self) -> Pixels:
        """Those of `decode_legible`; raises `ImageError`."""
        picture = self.picture
        if max(picture.pixels.shape[:2]) < max(picture.width, picture.height):
            return decode_legible(self._blob, self._source, self._settings).pixels
        return picture.pixels


class PhotoText:
    """Reads photos with `reader`, and looks again where a word is almost a wordmark of `lexicon`.

    Without a reader there is no text.
    """

    def __init__(self, reader: TextReader | None, lexicon: Lexicon) -> None:
        self._reader, self._lexicon = reader, lexicon

    def lines(self, photo: LargePhoto, sightings: Sequence[Sighting]) -> tuple[TextLine, ...]:
        """Lines in reading order, outlines in pixels of the full photo; raises `ImageError`."""
        if self._reader is None or is_known(sightings):
            return ()
        pixels, picture = photo.pixels, photo.picture
        (lines,) = self._reader.read([pixels])
        for place in self._in_doubt(lines):
            lines[place] = self._reader.look_again(pixels, lines[place])
        across, down = picture.width / pixels.shape[1], picture.height / pixels.shape[0]
        return tuple(_scaled(line, across, down) for line in lines)

    def _in_doubt(self, lines: Sequence[TextLine]) -> list[int]:
        """Places of the lines that hold a near miss if they are read rightly, at most `MOST_LOOKS`."""
        surely_so = [Passage(line.text) for line in lines]
        mentions = find_mentions(self._lexicon, surely_so)
        found = {mention.passage for mention in mentions if mention.kind == "near-miss"}
        return sorted(found, key=lambda place: (-area(lines[place].outline), place))[:MOST_LOOKS]


def is_known(sightings: Sequence[Sighting]) -> bool:
    """Whether the photo is so surely a copy of a reference that it shows what that shows."""
    return any(copied(one) >= COPY_SHARE for one in sightings)


def copied(sighting: Sighting) -> Score:
    """The share of the photo inside the outline of a reference that it surely is a copy of, else 0."""
    if not sighting.verified or sighting.copy_score < COPY_SURE or len(sighting.quad) != 4:
        return 0.0
    outline = np.array(sighting.quad, np.float32)
    photo = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    if not cv2.isContourConvex(outline):
        return 0.0
    share, _ = cv2.intersectConvexConvex(outline, photo)
    return float(share)


def _scaled(line: TextLine, across: float, down: float) -> TextLine:
    outline = tuple((round(x * across, 1), round(y * down, 1)) for x, y in line.outline)
    return replace(line, outline=outline)
