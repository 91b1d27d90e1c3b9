"""Logo artwork to train on: read from published packages, drawn once, no brand in two parts."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

import cv2
import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image

from matcher.errors import UsageError
from matcher.files import replacing

Part = Literal["train", "validation", "test"]
Rgba = NDArray[np.uint8]
"""Artwork (height, width, 4): colour and cover, both 0 to 255."""

DRAWN_SIDE = 256
HELD_OUT = {"validation": range(8), "test": range(8, 20)}
"""Of a hundred brands, those kept from training: by hash, so that a new release moves none."""


@dataclass(frozen=True)
class Logo:
    """One logo: `brand` is what keeps its relatives in the same part (`google` of `google-chrome`)."""

    key: str
    brand: str
    file: Path

    @property
    def part(self) -> Part:
        """Where the logo belongs, by the hash of its brand."""
        return part_of(self.brand)

    def drawing(self) -> Rgba:
        """The artwork, trimmed; the longest side is at most DRAWN_SIDE pixels."""
        return _read(self.file)


def part_of(name: str) -> Part:
    """The part that a name belongs to, by its hash alone."""
    place = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % 100
    for part, places in HELD_OUT.items():
        if place in places:
            return cast(Part, part)
    return "train"


def brand_of(title: str) -> str:
    """The first word of a title without case and signs: the widest family that a name shows."""
    words = re.findall(r"[^\W_]+", title.casefold())
    return words[0] if words else title


def draw_all(folder: Path, cache: Path) -> list[Logo]:
    """Draw what `folder` holds into `cache`, unless it is there, and list the logos by key.

    `folder` holds `simple-icons-*.tgz` and `iconify-json-logos-*.tgz` as `npm pack` writes them, and
    `carlogos/logos/*.png`; raises UsageError where it holds none of them.
    """
    index = cache / "artwork.json"
    if not index.exists():
        cache.mkdir(parents=True, exist_ok=True)
        rows = [{"key": key, "brand": brand} for key, brand in _draw(folder, cache)]
        if not rows:
            raise UsageError(f"{folder}: holds no artwork; training/runs/logos.sh says where to get it")
        with replacing(index) as (file,):
            file.write(json.dumps(rows).encode())
    rows = json.loads(index.read_text(encoding="utf-8"))
    return [Logo(row["key"], row["brand"], cache / f"{row['key']}.png") for row in rows]


def of_part(logos: Sequence[Logo], part: Part) -> list[Logo]:
    """The logos of one part."""
    return [logo for logo in logos if logo.part == part]


def _draw(folder: Path, cache: Path) -> Iterator[tuple[str, str]]:
    for key, brand, image in sorted(_sources(folder), key=lambda source: source[0]):
        drawing = trimmed(image)
        if drawing is not None:
            Image.fromarray(drawing).save(cache / f"{key}.png")
            yield key, brand


def _sources(folder: Path) -> Iterator[tuple[str, str, Rgba]]:
    for package in sorted(folder.glob("simple-icons-*.tgz")):
        yield from _simple_icons(package)
    for package in sorted(folder.glob("iconify-json-logos-*.tgz")):
        yield from _iconify(package)
    for file in sorted((folder / "carlogos" / "logos").glob("*.png")):
        with Image.open(file) as image:
            yield f"car-{file.stem}", brand_of(file.stem), np.asarray(image.convert("RGBA"))


def _simple_icons(package: Path) -> Iterator[tuple[str, str, Rgba]]:
    """Icons of one colour, but those that carry a licence of their own."""
    with tarfile.open(package) as files:
        listed = json.loads(_text(files, "package/data/simple-icons.json"))
        rows = listed["icons"] if isinstance(listed, dict) else listed
        for row in rows:
            if row.get("license", {}).get("type", "CC0-1.0") == "CC0-1.0" and row.get("slug"):
                svg = _text(files, f"package/icons/{row['slug']}.svg")
                coloured = svg.replace("<svg ", f'<svg fill="#{row["hex"]}" ', 1)
                yield f"simple-{row['slug']}", brand_of(row["title"]), _rendered(coloured, 1.0)


def _iconify(package: Path) -> Iterator[tuple[str, str, Rgba]]:
    """Icons and lock-ups in full colour."""
    with tarfile.open(package) as files:
        listed: dict[str, Any] = json.loads(_text(files, "package/icons.json"))
    for name, icon in listed["icons"].items():
        width, height = (icon.get(side, listed.get(side, 16)) for side in ("width", "height"))
        left, top = icon.get("left", 0), icon.get("top", 0)
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{left} {top} {width} {height}">{icon["body"]}</svg>'
        )
        yield f"logos-{name}", brand_of(name), _rendered(svg, width / height)


def _rendered(svg: str, aspect: float) -> Rgba:
    width = DRAWN_SIDE if aspect >= 1 else max(1, round(DRAWN_SIDE * aspect))
    drawn = resvg_py.svg_to_bytes(svg_string=svg, width=width, skip_system_fonts=True)
    with Image.open(io.BytesIO(bytes(drawn))) as image:
        return np.asarray(image.convert("RGBA"))


def _text(files: tarfile.TarFile, name: str) -> str:
    member = files.extractfile(name)
    if member is None:
        raise UsageError(f"{files.name!s}: has no {name}")
    return member.read().decode("utf-8")


def trimmed(image: Rgba) -> Rgba | None:
    """What shows of the artwork, without white paper around it; None where too little shows.

    Artwork without transparency lies on paper of one colour, which becomes transparent from the rim inwards.
    """
    cover = image[..., 3] if image[..., 3].min() < 250 else _off_paper(image)
    rows, columns = np.flatnonzero(cover.max(axis=1) > 24), np.flatnonzero(cover.max(axis=0) > 24)
    if len(rows) < 4 or len(columns) < 4 or (cover > 128).mean() < 0.004:
        return None
    part = np.dstack([image[..., :3], cover])
    part = part[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = DRAWN_SIDE / max(part.shape[:2])
    if factor < 1:
        size = max(4, round(part.shape[1] * factor)), max(4, round(part.shape[0] * factor))
        part = cast(Rgba, cv2.resize(part, size, interpolation=cv2.INTER_AREA))
    return np.ascontiguousarray(part)


def _off_paper(image: Rgba) -> NDArray[np.uint8]:
    """Cover of artwork on paper: 0 where the rim's colour is reached from the rim."""
    colours = np.ascontiguousarray(image[..., :3])
    framed = cv2.copyMakeBorder(
        colours, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=[int(level) for level in colours[0, 0]]
    )
    reached = np.zeros((framed.shape[0] + 2, framed.shape[1] + 2), np.uint8)
    near = (12, 12, 12)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (255 << 8)
    cv2.floodFill(framed, reached, (0, 0), (0, 0, 0), near, near, flags)
    return cast(NDArray[np.uint8], 255 - reached[2:-2, 2:-2])


@lru_cache(maxsize=4096)
def _read(file: Path) -> Rgba:
    with Image.open(file) as image:
        return np.asarray(image.convert("RGBA"))
