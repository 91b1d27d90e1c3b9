"""FlickrLogos-32: photos of 32 brands' logos with boxes, and 6,000 photos without a logo.

Layout of the published archive (folder `FlickrLogos-v2`): `trainset.relpaths.txt`, `valset.relpaths.txt`
and `testset.relpaths.txt` with paths like `classes/jpg/adidas/NAME.jpg` or
`classes/jpg/no-logo/NAME.jpg`, and for each photo with a logo `classes/masks/adidas/NAME.jpg.bboxes.txt`,
whose first line is `x y width height`. One brand's folder is `HP` among the photos and `hp` among the
masks. Only the most prominent logos are boxed. Source: Romberg et al., "Scalable Logo Recognition in
Real-World Images", ICMR 2011.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.adapters.rows import inside, lines, numbers, wrong
from benchmarks.logo_sets import BoxPhoto, BoxSet, LogoBox, Split
from matcher.errors import UsageError

LISTS: dict[Split, str] = {
    "train": "trainset.relpaths.txt", "val": "valset.relpaths.txt", "test": "testset.relpaths.txt",
}  # fmt: skip
NO_LOGO = "no-logo"


def fits(folder: Path) -> bool:
    """Whether a list of the set and its photos lie there."""
    return (folder / "classes" / "jpg").is_dir() and any((folder / name).is_file() for name in LISTS.values())


def read(folder: Path) -> BoxSet:
    """All three splits; raises UsageError at a malformed path or box, or when a photo's boxes are missing."""
    photos = []
    for split, name in LISTS.items():
        path = folder / name
        if path.is_file():
            photos += [_photo(folder, path, line, text, split) for line, text in lines(path)]
    return BoxSet(folder.name, "flickrlogos-32", tuple(photos))


def _photo(folder: Path, path: Path, line: int, text: str, split: Split) -> BoxPhoto:
    parts = text.replace("\\", "/").split("/")
    if len(parts) != 4 or parts[:2] != ["classes", "jpg"]:
        raise wrong(path, line, f"{text!r} is not classes/jpg/BRAND/NAME.jpg")
    brand, name = parts[2], parts[3]
    image = inside(folder, "/".join(parts))
    if brand == NO_LOGO:
        return BoxPhoto(name, image, frozenset(), (), split)
    boxes = _boxes(_boxes_file(folder, brand, name), brand)
    return BoxPhoto(name, image, frozenset({brand}), boxes, split)


def _boxes_file(folder: Path, brand: str, name: str) -> Path:
    places = [folder / "classes" / "masks" / each / f"{name}.bboxes.txt" for each in (brand, brand.lower())]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise UsageError(f"{places[0]}: is not there; every photo with a logo has its boxes")
    return found


def _boxes(path: Path, brand: str) -> tuple[LogoBox, ...]:
    boxes = []
    for line, text in lines(path):
        if line == 1 and not text[0].isdigit():
            continue
        values = numbers(path, line, text.split())
        if len(values) != 4 or values[2] <= 0 or values[3] <= 0:
            raise wrong(path, line, f"{text!r} is not x y width height")
        x, y, width, height = values
        boxes.append(LogoBox(brand, x, y, x + width, y + height))
    return tuple(boxes)
