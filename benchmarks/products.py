"""Product-recognition sets read from the layouts they are published in, found by what lies in the folder."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.datasets import (
    Part,
    Query,
    ReferenceImage,
    TruthSet,
    distinct,
    file_query,
    image_paths,
    is_image,
)
from matcher.errors import UsageError

PACKAGES = "/Packages/"
SHARE_TO_TUNE = 3
"""One query in this many is for tuning, the others are for the report."""

VIEW_NAME = re.compile(r"(?P<id>[^_]+)_(?P<view>.+)")


def products_from_folder(folder: Path, *, part: Part = "all") -> TruthSet:
    """Read the product set in `folder`; its layout is found by what lies there.

    `references.csv` and `queries.csv` (layout `csv`); `classes.csv`, `train.txt` and `val.txt` (`grocery`);
    image names like `mh02-black_main.jpg` (`magento_luma`); `references/ID/` and `queries/ID/` (`folders`);
    otherwise a folder an id with two or more photos (`leave-one-out`). `part` takes a third of the queries to
    tune on, or the other two thirds to report on, stratified by product; the references are the same. Raises
    UsageError when no layout fits, a file is missing a column or no query is left.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; name the folder of a product set")
    layout = layout_of(folder)
    found = LAYOUTS[layout](folder)
    queries = tuple(found.queries) if part == "all" else stratified(found.queries, part)
    if not found.references or not queries:
        raise UsageError(
            f"{folder}: layout {layout} has {len(found.references)} references, {len(queries)} queries"
        )
    return TruthSet(folder.resolve().name, layout, found.references, queries, found.notes)


def layout_of(folder: Path) -> str:
    """Name of the layout; raises UsageError when none fits."""
    if (folder / "references.csv").is_file() and (folder / "queries.csv").is_file():
        return "csv"
    if all((folder / name).is_file() for name in ("classes.csv", "train.txt", "val.txt")):
        return "grocery"
    if any(_views_folder(folder).glob("*_main.*")):
        return "magento_luma"
    if (folder / "references").is_dir() and (folder / "queries").is_dir():
        return "folders"
    if sum(1 for child in folder.iterdir() if child.is_dir() and any(map(is_image, child.iterdir()))) >= 2:
        return "leave-one-out"
    raise UsageError(
        f"{folder}: no known layout; give it references.csv (reference_id,image) and queries.csv "
        "(query_id,image,reference_ids)"
    )


def stratified(queries: Sequence[Query], part: Part) -> tuple[Query, ...]:
    """Every third query of each product for `tune`, the rest for `report`; by hash, so order does not matter.

    The count runs on from product to product, so that products with one or two photos are dealt out as well.
    """
    ordered = sorted(queries, key=lambda query: (sorted(query.truth), _digest(query.query_id)))
    wanted = part == "tune"
    chosen = {query.query_id for turn, query in enumerate(ordered) if (turn % SHARE_TO_TUNE == 0) == wanted}
    return tuple(query for query in queries if query.query_id in chosen)


def grocery(folder: Path) -> TruthSet:
    """GroceryStoreDataset (WACV 2019): shop images of the packages are references, phone photos queries.

    Only classes and photos whose path holds `/Packages/` are taken; a query's kind is its coarse class.
    """
    rows = _rows(folder / "classes.csv", *GROCERY_COLUMNS)
    classes = {
        number: (name, coarse, image.lstrip("/"))
        for number, name, coarse, image in (
            [row[column].strip() for column in GROCERY_COLUMNS] for row in rows
        )
        if PACKAGES in image
    }
    references = tuple(ReferenceImage(name, _inside(folder, image)) for name, _, image in classes.values())
    queries = []
    for listed in ("train.txt", "val.txt"):
        for line in (folder / listed).read_text(encoding="utf-8").splitlines():
            path, _, labels = line.partition(",")
            label = labels.partition(",")[0].strip()
            if PACKAGES in path and label in classes:
                name, coarse, _ = classes[label]
                queries.append(file_query(_inside(folder, path), folder, frozenset({name}), coarse))
    return TruthSet(folder.name, "grocery", references, tuple(queries))


