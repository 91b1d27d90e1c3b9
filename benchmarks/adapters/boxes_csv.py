"""A layout of one's own for logos: `boxes.csv` beside the folder `images`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.adapters.rows import cell, csv_rows, direct_images, inside, numbers, wrong
from benchmarks.logo_sets import BoxPhoto, BoxSet, LogoBox

LIST = "boxes.csv"
CORNERS = ("x1", "y1", "x2", "y2")


def fits(folder: Path) -> bool:
    """Whether `boxes.csv` lies there."""
    return (folder / LIST).is_file()


def read(folder: Path) -> BoxSet:
    """`boxes.csv`: `image,brand,x1,y1,x2,y2` in pixels, a row a box; a column `variant` may name the logo.

    Images are paths below `images/`, or below the folder where there is none. A row with a brand and no
    corners says that the brand is shown somewhere; an image without a row shows no logo. Raises
    UsageError at a malformed row.
    """
    path = folder / LIST
    images = folder / "images" if (folder / "images").is_dir() else folder
    boxes: dict[str, list[LogoBox]] = {image.name: [] for image in direct_images(images)}
    unboxed: dict[str, set[str]] = {}
    for line, row in csv_rows(path, "image", "brand", *CORNERS):
        image, brand = (cell(path, line, row, column) for column in ("image", "brand"))
        shown = boxes.setdefault(image, [])
        corners = [row[corner].strip() for corner in CORNERS]
        if not any(corners):
            unboxed.setdefault(image, set()).add(brand)
            continue
        x1, y1, x2, y2 = numbers(path, line, corners)
        if x1 >= x2 or y1 >= y2:
            raise wrong(path, line, "is no box: x1 < x2 and y1 < y2")
        shown.append(LogoBox(brand, x1, y1, x2, y2, row.get("variant", "").strip()))
    photos = tuple(
        BoxPhoto(
            image,
            inside(images, image),
            frozenset({box.brand for box in shown} | unboxed.get(image, set())),
            tuple(shown),
            boxed=image not in unboxed,
        )
        for image, shown in sorted(boxes.items())
    )
    return BoxSet(folder.name, "boxes", photos)
