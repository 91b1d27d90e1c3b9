"""Reads sets with truth from the layouts they are published in; downloads nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

from benchmarks.adapters import (
    boxes_csv,
    copydays,
    disc21,
    flickrlogos_27,
    flickrlogos_32,
    grocery,
    in_shop,
    logodet_3k,
    lookbench,
    magento_luma,
    metu,
    online_products,
    open_food_facts,
    plain,
    products_10k,
)
from benchmarks.adapters.rows import child_folders
from benchmarks.datasets import TruthSet
from benchmarks.logo_sets import BoxSet
from matcher.errors import UsageError

Task = Literal["copies", "products", "logos"]
Found = TypeVar("Found", TruthSet, BoxSet)

FEW = 16
"""A folder with more folders than this is not searched for a set within it."""


@dataclass(frozen=True)
class Adapter(Generic[Found]):
    """One layout. `fits`: whether a folder is in it; `read`: the set, or UsageError.

    `general`: a layout of one's own, tried last and only in the folder itself.
    """

    name: str
    task: Task
    fits: Callable[[Path], bool]
    read: Callable[[Path], Found]
    general: bool = False


TRUTH_SETS: tuple[Adapter[TruthSet], ...] = (
    Adapter("csv", "products", plain.is_csv_of_truth, plain.csv_of_truth, general=True),
    Adapter("disc21", "copies", disc21.fits_final, disc21.read_final),
    Adapter("disc21-dev", "copies", disc21.fits_dev, disc21.read_dev),
    Adapter("copydays", "copies", copydays.fits, copydays.read),
    Adapter("grocery", "products", grocery.fits, grocery.read),
    Adapter("magento_luma", "products", magento_luma.fits, magento_luma.read),
    Adapter("online-products", "products", online_products.fits, online_products.read),
    Adapter("products-10k", "products", products_10k.fits, products_10k.read),
    Adapter("in-shop", "products", in_shop.fits, in_shop.read),
    Adapter("lookbench", "products", lookbench.fits, lookbench.read),
    Adapter("metu", "products", metu.fits, metu.read),
    Adapter("open-food-facts", "products", open_food_facts.fits_logos, open_food_facts.read_logos),
    Adapter("folders", "products", plain.is_two_folders, plain.two_folders, general=True),
    Adapter("leave-one-out", "products", plain.is_folder_an_id, plain.folder_an_id, general=True),
)
"""Layouts of sets that are searched, in the order in which they are tried."""

BOX_SETS: tuple[Adapter[BoxSet], ...] = (
    Adapter("boxes", "logos", boxes_csv.fits, boxes_csv.read, general=True),
    Adapter("flickrlogos-27", "logos", flickrlogos_27.fits, flickrlogos_27.read),
    Adapter("flickrlogos-32", "logos", flickrlogos_32.fits, flickrlogos_32.read),
    Adapter("logodet-3k", "logos", logodet_3k.fits, logodet_3k.read),
    Adapter("open-food-facts-boxes", "logos", open_food_facts.fits_boxes, open_food_facts.read_boxes),
)
"""Layouts of sets of photos with logos in boxes."""


def detect(folder: Path) -> str | None:
    """Name of the layout `folder` is in, or None."""
    tasks: tuple[Task, ...] = ("copies", "products", "logos")
    boxed = recognised(folder, BOX_SETS, tasks)
    if boxed is not None:
        return boxed[0].name
    searched = recognised(folder, TRUTH_SETS, tasks)
    return searched[0].name if searched else None


def recognised(
    folder: Path, adapters: tuple[Adapter[Found], ...], tasks: tuple[Task, ...]
) -> tuple[Adapter[Found], Path] | None:
    """The first of `adapters` for one of `tasks` that fits, and the folder it fits; None when none does.

    An archive often unpacks to a folder of its own, so folders two levels down are looked at too.
    """
    for place in _places(folder):
        for adapter in adapters:
            if adapter.task in tasks and (place == folder or not adapter.general) and adapter.fits(place):
                return adapter, place
    return None


def named(name: str, adapters: tuple[Adapter[Found], ...]) -> Adapter[Found]:
    """The adapter of that name; raises UsageError."""
    found = next((adapter for adapter in adapters if adapter.name == name), None)
    if found is None:
        raise UsageError(f"no layout {name!r}; there are {', '.join(adapter.name for adapter in adapters)}")
    return found


def read_boxes(folder: Path, name: str = "") -> BoxSet:
    """The logo set in `folder`, by the layout `name` or by what lies there; raises UsageError."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; name the folder of a logo set")
    if name:
        found = named(name, BOX_SETS).read(folder)
    else:
        fitting = recognised(folder, BOX_SETS, ("logos",))
        if fitting is None:
            raise UsageError(
                f"{folder}: no known layout; give it boxes.csv (image,brand,x1,y1,x2,y2) beside images/"
            )
        found = fitting[0].read(fitting[1])
    if not found.photos:
        raise UsageError(f"{folder}: layout {found.layout} has no photos")
    return found


def _places(folder: Path) -> Iterator[Path]:
    """The folder, then what lies in it and in that, where there are few folders."""
    level = [folder]
    for depth in range(3):
        yield from level
        below = [child_folders(place) for place in level] if depth < 2 else []
        level = [child for children in below if len(children) <= FEW for child in children]
