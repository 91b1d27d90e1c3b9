"""One picture of everything that was said wrongly, for a person to look through."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from matcher.records import Region

ACROSS, SIDE, CAPTION = 4, 320, 44
INK, MARK, PAPER = (24, 24, 27), (214, 16, 106), (255, 255, 255)


@dataclass(frozen=True)
class Tile:
    """A photo of `width` pixels, a place in it, what was said of it and the photo's name."""

    blob: Callable[[], bytes]
    width: int
    region: Region | None
    said: str
    name: str


def draw_tiles(tiles: Sequence[Tile], path: Path) -> None:
    """Write a PNG with the tiles side by side, an empty one where there are none."""
    rows = max(1, -(-len(tiles) // ACROSS))
    sheet = Image.new("RGB", (ACROSS * (SIDE + 12) + 12, rows * (SIDE + CAPTION + 12) + 12), PAPER)
    for place, tile in enumerate(tiles):
        row, column = divmod(place, ACROSS)
        sheet.paste(_drawn(tile), (12 + column * (SIDE + 12), 12 + row * (SIDE + CAPTION + 12)))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def _drawn(tile: Tile) -> Image.Image:
    drawn = Image.new("RGB", (SIDE, SIDE + CAPTION), PAPER)
    with Image.open(io.BytesIO(tile.blob())) as opened:
        photo = ImageOps.exif_transpose(opened).convert("RGB")
    photo.thumbnail((SIDE, SIDE))
    if tile.region:
        scale = photo.width / tile.width
        frame = [scale * edge for edge in tile.region]
        ImageDraw.Draw(photo).rectangle(frame, outline=MARK, width=2)
    drawn.paste(photo, ((SIDE - photo.width) // 2, (SIDE - photo.height) // 2))
    words = ImageDraw.Draw(drawn)
    words.text((4, SIDE + 4), tile.said, font=ImageFont.load_default(15), fill=INK)
    words.text((4, SIDE + 24), tile.name[-44:], font=ImageFont.load_default(12), fill=INK)
    return drawn
