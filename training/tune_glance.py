"""Tells what thresholds of the first look (`matcher/glancing.py`) cost and spare, on the tuning parts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks.datasets import Query, copies_from_folder
from benchmarks.products import products_from_folder
from matcher import glancing
from matcher.config import Settings
from matcher.errors import ImageError
from matcher.finder import Finder, Task, build_finder
from matcher.images import Picture, decode
from matcher.matching import Candidate
from matcher.models import Correspondence, Keypoints, Pixels
from training.fit_similarity import Decoded

THRESHOLDS = ((4, 0, 3), (4, 5, 3), (5, 5, 3), (6, 5, 3), (7, 5, 3), (10, 5, 3))
"""Tried in turn: how many must agree, how many candidates are nearest, how many must agree for those."""
FEW = 300
EVIDENCE = 0.3
"""A score that crosses it is a finding gained or lost."""


@dataclass(frozen=True)
class Answers:
    """What was found for each query, likeliest first, and how many candidates were compared in full."""

    found: list[list[Candidate]]
    compared: int


class Counting:
    """A verifier that counts its full comparisons of photos that are not flipped."""

    def __init__(self, finder: Finder) -> None:
        self.inner = finder.photo_matcher.verifier
        self.name, self.fingerprint, self.compared = self.inner.name, self.inner.fingerprint, 0
        finder.photo_matcher.verifier = self

    def match(
        self, photo: Keypoints, pixels: Pixels, reference: Keypoints, *, mirrored: bool
    ) -> Correspondence | None:
        """What the verifier finds."""
        self.compared += not mirrored
        return self.inner.match(photo, pixels, reference, mirrored=mirrored)

    def agreeing(self, photo: Keypoints, reference: Keypoints, *, mirrored: bool) -> int:
        """What the verifier says."""
        return self.inner.agreeing(photo, reference, mirrored=mirrored)


def main(arguments: Sequence[str] | None = None) -> None:
    """`python -m training.tune_glance copies|products DIR [--limit N]`: a line for each set of thresholds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=("copies", "products"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=400, help="queries, drawn by chance")
    options = parser.parse_args(arguments)
    for line in compared_thresholds(options.task, options.folder, options.limit):
        print(line, flush=True)


def compared_thresholds(task: Task, folder: Path, limit: int) -> Iterator[str]:
    """Each set of thresholds with the answers it changes, against no first look at all."""
    made = copies_from_folder(folder, seed=1, part="tune") if task == "copies" else None
    truth = made or products_from_folder(folder, part="tune")
    settings = Settings()
    with closing(build_finder(settings, task=task)) as finder:
        finder.fit(Decoded([reference.path for reference in truth.references], settings))
        names = [reference.reference_id for reference in truth.references]
        drawn = np.random.default_rng(0).permutation(len(truth.queries))[:limit]
        queries = list(_readable([truth.queries[int(place)] for place in drawn], settings))
        without = settings.matching.model_copy(update={"glance_keypoints": 0})
        finder.photo_matcher.settings = without
        full = _answers(finder, queries)
        yield f"all compared in full: first answer right for {_right(full, queries, names)} of {len(queries)}"
        finder.photo_matcher.settings = settings.matching.model_copy(update={"glance_keypoints": FEW})
        for agree, near, near_agree in THRESHOLDS:
            with (
                patch.object(glancing, "AGREEING", agree),
                patch.object(glancing, "NEAREST", near),
                patch.object(glancing, "NEAREST_AGREEING", near_agree),
            ):
                few = _answers(finder, queries)
            yield (
                f"{agree} agreeing, {near_agree} for the {near} nearest: "
                f"{few.compared / full.compared:.2f} compared in full, "
                f"first answer right for {_right(few, queries, names)}, "
                f"{_crossings(full, few)} scores cross {EVIDENCE}"
            )


def _readable(queries: Sequence[Query], settings: Settings) -> Iterator[tuple[Query, Picture]]:
    for query in queries:
        try:
            yield query, decode(query.blob(), query.query_id, settings.images)
        except ImageError:
            continue


def _answers(finder: Finder, queries: Sequence[tuple[Query, Picture]]) -> Answers:
    counting = Counting(finder)
    try:
        return Answers([finder.candidates(picture) for _, picture in queries], counting.compared)
    finally:
        finder.photo_matcher.verifier = counting.inner


def _right(answers: Answers, queries: Sequence[tuple[Query, Picture]], names: Sequence[str]) -> int:
    right = 0
    for found, (query, _) in zip(answers.found, queries, strict=True):
        others = (one for one in found if one.image_id != query.left_out)
        best = max(others, key=lambda one: (_score(one), -one.image_id), default=None)
        right += best is not None and names[best.image_id] in query.truth
    return right


def _crossings(before: Answers, after: Answers) -> int:
    count = 0
    for one, other in zip(before.found, after.found, strict=True):
        sure = [{found.image_id for found in each if _score(found) >= EVIDENCE} for each in (one, other)]
        count += len(sure[0] ^ sure[1])
    return count


def _score(candidate: Candidate) -> float:
    return max(candidate.copy, candidate.product)


if __name__ == "__main__":
    main()
