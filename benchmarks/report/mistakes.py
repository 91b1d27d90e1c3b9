"""The worst mistakes as strips of pictures: the query, what was said of it, the truth."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.report.folder import picture, picture_type
from benchmarks.report.groups import Group, Row
from benchmarks.report.parts import Mistake, Part, Run

MOST_SHOWN = 500
"""Mistakes on one page, over all of its parts, unless asked otherwise."""


@dataclass(frozen=True)
class Frame:
    """One picture of a strip: `role` names it, `state` is `query`, `hit`, `miss`, `truth` or `none`."""

    role: str
    state: str
    name: str
    score: float | None
    address: str | None


@dataclass(frozen=True)
class Strip:
    """One mistake; `new` where the other run did not make it."""

    number: int
    query: str
    kind: str
    what: str
    frames: tuple[Frame, ...]
    new: bool


@dataclass(frozen=True)
class Album:
    """The strips of one part, `total` of which it kept `len(strips)`."""

    row: Row
    total: int
    strips: tuple[Strip, ...]

    @property
    def kinds(self) -> dict[str, int]:
        """How many strips each kind of query has, most first."""
        kinds = [strip.kind for strip in self.strips if strip.kind]
        return {
            kind: kinds.count(kind) for kind in sorted(set(kinds), key=lambda one: (-kinds.count(one), one))
        }


def shown(parts: Sequence[Part], most: int) -> dict[str, int]:
    """How many mistakes of each part are shown: `most` in all, as even as their numbers allow."""
    left, given = most, {}
    ordered = sorted(parts, key=lambda part: (len(part.mistakes), part.name))
    for number, part in enumerate(ordered):
        given[part.name] = min(len(part.mistakes), left // (len(ordered) - number))
        left -= given[part.name]
    return given


def albums(run: Run, group: Group, numbers: Mapping[str, int], before: Mapping[str, Part]) -> list[Album]:
    """An album for each row with mistakes; `before` are the other run's parts by name, empty without one."""
    found = []
    for row in group.rows:
        known, ranks = _known(before.get(row.part.name), row.part), _ranks(row.part)
        chosen = row.part.mistakes[: numbers.get(row.part.name, 0)]
        strips = tuple(
            _strip(run, number, row.part.task, mistake, ranks.get(mistake.query), mistake.query not in known)
            for number, mistake in enumerate(chosen, 1)
        )
        if strips:
            found.append(Album(row, len(row.part.mistakes), strips))
    return found


def _known(old: Part | None, part: Part) -> set[str]:
    """The queries that the other run got wrong too, or of which nobody knows: these are not new."""
    if old is None or not old.mistakes:
        return {mistake.query for mistake in part.mistakes}
    wrong = {query for query, rank in _ranks(old).items() if rank != 0}
    shows = {mistake.query for mistake in part.mistakes if mistake.truth}
    return {mistake.query for mistake in old.mistakes} | (wrong & shows)


def _ranks(part: Part) -> dict[str, int]:
    """Where each query's truth was found, by query."""
    if part.pairs is None:
        return {}
    return dict(zip(part.pairs.queries.tolist(), part.pairs.rank.tolist(), strict=True))


def _strip(run: Run, number: int, task: str, mistake: Mistake, rank: int | None, new: bool) -> Strip:
    listing = task == "verdicts"
    frames = _listing_frames(run, mistake) if listing else _frames(run, mistake)
    what = _verdict(mistake) if listing else _what(mistake, rank)
    return Strip(number, mistake.query, mistake.kind, what, tuple(frames), new)


def _frames(run: Run, mistake: Mistake) -> Iterator[Frame]:
    """Query, up to three answers, truth."""
    images = mistake.images
    yield Frame("Query", "query", mistake.query, None, _address(run, images.query))
    for place, said in enumerate(mistake.said[:3]):
        state = "hit" if said.reference_id in mistake.truth else "miss"
        address = _address(run, _picture_of(mistake, place))
        yield Frame(f"Said {place + 1}", state, said.reference_id, said.score, address)
    if not mistake.truth:
        yield Frame("Truth", "none", "", None, None)
        return
    more = f" and {len(mistake.truth) - 1} more" if len(mistake.truth) > 1 else ""
    yield Frame("Truth", "truth", f"{mistake.truth[0]}{more}", None, _address(run, images.truth))


def _listing_frames(run: Run, mistake: Mistake) -> Iterator[Frame]:
    """The listing's photo and the reference that its verdict names."""
    yield Frame("Listing", "query", mistake.query, None, _address(run, mistake.images.query))
    for place, said in enumerate(mistake.said[:3]):
        _, _, name = said.reference_id.partition(" ")
        yield Frame("Reference", "miss", name, None, _address(run, _picture_of(mistake, place)))


def _picture_of(mistake: Mistake, place: int) -> str | None:
    return mistake.images.said[place] if place < len(mistake.images.said) else None


def _verdict(mistake: Mistake) -> str:
    said = "nothing"
    if mistake.said:
        first = mistake.said[0]
        score = f" at {first.score:.3f}" if first.score is not None else ""
        said = f"{first.reference_id.partition(' ')[0]}{score}"
    return f"Said {said}, truly {' or '.join(mistake.truth) or 'unknown'}"


def _what(mistake: Mistake, rank: int | None) -> str:
    if not mistake.truth:
        return "Nothing should have been found" if mistake.said else "Nothing was to be found"
    if not mistake.said:
        return "Nothing was said"
    if mistake.said[0].reference_id in mistake.truth:
        return "Right, with a low score"
    place = next((at for at, said in enumerate(mistake.said, 1) if said.reference_id in mistake.truth), None)
    place = place or (rank + 1 if rank is not None and rank > 0 else None)
    if place:
        return f"The truth is answer {place}"
    return "The truth was not found" if rank == -1 else "The truth is not among the first answers"


def _address(run: Run, path: str | None) -> str | None:
    blob = picture(run, path)
    if blob is None:
        return None
    return f"data:{picture_type(blob)};base64,{base64.b64encode(blob).decode('ascii')}"
