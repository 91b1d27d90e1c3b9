"""Parts a group of listings that hangs together, at the cost of leaving out those that stand between."""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np

LEFT_OUT = ""
"""The split of a listing that stands between two: it belongs to neither."""
SWEEPS = 8
_Kept = Counter[tuple[int, str]]


class Cut:
    """Gives each key of a group a split of its own; a listing is kept where all its keys agree.

    Keys start where their hash puts them and move, one at a time, to where the group keeps most: the sum of
    share times log(1 + kept listings) over splits and strata, which grows most where least is kept, so that
    no split ends up empty. The same input gives the same cut.
    """

    def __init__(
        self,
        group: Sequence[int],
        keys: Sequence[Collection[str]],
        shares: Mapping[str, float],
        strata: Sequence[int],
        seed: int,
    ) -> None:
        self._group, self._keys, self._shares, self._strata, self._seed = group, keys, shares, strata, seed
        self._members: dict[str, list[int]] = defaultdict(list)
        for index in group:
            for key in keys[index]:
                self._members[key].append(index)
        self._owner: dict[str, str] = {}

    def splits(self, pinned: Mapping[str, str]) -> dict[int, str]:
        """The split of each listing of the group; the keys in `pinned` stay where that puts them."""
        self._owner = {key: pinned.get(key) or self._by_hash(key) for key in self._members}
        movable = sorted(key for key in self._members if key not in pinned)
        order = np.random.default_rng(self._seed)
        kept: _Kept = Counter((self._strata[index], self._split(index)) for index in self._group)
        for _ in range(SWEEPS):
            moved = [self._moved(movable[int(place)], kept) for place in order.permutation(len(movable))]
            if not any(moved):
                break
        return {index: self._split(index) for index in self._group}

    def _moved(self, key: str, kept: _Kept) -> bool:
        """Whether the key moved to a better split; `kept` is brought up to date."""
        before = self._owner[key]
        tables = {split: self._with(key, split, kept) for split in self._shares}
        best = max(self._shares, key=lambda split: (self._worth(tables[split]), split == before))
        self._owner[key] = best
        kept.clear()
        kept.update(tables[best])
        return best != before

    def _with(self, key: str, split: str, kept: _Kept) -> _Kept:
        before, found = self._owner[key], kept.copy()
        for index in self._members[key]:
            found[self._strata[index], self._split(index)] -= 1
        self._owner[key] = split
        for index in self._members[key]:
            found[self._strata[index], self._split(index)] += 1
        self._owner[key] = before
        return found

    def _worth(self, kept: _Kept) -> float:
        return math.fsum(
            self._shares[split] * math.log1p(count) for (_, split), count in kept.items() if split
        )

    def _split(self, index: int) -> str:
        found = {self._owner[key] for key in self._keys[index]}
        return next(iter(found)) if len(found) == 1 else LEFT_OUT

    def _by_hash(self, key: str) -> str:
        digest = hashlib.sha256(f"{self._seed}\0{key}".encode("utf-8", "surrogatepass")).digest()
        place = int.from_bytes(digest[:8]) / 2**64 * sum(self._shares.values())
        for name, share in self._shares.items():
            place -= share
            if place < 0:
                return name
        return list(self._shares)[-1]
