"""Logos on food packages, in the two sets that Open Food Facts publishes.

*Logos to search* (`openfoodfacts/openfoodfacts-ai`, release `dataset-logo-2022-01-21`), as the project's
own benchmark reads it (`logo-ann/benchmarks/embedding_models_benchmark/main.py`): cut-out logos in
`logo_dataset/LABEL/*.png`, and `val.txt` with lines `LABEL/FILE.png`, which names the logos to measure
on. Whether the archive holds `val.txt` in or beside `logo_dataset` is not documented; both are read.

*Boxes to find* (`openfoodfacts/universal-logo-detector` on Hugging Face, 709 photos): Parquet files named
`train…` and `val…` with `image_id`, `image` and `objects` of `bbox` and `category_name`. The card does
not say how a box is written; the same publisher's cards of sets made by the same tool say `(y_min, x_min,
y_max, x_max)`, from 0 to 1, and so it is read. Its boxes name no brand, only `brand` or `label` (or
`object`), so they measure a detector and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.adapters.parquet_images import columns_of, unpacked
from benchmarks.adapters.plain import leave_each_out
from benchmarks.adapters.rows import child_folders, inside, lines, wrong
from benchmarks.datasets import TruthSet
from benchmarks.logo_sets import BoxPhoto, BoxSet, LogoBox, Split
from matcher.errors import UsageError

LOGOS, LIST = "logo_dataset", "val.txt"


def fits_logos(folder: Path) -> bool:
    """Whether the list and the folder of logos lie there."""
    return _list(folder) is not None


def read_logos(folder: Path) -> TruthSet:
    """Every logo of `val.txt` is looked up among the others; raises UsageError at a malformed line."""
    path = _list(folder)
    if path is None:
        raise UsageError(f"{folder}: has no {LIST} with a folder {LOGOS}")
    logos = folder / LOGOS if (folder / LOGOS).is_dir() else folder
    photos = []
    for number, line in lines(path):
        label, slash, name = line.partition("/")
        if not (label and slash and name) or "/" in name:
            raise wrong(path, number, f"{line!r} is not LABEL/FILE.png")
        photos.append((label, inside(logos, line), "logo"))
    return leave_each_out(folder, "open-food-facts", photos)


def fits_boxes(folder: Path) -> bool:
    """Whether there are Parquet files with boxes."""
    return any("objects" in columns_of(path) for path, _ in _tables(folder)[:1])


def read_boxes(folder: Path) -> BoxSet:
    """Photos with boxes in pixels; the images are unpacked beside the Parquet files at the first reading.

    Raises UsageError at a row without an image or with a box that is none.
    """
    photos = []
    for path, split in _tables(folder):
        for row, (image, values) in enumerate(unpacked(path, "image_id", "width", "height", "objects")):
            boxes = _boxes(path, row, values)
            brands = frozenset(box.brand for box in boxes)
            photos.append(BoxPhoto(str(values["image_id"]), image, brands, boxes, split))
    return BoxSet(folder.name, "open-food-facts-boxes", tuple(photos))


def _boxes(path: Path, row: int, values: Mapping[str, Any]) -> tuple[LogoBox, ...]:
    width, height = values["width"], values["height"]
    boxes = []
    objects = values["objects"] or {}
    for box, name in zip(objects.get("bbox") or (), objects.get("category_name") or (), strict=False):
        if len(box) != 4 or not (0 <= box[0] < box[2] <= 1.001 and 0 <= box[1] < box[3] <= 1.001):
            raise wrong(path, row, f"{list(box)} is no box (y_min, x_min, y_max, x_max) from 0 to 1")
        top, left, bottom, right = box
        boxes.append(LogoBox(str(name), left * width, top * height, right * width, bottom * height))
    return tuple(boxes)


def _list(folder: Path) -> Path | None:
    beside = (folder / LIST).is_file() and (folder / LOGOS).is_dir()
    within = (folder / LOGOS / LIST).is_file()
    itself = folder.name == LOGOS and (folder / LIST).is_file() and bool(child_folders(folder))
    if beside or itself:
        return folder / LIST
    return folder / LOGOS / LIST if within else None


def _tables(folder: Path) -> list[tuple[Path, Split]]:
    """The Parquet files with the split each is of, as in `data/train-…` or `default/train/0000.parquet`."""
    splits: tuple[Split, ...] = ("train", "val")
    patterns = "{}*.parquet", "data/{}*.parquet", "{}/*.parquet", "default/{}/*.parquet"
    return [
        (path, split)
        for split in splits
        for pattern in patterns
        for path in sorted(folder.glob(pattern.format(split)))
    ]
