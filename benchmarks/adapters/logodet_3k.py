"""LogoDet-3K: 158,652 photos of 3,000 logos with boxes, in nine trades.

Layout of the published archive: `TRADE/LOGO/NUMBER.jpg` with `NUMBER.xml` beside it (Pascal VOC:
`object/name`, `object/bndbox` with `xmin ymin xmax ymax`); logos of one brand are numbered, `lexus-1` and
`lexus-2`. There is no split. Four photos have no boxes. Source: Wang et al., "LogoDet-3K: A Large-Scale
Image Dataset for Logo Detection", arXiv 2008.05359.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import parse

from benchmarks.adapters.rows import child_folders, direct_images
from benchmarks.datasets import relative_id
from benchmarks.logo_sets import BoxPhoto, BoxSet, LogoBox
from matcher.errors import UsageError

TRADES = frozenset(
    {
        "Clothes",
        "Electronic",
        "Food",
        "Leisure",
        "Medical",
        "Necessities",
        "Others",
        "Sports",
        "Transportation",
    }
)
NUMBERED = re.compile(r"(?P<brand>.+)-\d$")
CORNERS = ("xmin", "ymin", "xmax", "ymax")


def fits(folder: Path) -> bool:
    """Whether a trade's folder with a photo and its XML lies there."""
    trades = [child for child in child_folders(folder) if child.name in TRADES]
    logos = [logo for trade in trades[:1] for logo in child_folders(trade)[:1]]
    return any(any(logo.glob("*.xml")) for logo in logos)


def read(folder: Path) -> BoxSet:
    """All photos that have boxes. A brand is the logo's name without its number where there are several.

    Raises UsageError at a file that is no such XML, or at a box that is none.
    """
    trades = [child for child in child_folders(folder) if child.name in TRADES]
    logos = [logo for trade in trades for logo in child_folders(trade)]
    several = Counter(found["brand"] for logo in logos if (found := NUMBERED.fullmatch(logo.name)))
    photos, without = [], 0
    for image in (image for logo in logos for image in direct_images(logo)):
        path = image.with_suffix(".xml")
        if not path.is_file():
            without += 1
            continue
        boxes = tuple(_box(path, each, several) for each in _root(path).iter("object"))
        brands = frozenset(box.brand for box in boxes)
        photos.append(BoxPhoto(relative_id(image, folder), image, brands, boxes))
    notes = (f"{without} photos without boxes left out",) if without else ()
    return BoxSet(folder.name, "logodet-3k", tuple(photos), notes)


def _root(path: Path) -> Element:
    try:
        root: Element = parse(path).getroot()
    except (OSError, ParseError, DefusedXmlException, ValueError) as error:
        raise UsageError(f"{path}: is no XML of boxes: {error}") from error
    return root


def _box(path: Path, found: Element, several: Counter[str]) -> LogoBox:
    name = " ".join((found.findtext("name") or "").split())
    try:
        x1, y1, x2, y2 = (float(found.findtext(f"bndbox/{corner}") or "") for corner in CORNERS)
    except ValueError:
        raise UsageError(f"{path}: object {name!r} has no box of four numbers") from None
    if not name or not (x1 < x2 and y1 < y2):
        raise UsageError(f"{path}: object {name!r} has no name or no area")
    numbered = NUMBERED.fullmatch(name)
    brand = numbered["brand"] if numbered and several[numbered["brand"]] > 1 else name
    return LogoBox(brand, x1, y1, x2, y2, variant=name)
