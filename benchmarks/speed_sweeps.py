"""Stages measured again with other numbers: views in one pass of the embedder, references searched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, runtime_checkable

from pydantic import JsonValue

from benchmarks.speed_stages import Parts, search_stages
from matcher.config import Settings
from matcher.models import Embedder, Pixels

BATCH, AMONG = "embed_batch", "among"
Stage = tuple[str, Callable[[], object]]
_BATCH_MS = re.compile(r"(?P<stage>embed)_batch_(?P<number>\d+)_ms")
_AMONG_MS = re.compile(rf"(?P<stage>\w+)_{AMONG}_(?P<number>\d+)_ms")


@runtime_checkable
class InPasses(Protocol):
    """An embedder that takes `batch_size` views in one pass of its network, as those that run in torch do."""

    batch_size: int


def takes_batches(embedder: Embedder) -> bool:
    """Whether its network can be given several photos at once; the graphs that ship take one."""
    return isinstance(embedder, InPasses)


def batch_stages(embedder: Embedder, photos: Sequence[Pixels], sizes: Sequence[int]) -> Iterator[Stage]:
    """`embed_batch_N` for each size N, where the embedder takes batches: all photos, N views a pass.

    On a CPU a scan takes one view a pass, so that a photo's digits never depend on its neighbours; this tells
    what that costs. The last pass is filled up, as on a GPU.
    """
    for size in sizes if isinstance(embedder, InPasses) else ():
        yield f"{BATCH}_{size}", lambda size=size: _in_passes(embedder, photos, size)  # type: ignore[misc]


def _in_passes(embedder: Embedder, photos: Sequence[Pixels], size: int) -> None:
    assert isinstance(embedder, InPasses)
    before, embedder.batch_size = embedder.batch_size, size
    try:
        embedder.embed_photos(photos)
    finally:
        embedder.batch_size = before


def growth_stages(
    counts: Sequence[int], photos: Sequence[Pixels], parts: Parts, settings: Settings, folder: Path
) -> Iterator[Stage]:
    """`search_among_N` and `vote_among_N` for each number N of references; its galleries are then removed."""
    for count in counts:
        with TemporaryDirectory(dir=folder) as place:
            for name, once in search_stages(count, photos, parts, settings, Path(place)):
                yield f"{name}_{AMONG}_{count}", once


def sweep_curves(metrics: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The figures of these stages as curves of [number, milliseconds a photo], by what they tell of."""
    curves: dict[str, list[JsonValue]] = {}
    for name, value in metrics.items():
        for told, by in ((_BATCH_MS.fullmatch(name), "batch"), (_AMONG_MS.fullmatch(name), "references")):
            if told:
                curves.setdefault(f"{told['stage']}_by_{by}", []).append([int(told["number"]), value])
    return {**curves}
