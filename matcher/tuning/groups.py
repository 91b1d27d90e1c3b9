"""Splits that nothing leaks across: listings that share a seller, product or photo stay on one side."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from matcher.tuning.cutting import LEFT_OUT, Cut

Keys = Sequence[Collection[str]]
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Which listings teach, and which are held out."""
REPEATS = 5
LARGEST_OF_A_FOLD = 1.5
"""A group of more than this many folds' size makes folds uneven: then halves are cut instead."""


def connected(keys: Keys) -> list[int]:
    """The group of each listing, named by its first member's index: sharing any key joins, also by a chain.

    Union by path halving (Tarjan and van Leeuwen, 1984). A listing without keys is alone.
    """
    parent = list(range(len(keys)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first: dict[str, int] = {}
    for index, own in enumerate(keys):
        for key in own:
            one, other = root(first.setdefault(key, index)), root(index)
            parent[max(one, other)] = min(one, other)
    return [root(index) for index in range(len(keys))]


def splits(
    keys: Keys,
    shares: Mapping[str, float],
    *,
    seed: int = 0,
    kept: Sequence[str] = (),
    strata: Sequence[int] = (),
    largest: float | None = None,
) -> list[str]:
    """The split of each listing; no key ever stands in two, and `kept` ones stay where they were.

    `shares`: the wanted share of each split, adding up to 1; `kept`: the split that each listing has already,
    '' for none; `strata`: a number a listing, groups with a higher one being dealt out first, each stratum by
    the shares. Whole groups go to one split, up to `largest`, a share of all listings (None: the largest
    split's). A larger one, and one that joins two splits that were kept, is cut, and the listings that then
    stand between are `LEFT_OUT`. Raises ValueError when the shares are not positive or do not add up to 1.
    """
    if not shares or min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-6:
        raise ValueError("the shares of the splits must be above 0 and add up to 1")
    strata = strata or [0] * len(keys)
    before = _still_apart(keys, kept or [LEFT_OUT] * len(keys), shares)
    members: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(connected(keys)):
        members[group].append(index)
    answer = list(before)
    dealt: list[list[int]] = []
    limit = (largest or max(shares.values())) * len(keys)
    for whole in members.values():
        held = {before[index] for index in whole} - {LEFT_OUT}
        if len(held) > 1 or (not held and len(whole) > max(limit, 1)):
            pinned = {key: before[index] for index in whole if before[index] for key in keys[index]}
            for index, split in Cut(whole, keys, shares, strata, seed).splits(pinned).items():
                answer[index] = split
        elif held:
            for index in whole:
                answer[index] = next(iter(held))
        else:
            dealt.append(whole)
    _deal(dealt, shares, strata, seed, answer)
    return answer


def folds(keys: Keys, *, count: int = 5, seed: int = 0) -> list[Fold]:
    """Pairs of (teaching, held-out) indices without a key in common; empty where there is nothing to part.

    Groups are dealt into `count` folds, each held out once. Where one group is too large for that, listings
    are cut into halves `REPEATS` times over, each teaching the other once, and what stands between is left
    out.
    """
    largest = max(Counter(connected(keys)).values(), default=0)
    if largest <= LARGEST_OF_A_FOLD * len(keys) / count:
        names = [str(number) for number in range(count)]
        shares = dict.fromkeys(names, 1 / count)
        found = np.array(splits(keys, shares, seed=seed, largest=LARGEST_OF_A_FOLD / count), dtype=str)
        pairs = [(np.flatnonzero(found != name), np.flatnonzero(found == name)) for name in names]
    else:
        pairs = []
        for repeat in range(REPEATS):
            half = np.array(splits(keys, {"a": 0.5, "b": 0.5}, seed=seed + 1 + repeat), dtype=str)
            one, other = np.flatnonzero(half == "a"), np.flatnonzero(half == "b")
            pairs += [(one, other), (other, one)]
    return [(teach, held) for teach, held in pairs if len(teach) and len(held)]


def _still_apart(keys: Keys, kept: Sequence[str], shares: Mapping[str, float]) -> list[str]:
    """`kept`, without those of unknown splits and those that by now share a key with another split."""
    owner: dict[str, str] = {}
    answer = []
    for own, split in zip(keys, kept, strict=True):
        clash = any(owner.get(key, split) != split for key in own)
        answer.append(LEFT_OUT if split not in shares or clash else split)
        if answer[-1]:
            owner.update(dict.fromkeys(own, split))
    return answer


def _deal(
    dealt: Sequence[Sequence[int]],
    shares: Mapping[str, float],
    strata: Sequence[int],
    seed: int,
    answer: list[str],
) -> None:
    """Groups of a stratum, the largest first, each to the split that lacks most of what it should have."""
    order = np.random.default_rng(seed).permutation(len(dealt))
    of_stratum: dict[int, list[Sequence[int]]] = defaultdict(list)
    for place in order:
        of_stratum[max(strata[index] for index in dealt[place])].append(dealt[place])
    for stratum in sorted(of_stratum, reverse=True):
        groups = sorted(of_stratum[stratum], key=len, reverse=True)
        total, held = sum(map(len, groups)), dict.fromkeys(shares, 0)
        for group in groups:
            lacking = {name: shares[name] * total - held[name] for name in shares}
            chosen = max(lacking, key=lambda name: lacking[name])
            held[chosen] += len(group)
            for index in group:
                answer[index] = chosen
