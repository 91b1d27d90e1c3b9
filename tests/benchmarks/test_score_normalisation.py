"""A photo that is like everything scores less, and the order of its own answers stays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.__main__ import main
from benchmarks.accuracy import Pictures, measure
from benchmarks.datasets import ReferenceImage
from benchmarks.score_normalisation import NormalisedFinder, background_score, readable_pictures
from benchmarks.truth_sets import truth_from_folder
from matcher.config import Settings
from matcher.errors import UsageError
from matcher.images import Picture, decode
from tests.benchmarks.adapters.made import photos, text
from tests.benchmarks.drawings import drawn_photo, save
from tests.benchmarks.histogram_finder import HistogramFinder, histogram_finder


def decoded(blob: bytes, source: str) -> Picture:
    return decode(blob, source, Settings().images)


def test_the_mean_of_the_named_ranks_is_subtracted() -> None:
    assert background_score([0.9, 0.6, 0.3, 0.1]) == pytest.approx(0.6)
    assert background_score([0.9, 0.6, 0.3], first=1, last=1, weight=2) == pytest.approx(1.2)
    assert background_score([0.9]) == pytest.approx(0.3)
    assert background_score([]) == 0


@given(st.lists(st.floats(0, 1), max_size=12), st.integers(0, 5), st.integers(0, 5))
def test_it_is_never_more_than_the_best_nor_less_than_nothing(
    scores: list[float], first: int, more: int
) -> None:
    ordered = sorted(scores, reverse=True)
    less = background_score(ordered, first=first, last=first + more)
    assert -1e-12 <= less <= max(ordered, default=0) + 1e-12


def make_disc21(tmp_path: Path) -> Path:
    photos(tmp_path, *(f"images/references/R00000{n}.png" for n in range(4)))
    for n in range(3):
        save(drawn_photo(n, (150, 120)), tmp_path / "images" / "queries" / f"Q0000{n}.png")
        save(drawn_photo(n, (130, 110)), tmp_path / "images" / "train" / f"T00000{n}.png")
    text(tmp_path / "dev_ground_truth.csv", "Q00000,R000000", "Q00001,R000001", "Q00002,")
    return tmp_path


def test_a_set_with_training_photos_is_measured_with_normalised_scores(tmp_path: Path) -> None:
    truth = truth_from_folder(make_disc21(tmp_path), "copies")
    training = readable_pictures(truth.training, decoded)
    assert len(training) == 3
    finder = NormalisedFinder(HistogramFinder(), HistogramFinder(), training)
    plain, less = measure(truth, HistogramFinder(), decoded), measure(truth, finder, decoded)
    assert finder.describe()["score_normalisation"] == {
        "first": 0, "last": 2, "weight": 1.0, "training_photos": 3,
    }  # fmt: skip
    for query in range(3):
        ours, theirs = (each.pairs.score[each.pairs.query == query] for each in (less, plain))
        assert np.ptp(theirs - ours) == pytest.approx(0)
        assert (theirs - ours > 0).all()


def test_the_command_normalises_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "results.json"
    task = ["accuracy", "--task", "copies", "--resamples", "0", "--normalise-scores", "--out", str(out)]
    asked = [*task, "--dataset", str(make_disc21(tmp_path / "set")), "--layout", "disc21-dev"]
    assert main(asked, make_finder=histogram_finder) == 0
    found = json.loads(out.read_text())
    assert found["dataset"]["layout"] == "disc21-dev"
    assert found["settings"]["score_normalisation"]["training_photos"] == 3
    assert (found["counts"]["distractors"], found["metrics"]["R@1"]) == (1, 1)
    plain = photos(tmp_path / "plain", *(f"{n}.png" for n in range(12)))
    assert main([*task, "--dataset", str(plain)], make_finder=histogram_finder) == 2
    assert "plain: has no training photos to normalise scores by" in capsys.readouterr().err


class Costly(HistogramFinder):
    closed = 0

    def costs(self) -> dict[str, int]:
        return {"peak_mib": 7}

    def close(self) -> None:
        self.closed += 1


def test_it_tells_the_costs_of_the_references_and_closes_both(tmp_path: Path) -> None:
    photo = ReferenceImage("T000000", save(drawn_photo(1), tmp_path / "T000000.png"))
    first, second = Costly(), Costly()
    finder = NormalisedFinder(first, second, readable_pictures([photo], decoded))
    assert finder.costs() == {"peak_mib": 7}
    finder.close()
    assert (first.closed, second.closed) == (1, 1)
    assert NormalisedFinder(HistogramFinder(), second, readable_pictures([photo], decoded)).costs() == {}


def test_without_readable_training_photos_it_is_refused(tmp_path: Path) -> None:
    broken = text(tmp_path / "T000000.jpg", "no photo")
    nothing = readable_pictures([ReferenceImage("T000000", broken)], decoded)
    with pytest.raises(UsageError, match="no training photos"):
        NormalisedFinder(HistogramFinder(), HistogramFinder(), nothing)
    with pytest.raises(UsageError, match="ranks 3 to 2"):
        NormalisedFinder(HistogramFinder(), HistogramFinder(), Pictures([], decoded), first=3)
