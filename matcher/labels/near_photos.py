"""Clusters of photos that are nearly the same, by descriptor, so that no near duplicate crosses a split."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from matcher.assembly import build_embedder
from matcher.errors import MatcherError
from matcher.images import decode
from matcher.models import Embedder
from matcher.tuning import connected
from matcher.workspace import Workspace

NEARLY_THE_SAME = 0.75
"""Cosine of two whole photos' descriptors from which on they count as one; joining too many leaks nothing."""
_BATCH = 16
_BLOCK = 1_024
Heard = Callable[[int, int], None]


def clusters_of(
    workspace: Workspace,
    hashes: Iterable[str],
    *,
    least: float = NEARLY_THE_SAME,
    heard: Heard = lambda *_: None,
) -> dict[str, str]:
    """The cluster of each photo whose bytes the workspace keeps, named by its smallest content hash.

    Photos are embedded whole with the workspace's embedder; those that are not kept (of listings that are
    clear, or purged) are not in the answer: they join only their equals. `heard`: photos done, of how many.
    """
    known = sorted({one for one in hashes if workspace.store.has(one)})
    kept, vectors = described(workspace, known, heard)
    return clustered(kept, vectors, least)


def clustered(names: Sequence[str], vectors: NDArray[np.float32], least: float) -> dict[str, str]:
    """Single-link clusters of unit vectors, float32 (names, dims): a chain of near pairs joins its ends."""
    pairs: list[set[str]] = [{str(index)} for index in range(len(names))]
    for start in range(0, len(names), _BLOCK):
        near = vectors[start : start + _BLOCK] @ vectors.T >= least
        for row, column in np.argwhere(near):
            pairs[start + int(row)].add(str(column))
    groups = connected(pairs)
    return {name: names[group] for name, group in zip(names, groups, strict=True)}


def described(
    workspace: Workspace, hashes: Sequence[str], heard: Heard = lambda *_: None
) -> tuple[list[str], NDArray[np.float32]]:
    """Those of `hashes` that decode, and the descriptor of each whole photo, (photos, dims)."""
    if not hashes:
        return [], np.zeros((0, 1), np.float32)
    embedder = build_embedder(workspace.settings.models)
    kept: list[str] = []
    found: list[NDArray[np.float32]] = []
    for start in range(0, len(hashes), _BATCH):
        group = hashes[start : start + _BATCH]
        names, vectors = _embedded(workspace, embedder, group)
        kept += names
        found += vectors
        heard(min(start + _BATCH, len(hashes)), len(hashes))
    return kept, np.concatenate(found) if found else np.zeros((0, embedder.dims), np.float32)


def _embedded(
    workspace: Workspace, embedder: Embedder, group: Sequence[str]
) -> tuple[list[str], list[NDArray[np.float32]]]:
    names, pixels = [], []
    for content_hash in group:
        try:
            picture = decode(workspace.store.get(content_hash), content_hash, workspace.settings.images)
        except MatcherError:
            continue  # purged meanwhile or damaged; its equals are still tied to it by hash
        names.append(content_hash)
        pixels.append(picture.pixels)
    return names, [embedder.embed_references(pixels)[:, 0]] if pixels else []
