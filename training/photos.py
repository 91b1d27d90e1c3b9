"""Photos for training, found under folders and kept apart from those a figure is reported on."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.datasets import half_of, image_paths, relative_id
from benchmarks.products import products_from_folder
from matcher.config import ImageSettings
from matcher.errors import ImageError, UsageError
from matcher.images import decode
from matcher.models import Pixels


@dataclass(frozen=True)
class Labelled:
    """A photo to train on. `product` is `SET:ID`, empty where unknown; `shop`: a catalog would hold it."""

    path: Path
    product: str = ""
    shop: bool = False


def tuning_paths(folder: Path) -> list[Path]:
    """Photos under `folder` that `--part tune` of the benchmarks uses; the other half is for reporting."""
    return [path for path in image_paths(folder) if half_of(relative_id(path, folder)) == "tune"]


def kept_for_fitting(name: str) -> bool:
    """Whether the embedder never sees this fifth of what may be tuned on: scores are fitted on it instead."""
    return hashlib.sha256(name.encode()).digest()[1] % 5 == 0


def photos_to_copy(folder: Path, left_out: frozenset[str]) -> list[Labelled]:
    """Photos of nothing known, four fifths of the tuning half of a folder."""
    paths = tuning_paths(folder)
    return [Labelled(path) for path in paths if not kept_for_fitting(relative_id(path, folder))]


def all_photos(folder: Path, left_out: frozenset[str]) -> list[Labelled]:
    """All photos of a folder on which no figure is reported."""
    return [Labelled(path) for path in image_paths(folder)]


def grocery_photos(folder: Path, left_out: frozenset[str]) -> list[Labelled]:
    """Tuning photos and shop images of the packages, but for brands `left_out`, and all loose fruit."""
    found = products_from_folder(folder, part="tune")
    known = [reference for reference in found.references if not _is_of(reference.reference_id, left_out)]
    photos = [Labelled(known_.path, f"package:{known_.reference_id}", True) for known_ in known]
    for query in found.queries:
        (product,) = query.truth
        if not _is_of(product, left_out):
            photos.append(Labelled(folder / query.query_id, f"package:{product}"))
    return photos + _loose_fruit(folder)


def magento_photos(folder: Path, left_out: frozenset[str]) -> list[Labelled]:
    """All views of half of the styles, a product a colour; a fifth of that half is kept for fitting."""
    photos = []
    for path in image_paths(folder):
        product, _, seen = path.stem.partition("_")
        style = product.partition("-")[0]
        if half_of(style) == "tune" and not kept_for_fitting(style):
            photos.append(Labelled(path, f"garment:{product}", seen in ("", "main")))
    return photos


def listed_photos(folder: Path, left_out: frozenset[str]) -> list[Labelled]:
    """`photos.csv` with columns `image`, `product` and `shop` (1: a shop image); raises UsageError."""
    file = folder / "photos.csv"
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
        return [
            Labelled(folder / row["image"], f"{folder.name}:{row['product']}", row.get("shop") == "1")
            for row in rows
            if not _is_of(row["product"], left_out)
        ]
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{file}: cannot be read ({error}); give it columns image, product, shop") from error


READERS: dict[str, Callable[[Path, frozenset[str]], list[Labelled]]] = {
    "photos": photos_to_copy,
    "all photos": all_photos,
    "grocery": grocery_photos,
    "magento_luma": magento_photos,
    "csv": listed_photos,
}
"""Reader of a set by the name of its layout."""


def read_pixels(paths: Iterable[Path], settings: ImageSettings) -> Iterator[Pixels]:
    """Decode each photo as the matcher would; an unreadable one is left out."""
    for path in paths:
        try:
            yield decode(path.read_bytes(), str(path), settings).pixels
        except ImageError:
            continue


def _loose_fruit(folder: Path) -> list[Labelled]:
    """Fruit and vegetables of a grocery set: one product a variety, its shop image and training photos."""
    with (folder / "classes.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["Class ID (int)"].strip(): row for row in csv.DictReader(file)}
    photos = []
    for row in rows.values():
        image = row["Iconic Image Path (str)"].strip().lstrip("/")
        if "/Packages/" not in image:
            photos.append(Labelled(folder / image, f"fruit:{row['Class Name (str)'].strip()}", True))
    for line in (folder / "train.txt").read_text(encoding="utf-8").splitlines():
        path, _, labels = line.partition(",")
        if "/Packages/" not in path:
            name = rows[labels.partition(",")[0].strip()]["Class Name (str)"].strip()
            photos.append(Labelled(folder / path.strip(), f"fruit:{name}"))
    return photos


def _is_of(product: str, brands: frozenset[str]) -> bool:
    return any(product.startswith(brand) for brand in brands)
