"""One picture of everything that was said wrongly, for a person to look through."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from benchmarks.text.measuring import Answer
from matcher.records import Evidence

ACROSS, SIDE, CAPTION = 4, 320, 44
INK, MARK, PAPER = (24, 24, 27), (214, 16, 106), (255, 255, 255)


def draw_sheet(answers: Sequence[Answer], path: Path) -> None:
    """Write a PNG with a tile for each alarm and wrong wordmark: photo, place, what was said of it."""
    tiles = [_tile(one, evidence) for one in answers for evidence in (*one.alarms, *one.wrong)]
    rows = max(1, -(-len(tiles) // ACROSS))
    sheet = Image.new("RGB", (ACROSS * (SIDE + 12) + 12, rows * (SIDE + CAPTION + 12) + 12), PAPER)
    for place, tile in enumerate(tiles):
        row, column = divmod(place, ACROSS)
        sheet.paste(tile, (12 + column * (SIDE + 12), 12 + row * (SIDE + CAPTION + 12)))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def _tile(answer: Answer, evidence: Evidence) -> Image.Image:
    tile = Image.new("RGB", (SIDE, SIDE + CAPTION), PAPER)
    with Image.open(io.BytesIO(answer.case.blob())) as opened:
        photo = ImageOps.exif_transpose(opened).convert("RGB")
    photo.thumbnail((SIDE, SIDE))
    draw = ImageDraw.Draw(photo)
    if evidence.region:
        scale = photo.width / answer.size[0]
        draw.rectangle([scale * edge for edge in evidence.region], outline=MARK, width=2)
    tile.paste(photo, ((SIDE - photo.width) // 2, (SIDE - photo.height) // 2))
    said = f"{evidence.detail['text']} → {evidence.detail['wordmark']}  {evidence.score:.2f}"
    words = ImageDraw.Draw(tile)
    words.text((4, SIDE + 4), said, font=ImageFont.load_default(15), fill=INK)
    words.text((4, SIDE + 24), answer.case.name[-44:], font=ImageFont.load_default(12), fill=INK)
    return tile
