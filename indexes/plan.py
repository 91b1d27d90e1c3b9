"""Which segments are merged after a commit, so that adding stays cheap and searching visits few of them."""

from __future__ import annotations

from collections.abc import Sequence

from indexes.build import LEAST_TRAINED
from indexes.manifest import SegmentRecord
from matcher.config import GallerySettings


def segments_to_merge(segments: Sequence[SegmentRecord], settings: GallerySettings) -> set[int]:
    """Numbers of the segments to rewrite as one; empty when all is well.

    In this order: flat ones that are mostly tombstones; all flat ones once they outgrow `flat_limit` together
    (they become one trained segment); the smallest, when there are more than `max_segments`.
    """
    flat = {at for at, record in enumerate(segments) if record.kind == "flat"}
    wasted = {at for at in flat if segments[at].live * 2 < segments[at].count}
    if wasted:
        return wasted
    limit = max(settings.flat_limit, LEAST_TRAINED)
    if settings.kind != "flat" and sum(segments[at].live for at in flat) > limit:
        return flat
    return smallest([record.live for record in segments]) if len(segments) > settings.max_segments else set()


def smallest(sizes: Sequence[int]) -> set[int]:
    """The two smallest, and each next one that is no larger than those before it together.

    A row then moves into a segment at least twice as large as the one it leaves (the rule of the logarithmic
    method, Bentley and Saxe 1980), so n single adds write O(n log n) rows, not O(n²).
    """
    order = sorted(range(len(sizes)), key=lambda at: sizes[at])
    chosen, total = set(order[:2]), sum(sizes[at] for at in order[:2])
    for at in order[2:]:
        if sizes[at] > total:
            break
        chosen.add(at)
        total += sizes[at]
    return chosen
