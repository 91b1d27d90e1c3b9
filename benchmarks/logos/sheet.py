"""The picture of every alarm of the task `logos`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.logos.looking import LogoAnswer
from benchmarks.sheet import Tile, draw_tiles
from matcher.records import Evidence


def draw_alarms(alarms: Sequence[tuple[LogoAnswer, Evidence]], path: Path) -> None:
    """Write a PNG with a tile for each logo said to be where it is not."""
    draw_tiles(
        [
            Tile(
                answer.case.blob,
                answer.size[0],
                evidence.region,
                f"{evidence.brand}  {evidence.score:.2f}",
                answer.case.name,
            )
            for answer, evidence in alarms
        ],
        path,
    )
