"""The picture of every alarm and wrong wordmark of the task `text`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.sheet import Tile, draw_tiles
from benchmarks.text.measuring import Answer


def draw_sheet(answers: Sequence[Answer], path: Path) -> None:
    """Write a PNG with a tile for each alarm and wrong wordmark: photo, place, what was said of it."""
    tiles = [
        Tile(
            one.case.blob,
            one.size[0],
            evidence.region,
            f"{evidence.detail['text']} → {evidence.detail['wordmark']}  {evidence.score:.2f}",
            one.case.name,
        )
        for one in answers
        for evidence in (*one.alarms, *one.wrong)
    ]
    draw_tiles(tiles, path)
