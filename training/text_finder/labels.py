"""Where there is writing in the photos that are learnt from: what the full text reader reads in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.text.kept_lines import KeptLines
from matcher.models import TextLine, TextReader
from matcher.signals.outlines import area
from training.photo_store import PhotoStore

LETTERS = 2
"""A line of fewer letters may be a fold or a button."""
IN_DOUBT = 0.2
"""How much less than surely a line may be read for it to count neither as writing nor as none."""
LARGEST = 0.35
"""Share of the photo; of a line that fills more of it, hardly ever is any writing."""


@dataclass(frozen=True)
class Outlines:
    """Quadrilaterals (n, 4, 2) in pixels of a photo: lines that were surely read, and those in doubt."""

    sure: NDArray[np.float32]
    unsure: NDArray[np.float32]


def read_outlines(photos: PhotoStore, reader: TextReader, kept: Path, *, sure: float) -> Iterator[Outlines]:
    """The outlines of each photo in turn; what was read is kept in the file `kept`."""
    reading = KeptLines(reader, kept)
    for number in range(len(photos)):
        pixels = np.ascontiguousarray(photos[number])
        largest = LARGEST * pixels.shape[0] * pixels.shape[1]
        (lines,) = reading.read([pixels])
        words = [line for line in lines if sum(sign.isalnum() for sign in line.text) >= LETTERS]
        certain = [line for line in words if line.score >= sure and area(line.outline) <= largest]
        doubtful = [line for line in words if line.score >= sure - IN_DOUBT and line not in certain]
        yield Outlines(_outlines(certain), _outlines(doubtful))


def _outlines(lines: Sequence[TextLine]) -> NDArray[np.float32]:
    return np.array([line.outline for line in lines], np.float32).reshape(-1, 4, 2)
