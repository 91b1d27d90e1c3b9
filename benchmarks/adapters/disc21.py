"""DISC21, the set of the Image Similarity Challenge 2021: a million references, edited queries, distractors.

Layout: images named `R000000.jpg` (references), `Q00000.jpg` (queries) and `T000000.jpg` (training). The
truth is a CSV `query_id,reference_id`, its header optional; a query without a reference is a distractor.
The challenge's own code (`facebookresearch/isc2021`: `isc/io.py`, `docs/README.md`, `list_files/`) has
`images/references`, `images/queries`, `images/train` and `list_files/public_ground_truth.csv` (the 25,000
first development queries); the published archives unpack to `references_0/images/references`,
`dev_queries/images/queries`, `final_queries/images/final_queries` and `train_0/images/train` beside
`dev_ground_truth.csv` and `final_ground_truth.csv`. Both are read; any part of the references will do,
and queries whose true reference is not there are left out. Source: Douze et al., arXiv 2106.09672.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from benchmarks.adapters.rows import direct_images, fields, wrong
from benchmarks.datasets import Query, ReferenceImage, TruthSet
from matcher.errors import UsageError

Phase = Literal["dev", "final"]

TRUTH: dict[Phase, tuple[str, ...]] = {
    "final": ("final_ground_truth.csv",),
    "dev": ("dev_ground_truth.csv", "public_ground_truth.csv"),
}
QUERIES: dict[Phase, tuple[str, ...]] = {
    "final": ("final_queries", "images/final_queries", "final_queries*/images/final_queries"),
    "dev": (
        "dev_queries", "images/dev_queries", "dev_queries*/images/*", "queries", "images/queries",
        "queries*/images/queries",
    ),
}  # fmt: skip
REFERENCES = ("references", "images/references", "references*/images/references")
TRAINING = ("train", "images/train", "train*/images/train")
HEADER = ["query_id", "reference_id"]


def fits_final(folder: Path) -> bool:
    """Whether the truth of the final queries and their photos lie there."""
    return _truth_file(folder, "final") is not None and bool(_images(folder, QUERIES["final"]))


def fits_dev(folder: Path) -> bool:
    """Whether the truth of the development queries lies there."""
    return _truth_file(folder, "dev") is not None


def read_final(folder: Path) -> TruthSet:
    """The final queries (phase 2 of the challenge), by which methods are ranked."""
    return read(folder, "final")


def read_dev(folder: Path) -> TruthSet:
    """The development queries, on which the published baselines and SSCD were measured."""
    return read(folder, "dev")


def read(folder: Path, phase: Phase) -> TruthSet:
    """The queries of `phase` against the references that are there; the training photos beside them.

    A truth file that names distractors (an empty reference) also says which queries are asked; one that
    lists copies only makes every other photo of the query folder a distractor. `training` serves
    `benchmarks.score_normalisation`, as the challenge allows it. Raises UsageError at a malformed row, or
    when references or queries are missing.
    """
    path = _truth_file(folder, phase)
    if path is None:
        raise UsageError(f"{folder}: has no {TRUTH[phase][0]}")
    truth, asked = _pairs(path)
    references = {image.stem: image for image in _images(folder, REFERENCES)}
    photos = {image.stem: image for image in _images(folder, QUERIES[phase])}
    if not references or not photos:
        raise UsageError(f"{folder}: {len(references)} references, {len(photos)} queries of phase {phase}")
    listed = sorted(asked) if asked - truth.keys() else sorted(photos)
    queries, notes = _queries(listed, photos, truth, references)
    return TruthSet(
        folder.name,
        "disc21" if phase == "final" else "disc21-dev",
        tuple(ReferenceImage(name, image) for name, image in sorted(references.items())),
        queries,
        notes,
        tuple(ReferenceImage(image.stem, image) for image in _images(folder, TRAINING)),
    )


def _queries(
    listed: Sequence[str], photos: dict[str, Path], truth: dict[str, set[str]], references: dict[str, Path]
) -> tuple[tuple[Query, ...], tuple[str, ...]]:
    """The queries whose photo and references are there, and notes of the others."""
    queries, absent, unknown = [], 0, 0
    for name in listed:
        true = frozenset(truth.get(name, ()))
        if name not in photos:
            absent += 1
        elif true - references.keys():
            unknown += 1
        else:
            kind = "copy" if true else "distractor"
            queries.append(Query(name, true, kind, photos[name].read_bytes))
    missing = (absent, "photo"), (unknown, "reference")
    notes = (f"{count} queries left out: their {what} is not there" for count, what in missing if count)
    return tuple(queries), tuple(notes)


def _pairs(path: Path) -> tuple[dict[str, set[str]], set[str]]:
    """References of each copied query, and all queries that are named."""
    truth: dict[str, set[str]] = {}
    asked: set[str] = set()
    for line, (query, reference) in fields(path, 2, ","):
        if [query, reference] == HEADER:
            continue
        if not query.startswith("Q") or (reference and not reference.startswith("R")):
            raise wrong(path, line, f"'{query},{reference}' is no pair of a query Q… and a reference R…")
        asked.add(query)
        if reference:
            truth.setdefault(query, set()).add(reference)
    return truth, asked


def _truth_file(folder: Path, phase: Phase) -> Path | None:
    places = (place / name for name in TRUTH[phase] for place in (folder, folder / "list_files"))
    return next((path for path in places if path.is_file()), None)


def _images(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    """All images directly in a folder that fits one of `patterns`, by name."""
    places = sorted({place for pattern in patterns for place in folder.glob(pattern) if place.is_dir()})
    return sorted((image for place in places for image in direct_images(place)), key=lambda image: image.name)
