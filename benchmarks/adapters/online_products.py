"""Stanford Online Products: photos of goods from a marketplace, in twelve kinds.

Layout of the published archive: `Ebay_train.txt` and `Ebay_test.txt` with the header `image_id class_id
super_class_id path`, and folders like `bicycle_final/`. The test half has 60,502 photos of 11,316
products, each looked up among all the others. Source: Song et al., "Deep Metric Learning via Lifted
Structured Feature Embedding", CVPR 2016.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.adapters.plain import leave_each_out
from benchmarks.adapters.rows import fields, inside, wrong
from benchmarks.datasets import TruthSet
from matcher.errors import UsageError

LIST = "Ebay_test.txt"
HEADER = ["image_id", "class_id", "super_class_id", "path"]


def fits(folder: Path) -> bool:
    """Whether the list of test photos lies there."""
    return (folder / LIST).is_file()


def read(folder: Path) -> TruthSet:
    """The test half; a query's kind is its folder without `_final`. Raises UsageError at a malformed row."""
    path = folder / LIST
    rows = fields(path, 4)
    if not rows or rows[0][1] != HEADER:
        raise UsageError(f"{path}: does not begin with '{' '.join(HEADER)}'")
    photos = []
    for line, (number, product, kind, image) in rows[1:]:
        if not (number.isdigit() and product.isdigit() and kind.isdigit()):
            raise wrong(path, line, "ids are whole numbers")
        photos.append((product, inside(folder, image), image.partition("/")[0].removesuffix("_final")))
    return leave_each_out(folder, "online-products", photos)
