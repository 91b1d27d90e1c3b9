"""GroceryStoreDataset: shop images of packages, and phone photos taken in shops.

Layout, from the set's repository (`marcusklasson/GroceryStoreDataset`, folder `dataset`): `classes.csv`
with the columns below; `train.txt`, `val.txt` and `test.txt` with `path, class, coarse class`; iconic
images and photos below. Source: Klasson et al., "A Hierarchical Grocery Store Image Dataset with Visual
and Semantic Labels", WACV 2019.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.adapters.rows import cell, csv_rows, inside, lines, wrong
from benchmarks.datasets import ReferenceImage, TruthSet, file_query

PACKAGES = "/Packages/"
COLUMNS = ("Class ID (int)", "Class Name (str)", "Coarse Class Name (str)", "Iconic Image Path (str)")
LISTS = ("train.txt", "val.txt", "test.txt")


def fits(folder: Path) -> bool:
    """Whether `classes.csv`, `train.txt` and `val.txt` lie there (a copy may lack `test.txt`)."""
    return all((folder / name).is_file() for name in ("classes.csv", *LISTS[:2]))


def read(folder: Path) -> TruthSet:
    """Shop images of the packages are references, phone photos queries; a query's kind is its coarse class.

    Only classes and photos whose path holds `/Packages/` are taken. Raises UsageError at a malformed row.
    """
    path = folder / "classes.csv"
    rows = [[cell(path, line, row, column) for column in COLUMNS] for line, row in csv_rows(path, *COLUMNS)]
    classes = {
        number: (name, coarse, image.lstrip("/")) for number, name, coarse, image in rows if PACKAGES in image
    }
    references = tuple(ReferenceImage(name, inside(folder, image)) for name, _, image in classes.values())
    queries = []
    for listed in (folder / name for name in LISTS if (folder / name).is_file()):
        for number, line in lines(listed):
            photo, comma, labels = line.partition(",")
            label = labels.partition(",")[0].strip()
            if not comma or not label.isdigit():
                raise wrong(listed, number, "is not 'path, class, coarse class'")
            if PACKAGES in photo and label in classes:
                name, coarse, _ = classes[label]
                queries.append(file_query(inside(folder, photo), folder, frozenset({name}), coarse))
    return TruthSet(folder.name, "grocery", references, tuple(queries))
