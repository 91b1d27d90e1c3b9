"""FlickrLogos-27: photos of 27 brands' logos with boxes, and queries that say the brand alone.

Layout of the published archive (`image.ntua.gr/iva/datasets/flickr_logos`): the folder
`flickr_logos_27_dataset_images/` beside `flickr_logos_27_dataset_training_set_annotation.txt` with lines
`image brand subset x1 y1 x2 y2` and `flickr_logos_27_dataset_query_set_annotation.txt` with lines
`image<TAB>brand`; half of the queries show no logo. How those are labelled is not documented: any label
that is no brand of the training set counts as none. The distractor set is a list of addresses and is not
read. Source: Kalantidis et al., "Scalable Triangulation-based Logo Recognition", ICMR 2011.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from benchmarks.adapters.rows import fields, inside, numbers
from benchmarks.logo_sets import BoxPhoto, BoxSet, LogoBox

STEM = "flickr_logos_27_dataset"
TRAINING = f"{STEM}_training_set_annotation.txt"
QUERIES = f"{STEM}_query_set_annotation.txt"
IMAGES = f"{STEM}_images"


def fits(folder: Path) -> bool:
    """Whether the list of training boxes lies there."""
    return (folder / TRAINING).is_file()


def read(folder: Path) -> BoxSet:
    """Training photos with boxes (`train`), queries without (`test`, not boxed).

    Boxes are counted once where a list repeats them; one without an area is left out with a note. Raises
    UsageError at a malformed row.
    """
    boxes, flat = _training(folder / TRAINING)
    images = folder / IMAGES
    photos = [
        BoxPhoto(name, inside(images, name), frozenset(box.brand for box in shown), tuple(shown), "train")
        for name, shown in sorted(boxes.items())
    ]
    brands = {box.brand.casefold(): box.brand for shown in boxes.values() for box in shown}
    if (folder / QUERIES).is_file():
        for _, (name, label) in fields(folder / QUERIES, 2):
            shown = frozenset({brands[label.casefold()]} if label.casefold() in brands else ())
            photos.append(BoxPhoto(name, inside(images, name), shown, (), "test", boxed=not shown))
    notes = (f"{flat} boxes without an area left out",) if flat else ()
    return BoxSet(folder.name, "flickrlogos-27", tuple(photos), notes)


def _training(path: Path) -> tuple[dict[str, list[LogoBox]], int]:
    boxes: dict[str, list[LogoBox]] = defaultdict(list)
    flat = 0
    for line, (image, brand, *rest) in fields(path, 7):
        _, x1, y1, x2, y2 = numbers(path, line, rest)
        box = LogoBox(brand, x1, y1, x2, y2)
        if x1 >= x2 or y1 >= y2:
            flat += 1
        elif box not in boxes[image]:
            boxes[image].append(box)
    return {image: shown for image, shown in boxes.items() if shown}, flat
