"""A trained vocabulary keeps what tells features apart, and its words lie where features are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np
import pytest

from indexes.threads import use_threads
from indexes.vocabulary import WordFinder
from matcher.errors import ModelError, UsageError
from matcher.models.vocabulary import load_vocabulary, write_vocabulary
from tests.indexes.plain_votes import distances
from training.train_vocabulary import NEAR, train


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads of k-means that wait for a busy core make it a hundred times slower."""
    before = faiss.omp_get_max_threads()
    use_threads(1)
    yield
    use_threads(before)


def like_rootsift(count: int, seed: int) -> np.ndarray:
    """Around a few hundred centres of low dimension, of length about 512."""
    random = np.random.default_rng(seed)
    middles = np.random.default_rng(0).random((200, 12)) @ np.random.default_rng(1).random((12, 128)) ** 4
    found = middles[random.integers(0, 200, count)] + 0.05 * random.random((count, 128))
    scaled = np.sqrt(found / found.sum(axis=1, keepdims=True)) * 512
    return np.rint(scaled).clip(0, 255).astype(np.uint8)


def test_near_features_stay_near_and_share_their_words() -> None:
    known = train(like_rootsift(6_000, seed=2), dims=16, branches=8, leaves=16, seed=0)
    asked, stored = like_rootsift(50, seed=3), like_rootsift(400, seed=4)
    whole = distances(asked, stored)
    kept = distances(known.reduced(asked), known.reduced(stored))
    assert np.corrcoef(whole.ravel(), kept.ravel())[0, 1] > 0.95
    assert np.median(kept / whole) / (known.near / NEAR) == pytest.approx(1, abs=0.2)
    finder = WordFinder(known)
    nearest = kept.argmin(axis=1)
    words = finder.nearest(known.reduced(stored), 1)[:, 0]
    probed = finder.nearest(known.reduced(asked), 8)
    assert np.mean([words[n] in row for n, row in zip(nearest, probed, strict=True)]) > 0.95
    assert len(np.unique(words)) > 60


def test_levels_are_used_and_seldom_cut_off() -> None:
    known = train(like_rootsift(3_000, seed=2), dims=16, branches=4, leaves=4, seed=0)
    kept = known.reduced(like_rootsift(1_000, seed=5))
    assert kept.std(axis=0).min() > 10
    assert np.isin(kept, (0, 255)).mean() < 0.05


def test_the_same_seed_gives_the_same_vocabulary_and_a_file_keeps_it(tmp_path: Path) -> None:
    found = like_rootsift(2_000, seed=2)
    made, again = (train(found, dims=8, branches=4, leaves=4, seed=3) for _ in range(2))
    assert made.fingerprint() == again.fingerprint()
    write_vocabulary(tmp_path / "made.npz", made)
    assert load_vocabulary(tmp_path / "made.npz").fingerprint() == made.fingerprint()


def test_too_few_features_and_damaged_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give more photos"):
        train(like_rootsift(30, seed=2), dims=8, branches=4, leaves=40, seed=0)
    with pytest.raises(ModelError, match="reinstall"):
        load_vocabulary(tmp_path / "missing.npz")
    (tmp_path / "cut.npz").write_bytes(b"PK\3\4")
    with pytest.raises(ModelError, match="reinstall"):
        load_vocabulary(tmp_path / "cut.npz")
    np.savez(tmp_path / "other.npz", words=np.zeros((3, 3), np.uint8))
    with pytest.raises(ModelError, match="reinstall"):
        load_vocabulary(tmp_path / "other.npz")


def test_what_ships_can_be_loaded() -> None:
    shipped = load_vocabulary()
    assert (len(shipped.words), shipped.dims) == (65_536, 32)