def magento_luma(folder: Path) -> TruthSet:
    """Photos named `STYLE-COLOUR_view.jpg`: main views are the references, the other views queries.

    A photo without a view in its name is the main one; views of a product without a main one are left out.
    """
    named = [(VIEW_NAME.fullmatch(path.stem), path) for path in image_paths(_views_folder(folder))]
    main = {path.stem: path for view, path in named if view is None}
    main |= {view["id"]: path for view, path in named if view and view["view"] == "main"}
    others = [(view, path) for view, path in named if view and view["view"] != "main"]
    queries = tuple(
        file_query(path, folder, frozenset({view["id"]}), view["view"])
        for view, path in others
        if view["id"] in main
    )
    alone = len(others) - len(queries)
    notes = (f"{alone} photos of products without a main view left out",) if alone else ()
    references = tuple(ReferenceImage(name, path) for name, path in sorted(main.items()))
    return TruthSet(folder.name, "magento_luma", references, queries, notes)


def folders(folder: Path) -> TruthSet:
    """`references/ID/*.jpg` and `queries/ID/*.jpg`; a query whose ID has no reference is a distractor."""
    references = tuple(ReferenceImage(name, path) for name, path in _by_child(folder / "references"))
    known = {reference.reference_id for reference in references}
    queries = tuple(
        file_query(path, folder, frozenset({name} & known), "photo" if name in known else "distractor")
        for name, path in _by_child(folder / "queries")
    )
    return TruthSet(folder.name, "folders", references, queries)


def leave_one_out(folder: Path) -> TruthSet:
    """A folder an id: every photo is looked up among all the others; byte-identical photos count once."""
    photos = _by_child(folder)
    kept = set(distinct(path for _, path in photos))
    references = tuple(ReferenceImage(name, path) for name, path in photos if path in kept)
    size = Counter(reference.reference_id for reference in references)
    queries = tuple(
        file_query(reference.path, folder, frozenset({reference.reference_id}), "photo", left_out=index)
        for index, reference in enumerate(references)
        if size[reference.reference_id] > 1
    )
    twice = len(photos) - len(kept)
    notes = (f"{twice} byte-identical photos left out",) if twice else ()
    return TruthSet(folder.name, "leave-one-out", references, queries, notes)


def csv_of_truth(folder: Path) -> TruthSet:
    """`references.csv` (`reference_id,image`), `queries.csv` (`query_id,image,reference_ids` joined by `|`).

    Images are paths below `folder`; a reference has as many rows as images; no `reference_ids`: a distractor.
    """
    references = tuple(
        ReferenceImage(row["reference_id"].strip(), _inside(folder, row["image"]))
        for row in _rows(folder / "references.csv", "reference_id", "image")
    )
    known = {reference.reference_id for reference in references}
    queries = []
    for line, row in enumerate(_rows(folder / "queries.csv", "query_id", "image", "reference_ids"), start=2):
        truth = frozenset(name.strip() for name in row["reference_ids"].split("|") if name.strip())
        if truth - known:
            raise UsageError(
                f"queries.csv row {line}: reference {min(truth - known)} is not in references.csv"
            )
        kind = "photo" if truth else "distractor"
        queries.append(Query(row["query_id"], truth, kind, _inside(folder, row["image"]).read_bytes))
    return TruthSet(folder.name, "csv", references, tuple(queries))


LAYOUTS: dict[str, Callable[[Path], TruthSet]] = {
    "csv": csv_of_truth,
    "grocery": grocery,
    "magento_luma": magento_luma,
    "folders": folders,
    "leave-one-out": leave_one_out,
}
"""Reader by the name of the layout."""

GROCERY_COLUMNS = ("Class ID (int)", "Class Name (str)", "Coarse Class Name (str)", "Iconic Image Path (str)")


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _views_folder(folder: Path) -> Path:
    return folder / "images" if (folder / "images").is_dir() else folder


def _by_child(folder: Path) -> list[tuple[str, Path]]:
    """(name of the child folder, image) for every image in or under a child of `folder`."""
    children = sorted(child for child in folder.iterdir() if child.is_dir())
    return [(child.name, path) for child in children for path in image_paths(child)]


def _inside(folder: Path, name: str) -> Path:
    """The path `name` below `folder`; raises UsageError when it leads out of it."""
    path = folder / name.strip()
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{name}: leads out of {folder}; images lie below the folder of the set")
    return path


def _rows(path: Path, *columns: str) -> list[dict[str, str]]:
    """The rows of a UTF-8 CSV file as dictionaries of text; raises UsageError without one of `columns`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(f"{path}: has no column {missing[0]}")
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
