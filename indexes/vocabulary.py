"""A fixed vocabulary of local features: what is kept of a feature, and which words lie nearest to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

import faiss
import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.exact import Ids
from matcher.errors import GalleryError

DIMS = 128
MOST_WORDS = 2**20
MARGIN = 8
"""Words looked up beyond those wanted, so that of equally near ones the lowest numbers are given."""
MANY_A_BRANCH = 16
"""Features for each branch from which on products of matrices are the quicker way."""
DISTANCES_AT_ONCE = 2**23

Features = NDArray[np.uint8]
"""RootSIFT features (Arandjelović and Zisserman 2012) scaled to length 512, shape (n, 128)."""
Reduced = NDArray[np.uint8]
"""What is kept of features, shape (n, D)."""


class Vocabulary(NamedTuple):
    """A rotation of features to few numbers, and a tree of two levels over these.

    A feature x is kept as `(x @ axes + offsets) >> shift`, cut to 0 … 255: `axes` int8 (128, D), `offsets`
    int32 (D,). `near`: the squared distance of kept features at which a vote has fallen to 1/e. `branches`:
    uint8 (B, D). `words`: uint8 (W, D), W a multiple of B, the W / B words of the first branch first.

    A product with an axis is at most 128 * 255 * 128 = 4.2 million, a squared distance of kept features or
    twice a product of two at most 2 * 128 * 255² = 16.7 million, as are all partial sums: whole numbers below
    2**24, which float32 holds exactly. So nothing is rounded in whatever order BLAS or FAISS sums, and equal
    distances are equal.
    """

    axes: NDArray[np.int8]
    offsets: NDArray[np.int32]
    shift: int
    near: float
    branches: Reduced
    words: Reduced

    @property
    def dims(self) -> int:
        """How many numbers are kept of a feature."""
        return int(self.axes.shape[1])

    def reduced(self, features: Features) -> Reduced:
        """What is kept of features (n, 128), (n, D)."""
        turned = features.astype(np.float32) @ self.axes.astype(np.float32)
        kept: Reduced = ((turned.astype(np.int32) + self.offsets) >> self.shift).clip(0, 255).astype(np.uint8)
        return kept

    def fingerprint(self) -> str:
        """Of all its parts: galleries of different vocabularies do not fit together."""
        parts = (self.axes, self.offsets.astype("<i4"), self.branches, self.words)
        told = hashlib.sha256(f"{self.shift} {self.near}".encode())
        for part in parts:
            told.update(part.tobytes())
        return told.hexdigest()[:16]

    def checked(self, folder: Path) -> Self:
        """Itself, or `GalleryError` where its parts do not fit together."""
        parts = (
            (self.axes, np.int8),
            (self.offsets, np.int32),
            (self.branches, np.uint8),
            (self.words, np.uint8),
        )
        fits = (
            all(part.dtype == kind for part, kind in parts)
            and self.axes.ndim == 2
            and self.axes.shape[0] == DIMS
            and 1 <= self.dims <= DIMS
            and self.offsets.shape == (self.dims,)
            and 0 <= self.shift < 31
            and self.near > 0
            and all(table.ndim == 2 and table.shape[1] == self.dims for table in (self.branches, self.words))
        )
        if not fits:
            raise GalleryError(str(folder), "the parts of the vocabulary do not fit together")
        if not 1 <= len(self.words) <= MOST_WORDS:
            raise GalleryError(str(folder), f"{len(self.words)} words given, 1 to {MOST_WORDS:,} needed")
        if not len(self.branches) or len(self.words) % len(self.branches):
            raise GalleryError(
                str(folder),
                f"{len(self.words)} words cannot be shared out among {len(self.branches)} branches",
            )
        return self


class WordFinder:
    """Finds the words nearest to kept features, under the branches nearest to them.

    Looking at a few branches only is what makes many words cheap (the vocabulary tree of Nistér and
    Stewénius, CVPR 2006, with several branches followed). A feature's words are the same in any batch and on
    any machine.
    """

    def __init__(self, vocabulary: Vocabulary, followed: int = 4) -> None:
        """Keep float32 copies of the tree; `followed`: how many branches are looked at for each feature."""
        self.vocabulary = vocabulary
        self._branches, self._words = (
            np.ascontiguousarray(table, np.float32) for table in (vocabulary.branches, vocabulary.words)
        )
        self._followed, self._leaves = min(followed, len(self._branches)), len(self) // len(self._branches)
        owner = np.repeat(np.arange(len(self._branches), dtype=np.int64), self._leaves)
        self._roots = faiss.IndexFlatL2(vocabulary.dims)  # empty: branches are found here
        self._tree: Any = faiss.IndexIVFFlat(self._roots, vocabulary.dims, len(self._branches))
        self._tree.own_fields, self._tree.is_trained = False, True
        self._tree.add_core(len(owner), faiss.swig_ptr(self._words), None, faiss.swig_ptr(owner))

    def __len__(self) -> int:
        return len(self.vocabulary.words)

    def nearest(self, kept: Reduced, count: int) -> Ids:
        """The `count` nearest words of each kept feature (n, D): (n, count), nearest first.

        Equally near ones are sorted by number; -1 where the branches that are followed have fewer words.
        """
        count = min(count, len(self))
        found = np.empty((len(kept), count), np.int64)
        for rows in self._parts(len(kept)):
            found[rows] = self._nearest(kept[rows].astype(np.float32), count)
        return found

    def _nearest(self, asked: NDArray[np.float32], count: int) -> Ids:
        """FAISS keeps any of several equally near words at the edge: an unclear one is asked for more."""
        branches = self._branches_of(asked)
        found = np.empty((len(asked), count), np.int64)
        doubtful, wanted = np.arange(len(asked)), min(count + MARGIN, len(self))
        while len(doubtful):
            far, words = self._search(asked[doubtful], branches[doubtful], wanted)
            order = np.lexsort((words, far), axis=-1)[:, :count]
            found[doubtful] = np.take_along_axis(words, order, axis=1)
            if wanted == len(self):
                break
            clear = (words[:, -1] < 0) | (far[:, -1] > far[:, count - 1])
            doubtful, wanted = doubtful[~clear], min(wanted * 4, len(self))
        return found

    def _search(
        self, asked: NDArray[np.float32], branches: Ids, wanted: int
    ) -> tuple[NDArray[np.float32], Ids]:
        far, words = np.empty((len(asked), wanted), np.float32), np.empty((len(asked), wanted), np.int64)
        coarse = np.zeros(branches.shape, np.float32)
        queries, lists, unused, distances, labels = (
            faiss.swig_ptr(array) for array in (asked, branches, coarse, far, words)
        )
        settings = faiss.SearchParametersIVF(nprobe=self._followed)
        self._tree.search_preassigned_c(
            len(asked), queries, wanted, lists, unused, distances, labels, False, settings
        )
        return far, words

    def nearest_word(self, kept: Reduced) -> Ids:
        """The nearest word of each kept feature (n, D), (n,): the first that `nearest` gives.

        Where there are many features, those under one branch are compared by one product of matrices.
        """
        if len(kept) < MANY_A_BRANCH * len(self._branches):
            return self.nearest(kept, 1)[:, 0]
        found = np.empty(len(kept), np.int64)
        for rows in self._parts(len(kept)):
            found[rows] = self._nearest_by_branch(kept[rows].astype(np.float32))
        return found

    def _parts(self, count: int) -> Iterator[slice]:
        """Stretches of rows whose distances to all branches, or to all words of one, fit into 32 MB."""
        step = max(1, DISTANCES_AT_ONCE // max(len(self._branches), self._leaves))
        return (slice(start, start + step) for start in range(0, count, step))

    def _nearest_by_branch(self, asked: NDArray[np.float32]) -> Ids:
        branches = self._branches_of(asked).reshape(-1)
        order = np.argsort(branches, kind="stable")
        ends = np.searchsorted(branches[order], np.arange(len(self._branches)), side="right")
        keys = np.empty(len(branches), np.int64)
        start = 0
        for branch, end in enumerate(ends.tolist()):
            pairs, start = order[start:end], end
            first = branch * self._leaves
            far = _farness(asked[pairs // self._followed], self._words[first : first + self._leaves])
            best = far.argmin(axis=1)
            keys[pairs] = far[np.arange(len(far)), best].astype(np.int64) * len(self) + first + best
        nearest: Ids = keys.reshape(-1, self._followed).min(axis=1) % len(self)
        return nearest

    def _branches_of(self, asked: NDArray[np.float32]) -> Ids:
        """The nearest branches of each, (n, followed), the lower number where two are equally near."""
        far, rows = _farness(asked, self._branches), np.arange(len(asked))
        branches = np.empty((len(asked), self._followed), np.int64)
        for rank in range(self._followed):
            branches[:, rank] = far.argmin(axis=1)
            far[rows, branches[:, rank]] = np.inf
        return branches


def _farness(asked: NDArray[np.float32], table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared distances, each less the square of the row of `asked`; exact, as `Vocabulary` says."""
    far: NDArray[np.float32] = asked @ (-2 * table).T
    far += np.einsum("wd,wd->w", table, table)
    return far


def checked_features(given: ArrayLike, folder: Path) -> Features:
    """Features uint8 (n, 128) in one piece of memory, or `GalleryError`."""
    features: NDArray[np.generic] = np.asarray(given)
    if features.dtype != np.uint8 or features.ndim != 2 or features.shape[1] != DIMS:
        raise GalleryError(
            str(folder), f"features are {features.dtype} of shape {features.shape}, uint8 (n, {DIMS}) needed"
        )
    return np.ascontiguousarray(features, dtype=np.uint8)
