"""Products-10K: shop and user photos of almost 10,000 goods of one marketplace.

Layout of the competition's files: `train.csv` (`name,class,group`), `test_kaggletest.csv`
(`name,class,Usage`) and the photos in `train/` and `test/`. The set has no retrieval protocol of its own;
here the training photos are the references and the test photos the queries. Source: Bai et al.,
"Products-10K: A Large-scale Product Recognition Dataset", arXiv 2008.10545.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.adapters.rows import cell, csv_rows, inside, wrong
from benchmarks.datasets import ReferenceImage, TruthSet, file_query

TRAIN, TEST = "train.csv", "test_kaggletest.csv"


def fits(folder: Path) -> bool:
    """Whether both lists lie there."""
    return (folder / TRAIN).is_file() and (folder / TEST).is_file()


def read(folder: Path) -> TruthSet:
    """Training photos as references, test photos as queries; a class without a training photo is an error."""
    references = tuple(ReferenceImage(label, image) for _, label, image in _photos(folder, TRAIN, "train"))
    known = {reference.reference_id for reference in references}
    queries = []
    for line, label, image in _photos(folder, TEST, "test"):
        if label not in known:
            raise wrong(folder / TEST, line, f"class {label} has no photo in {TRAIN}")
        queries.append(file_query(image, folder, frozenset({label}), "photo"))
    return TruthSet(folder.name, "products-10k", references, tuple(queries))


def _photos(folder: Path, name: str, photos: str) -> list[tuple[int, str, Path]]:
    path = folder / name
    found = []
    for line, row in csv_rows(path, "name", "class"):
        label = cell(path, line, row, "class")
        if not label.isdigit():
            raise wrong(path, line, f"class {label!r} is no whole number")
        found.append((line, label, inside(folder / photos, cell(path, line, row, "name"))))
    return found
