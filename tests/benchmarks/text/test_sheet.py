"""One picture of everything that was said wrongly."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.sheet import ACROSS, CAPTION, MARK, SIDE
from benchmarks.text.cases import Case, TextSet
from benchmarks.text.measuring import read_set
from benchmarks.text.sheet import draw_sheet
from matcher.config import ImageSettings
from matcher.records import Brand
from tests.benchmarks.text.scripted_reader import ScriptedReader, blank

TILE = SIDE + 12


def alarms(count: int) -> TextSet:
    cases = [Case(f"{one}", "none", frozenset(), partial(blank, 300 + one)) for one in range(count)]
    return TextSet("alarms", (Brand(name="Adidas"),), cases)


def drawn(count: int, path: Path) -> Image.Image:
    reader = ScriptedReader({300 + one: ["abibas"] for one in range(count)})
    draw_sheet(read_set(alarms(count), reader, ImageSettings()), path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        return image.convert("RGB")


def marked(sheet: Image.Image, column: int, row: int) -> bool:
    """Whether the place of what was read is drawn in a tile."""
    left, top = 12 + column * TILE, 12 + row * (TILE + CAPTION)
    tile = np.asarray(sheet.crop((left, top, left + SIDE, top + SIDE)))
    return bool((tile == MARK).all(axis=2).any())


def test_each_alarm_has_a_tile_with_its_place_marked(tmp_path: Path) -> None:
    sheet = drawn(ACROSS + 1, tmp_path / "new" / "sheet.png")
    assert sheet.size == (ACROSS * TILE + 12, 2 * (TILE + CAPTION) + 12)
    assert [marked(sheet, column, 0) for column in range(ACROSS)] == [True] * ACROSS
    assert [marked(sheet, column, 1) for column in range(ACROSS)] == [True] + [False] * (ACROSS - 1)


def test_a_caption_is_written_below_the_photo(tmp_path: Path) -> None:
    sheet = np.asarray(drawn(1, tmp_path / "sheet.png").convert("L"))
    caption = sheet[12 + SIDE : 12 + SIDE + CAPTION, 12 : 12 + SIDE]
    assert caption.min() < 100


def test_where_nothing_was_said_wrongly_the_sheet_is_empty(tmp_path: Path) -> None:
    draw_sheet([], tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.convert("L").getextrema() == (255, 255)
