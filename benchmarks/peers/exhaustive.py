"""Every reference compared with every photo: by differing bits, or by the cosine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.engine import Answers

BITS = np.array([bin(byte).count("1") for byte in range(256)], np.uint16)


class Hashes:
    """Hashes of equal length, ranked by Hamming distance; score 1 is the same hash, 0 every bit other."""

    def __init__(self) -> None:
        self._rows: list[NDArray[np.uint8]] = []
        self._table = np.empty((0, 0), np.uint8)

    def add(self, packed: NDArray[np.uint8]) -> None:
        """`packed`: uint8 (bytes,)."""
        self._rows.append(packed)

    def build(self) -> None:
        """All hashes are in."""
        self._table = np.array(self._rows, np.uint8)

    def find(self, packed: NDArray[np.uint8], k: int) -> Answers:
        """The nearest; `packed`: uint8 (hashes, bytes), of which the best counts."""
        distances = np.min([BITS[self._table ^ one].sum(axis=1) for one in packed], axis=0)
        order = np.argsort(distances, kind="stable")[:k]
        bits = 8 * self._table.shape[1]
        return [(int(number), 1 - int(distances[number]) / bits) for number in order]

    def nbytes(self) -> int:
        """What the hashes take."""
        return int(self._table.nbytes)


class Vectors:
    """Vectors made to length 1, ranked by cosine; a negative cosine scores 0."""

    def __init__(self) -> None:
        self._rows: list[NDArray[np.float32]] = []
        self._table = np.empty((0, 0), np.float32)

    def add(self, vector: NDArray[np.float32]) -> None:
        """`vector`: (dims,)."""
        self._rows.append(unit(vector))

    def build(self) -> None:
        """All vectors are in."""
        self._table = np.array(self._rows, np.float32)

    def find(self, vector: NDArray[np.float32], k: int) -> Answers:
        """The nearest; `vector`: (dims,)."""
        cosines = self._table @ unit(vector)
        order = np.argsort(-cosines, kind="stable")[:k]
        return [(int(number), min(1.0, max(0.0, float(cosines[number])))) for number in order]

    def nbytes(self) -> int:
        """What the vectors take."""
        return int(self._table.nbytes)


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vector at length 1; a zero vector stays what it is."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector, np.float32) / np.float32(length or 1.0)
