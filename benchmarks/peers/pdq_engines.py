"""PDQ: pdqhash in the index of threatexchange, or against all hashes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pdqhash
from numpy.typing import NDArray

from benchmarks.peers.engine import Answers, Pixels
from benchmarks.peers.exhaustive import Hashes

BITS = 256


class ThreatExchange:
    """`PDQIndex` as its users run it: multi-index hashing, matches within 31 of 256 bits, no others."""

    def __init__(self, argument: str) -> None:
        from threatexchange.signal_type.pdq.pdq_index import PDQIndex

        self._index: Any = PDQIndex()
        self._entries: list[tuple[str, int]] = []

    def settings(self) -> dict[str, object]:
        """The index and its threshold."""
        return {"index": "PDQIndex", "bits": BITS, "threshold": self._index.get_match_threshold()}

    def add(self, pixels: Pixels) -> None:
        """Hash one reference."""
        self._entries.append((packed(pixels).tobytes().hex(), len(self._entries)))

    def build(self) -> None:
        """Give all hashes to the index at once."""
        self._index.add_all(self._entries)

    def find(self, pixels: Pixels, k: int) -> Answers:
        """What the index matches, nearest first."""
        matches = self._index.query(packed(pixels).tobytes().hex())
        found = [(match.similarity_info.distance, match.metadata) for match in matches]
        return [(number, 1 - distance / BITS) for distance, number in sorted(found)[:k]]

    def index_bytes(self) -> int:
        """The index as FAISS writes it."""
        import faiss

        return len(faiss.serialize_index_binary(self._index.index.faiss_index))


class Exhaustive:
    """All hashes compared; `turned` looks a photo up in its eight turns and flips."""

    def __init__(self, argument: str) -> None:
        self._turned, self._index = argument == "turned", Hashes()

    def settings(self) -> dict[str, object]:
        """Whether photos are turned."""
        return {"index": "exhaustive", "bits": BITS, "turned": self._turned}

    def add(self, pixels: Pixels) -> None:
        """Hash one reference."""
        self._index.add(packed(pixels))

    def build(self) -> None:
        """All references are in."""
        self._index.build()

    def find(self, pixels: Pixels, k: int) -> Answers:
        """By falling share of equal bits."""
        if not self._turned:
            return self._index.find(packed(pixels)[None], k)
        hashes, _ = pdqhash.compute_dihedral(np.ascontiguousarray(pixels))
        return self._index.find(np.packbits(np.array(hashes, np.uint8), axis=1), k)

    def index_bytes(self) -> int:
        """32 bytes an image."""
        return self._index.nbytes()


def packed(pixels: Pixels) -> NDArray[np.uint8]:
    """The hash of an image, uint8 (32,)."""
    bits, _ = pdqhash.compute(np.ascontiguousarray(pixels))
    return np.packbits(np.array(bits, np.uint8))
