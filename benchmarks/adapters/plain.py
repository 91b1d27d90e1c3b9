"""Layouts of one's own: a CSV of truth, two folders, or a folder an id whose photos are left out in turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.adapters.rows import cell, child_folders, csv_rows, direct_images, inside, wrong
from benchmarks.datasets import Query, ReferenceImage, TruthSet, distinct, file_query, image_paths

REFERENCES, QUERIES = "references.csv", "queries.csv"


def is_csv_of_truth(folder: Path) -> bool:
    """Whether `references.csv` and `queries.csv` lie there."""
    return (folder / REFERENCES).is_file() and (folder / QUERIES).is_file()


def csv_of_truth(folder: Path) -> TruthSet:
    """`references.csv` (`reference_id,image`), `queries.csv` (`query_id,image,reference_ids` joined by `|`).

    Images are paths below `folder`; a reference has as many rows as images; no `reference_ids`: a
    distractor.
    """
    path = folder / REFERENCES
    references = tuple(
        ReferenceImage(cell(path, line, row, "reference_id"), inside(folder, cell(path, line, row, "image")))
        for line, row in csv_rows(path, "reference_id", "image")
    )
    known = {reference.reference_id for reference in references}
    path = folder / QUERIES
    queries = []
    for line, row in csv_rows(path, "query_id", "image", "reference_ids"):
        truth = frozenset(name.strip() for name in row["reference_ids"].split("|") if name.strip())
        if truth - known:
            raise wrong(path, line, f"reference {min(truth - known)} is not in {REFERENCES}")
        image = inside(folder, cell(path, line, row, "image"))
        kind = "photo" if truth else "distractor"
        queries.append(Query(cell(path, line, row, "query_id"), truth, kind, image.read_bytes))
    return TruthSet(folder.name, "csv", references, tuple(queries))


def is_two_folders(folder: Path) -> bool:
    """Whether `references/` and `queries/` lie there."""
    return (folder / "references").is_dir() and (folder / "queries").is_dir()


def two_folders(folder: Path) -> TruthSet:
    """`references/ID/*.jpg` and `queries/ID/*.jpg`; a query whose ID has no reference is a distractor."""
    references = tuple(ReferenceImage(name, path) for name, path in by_child(folder / "references"))
    known = {reference.reference_id for reference in references}
    queries = tuple(
        file_query(path, folder, frozenset({name} & known), "photo" if name in known else "distractor")
        for name, path in by_child(folder / "queries")
    )
    return TruthSet(folder.name, "folders", references, queries)


def is_folder_an_id(folder: Path) -> bool:
    """Whether two folders there hold images."""
    return sum(1 for child in child_folders(folder) if direct_images(child)) >= 2


def folder_an_id(folder: Path) -> TruthSet:
    """A folder an id: every photo is looked up among all the others; byte-identical photos count once."""
    photos = by_child(folder)
    kept = set(distinct(path for _, path in photos))
    twice = len(photos) - len(kept)
    notes = (f"{twice} byte-identical photos left out",) if twice else ()
    return leave_each_out(
        folder, "leave-one-out", [(name, path, "photo") for name, path in photos if path in kept], notes
    )


def leave_each_out(
    folder: Path, layout: str, photos: Sequence[tuple[str, Path, str]], notes: tuple[str, ...] = ()
) -> TruthSet:
    """Look every photo up among all the others; `photos`: (id, path, kind).

    A photo that is alone with its id is a reference and no query.
    """
    references = tuple(ReferenceImage(name, path) for name, path, _ in photos)
    size = Counter(name for name, _, _ in photos)
    queries = tuple(
        file_query(path, folder, frozenset({name}), kind, left_out=index)
        for index, (name, path, kind) in enumerate(photos)
        if size[name] > 1
    )
    return TruthSet(folder.name, layout, references, queries, notes)


def by_child(folder: Path) -> list[tuple[str, Path]]:
    """(name of the child folder, image) for every image in or under a child of `folder`."""
    return [(child.name, path) for child in child_folders(folder) for path in image_paths(child)]
