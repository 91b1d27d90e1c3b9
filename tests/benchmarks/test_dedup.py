"""Duplicates among all images: made as imagededup makes the set, counted as it counts pairs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.__main__ import main
from benchmarks.dedup import dedup_results, look_up
from benchmarks.dedup_pairs import dedup_metrics, found_pairs, grouped, precision_at, ranked, recall_above
from benchmarks.dedup_set import TRANSFORMS, DedupSet, dedup_from_folder
from matcher.config import ImageSettings
from matcher.errors import UsageError
from matcher.images import decode
from tests.benchmarks.drawings import folder_of_photos
from tests.benchmarks.histogram_finder import HistogramFinder, histogram_finder


@pytest.fixture
def images(tmp_path: Path) -> DedupSet:
    photos = folder_of_photos(tmp_path / "photos", 5)
    (tmp_path / "set").mkdir()
    return dedup_from_folder(photos, tmp_path / "set", groups=4, seed=3)


def test_a_group_is_a_photo_with_its_five_transforms(images: DedupSet) -> None:
    assert len(images.images) == 24
    assert images.true_pairs == 4 * 15
    assert [image.kind for image in images.images[:6]] == ["original", *TRANSFORMS]
    sizes = {image.kind: size_of(image.path) for image in images.images[:6]}
    assert sizes["original"] == sizes["mirror"] == sizes["rotate"] == (120, 96)
    assert sizes["crop"] == (105, 84)
    assert sizes["square"] == (96, 96)


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def test_the_set_is_the_same_again_and_says_where_photos_are_too_few(
    images: DedupSet, tmp_path: Path
) -> None:
    (tmp_path / "again").mkdir()
    again = dedup_from_folder(tmp_path / "photos", tmp_path / "again", groups=4, seed=3)
    assert [one.path.read_bytes() for one in again.images] == [one.path.read_bytes() for one in images.images]
    (tmp_path / "more").mkdir()
    assert dedup_from_folder(tmp_path / "photos", tmp_path / "more").notes == (
        "5 photos where 300 are wanted",
    )
    with pytest.raises(UsageError, match="duplicates need 2 or more"):
        dedup_from_folder(tmp_path / "photos", tmp_path / "more", groups=1)


def test_a_pair_counts_once_with_its_better_score() -> None:
    pairs = found_pairs([[(1, 0.5), (2, 0.2)], [(0, 0.9)], []], depth=2)
    assert list(zip(pairs.first, pairs.second, pairs.score, strict=True)) == [(0, 1, 0.9), (0, 2, 0.2)]
    assert pairs.full.tolist() == [0.2]


def test_precision_and_recall_are_those_of_sklearn_over_all_pairs(images: DedupSet) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    total = len(images.images)
    group = np.array([image.group for image in images.images])
    table = np.triu(rng.random((total, total)) * (0.4 + 0.6 * (group[:, None] == group)), 1)
    answers = [[(other, float(table[one, other])) for other in range(one + 1, total)] for one in range(total)]
    pairs = ranked(images, found_pairs(answers))
    first, second = np.triu_indices(total, 1)
    true, score = group[first] == group[second], table[first, second]
    for cut in (0.1, 0.45, 0.7):
        precision, recall, *_ = sklearn.precision_recall_fscore_support(
            true, score >= cut, average="binary", zero_division=0
        )
        assert precision_at(pairs, cut=cut) == pytest.approx(precision)
        assert recall_above(pairs, cut=cut) == pytest.approx(recall)


def test_pairs_that_were_not_answered_are_missed(images: DedupSet) -> None:
    answers: list[Sequence[tuple[int, float]]] = [[] for _ in images.images]
    answers[0] = [(1, 0.9), (6, 0.8)]
    metrics = dedup_metrics(ranked(images, found_pairs(answers)), 0.5, resamples=20, seed=0)
    assert (metrics["precision"], metrics["recall"]) == (0.5, round(1 / 60, 4))
    nothing = dedup_metrics(ranked(images, found_pairs([[] for _ in answers])), 0.5, resamples=5, seed=0)
    assert "precision" not in nothing
    assert (nothing["recall"], nothing["uAP"]) == (0.0, 0.0)


def test_sets_of_files_are_all_their_pairs(images: DedupSet) -> None:
    names = [str(image.path) for image in images.images]
    pairs = grouped(images, [names[:3], [names[7], names[6]]])
    assert list(zip(pairs.first, pairs.second, strict=True)) == [(0, 1), (0, 2), (1, 2), (6, 7)]
    found = dedup_results(images, pairs, {"as it groups": 1.0}, resamples=0)
    assert found["metrics"] == {
        "precision": 1.0, "recall": round(4 / 60, 4), "uAP": round(4 / 60, 4), "R@P90": round(4 / 60, 4),
    }  # fmt: skip
    assert isinstance(found["by"], dict)
    assert found["by"]["crop"] == {"queries": 4, "recall": 0.5}


def test_a_finder_is_asked_for_every_image_among_all_others(images: DedupSet) -> None:
    pairs = look_up(images, HistogramFinder(), lambda blob, source: decode(blob, source, ImageSettings()))
    assert (pairs.first < pairs.second).all()
    assert len(pairs.first) == 24 * 23 // 2
    found = dedup_results(images, pairs, {"low": 0.5}, resamples=0)
    assert isinstance(found["cuts"], list)
    assert isinstance(found["cuts"][0], dict)
    assert found["cuts"][0]["complete"] is True


def test_a_cut_below_the_last_answer_asked_for_is_told_incomplete(images: DedupSet) -> None:
    answers = [[(other, 0.9) for other in range(24) if other != one][:2] for one in range(24)]
    found = dedup_results(images, found_pairs(answers, depth=2), {"low": 0.5, "high": 0.95}, resamples=0)
    assert isinstance(found["cuts"], list)
    assert [cut["complete"] for cut in found["cuts"] if isinstance(cut, dict)] == [False, True]


def test_the_command_ends_in_a_table_and_a_results_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = folder_of_photos(tmp_path / "photos", 5), tmp_path / "dedup.json"
    arguments = ["accuracy", "--task", "dedup", "--dataset", str(photos), "--groups", "4", "--resamples", "5"]
    assert main([*arguments, "--out", str(out)], make_finder=histogram_finder) == 0
    found = json.loads(out.read_text())
    assert set(found) >= {
        "task",
        "metrics",
        "by",
        "settings",
        "model",
        "seconds",
        "images_per_second",
        "cuts",
    }
    assert (found["task"], found["model"]) == ("dedup", "histogram@1")
    assert "class-1 recall" in capsys.readouterr().out


def test_a_peer_that_cannot_run_ends_the_command_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCHMARKS_PEERS", str(tmp_path / "none"))
    photos = folder_of_photos(tmp_path / "photos", 5)
    arguments = ["accuracy", "--task", "dedup", "--dataset", str(photos), "--out", str(tmp_path / "out.json")]
    assert main([*arguments, "--finder", "peer:immaculate-pdq"]) == 2
    assert "peer immaculate-pdq cannot run: " in capsys.readouterr().err
