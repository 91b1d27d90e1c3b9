"""Peers, duplicates and search as parts of a run's plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.dedup import measure_part as measure_dedup_part
from benchmarks.judged import load_judged, save_judged
from benchmarks.peers.environments import NotRunError
from benchmarks.scan_part import measure_part as measure_scan_part
from benchmarks.search_curves import measure_part as measure_search_part
from matcher.errors import UsageError
from tests.benchmarks.drawings import folder_of_photos
from tests.benchmarks.planned import part

HISTOGRAM = "python:tests.benchmarks.histogram_finder:histogram_finder"


def test_duplicates_are_a_part_that_can_be_compared_group_by_group(tmp_path: Path) -> None:
    folder_of_photos(tmp_path / "photos", 5)
    outcome = measure_dedup_part(part(tmp_path, "dedup", HISTOGRAM, "groups = 4"), lambda *_: None)
    assert outcome.judged is not None
    save_judged(tmp_path / "pairs.npz", outcome.judged)
    measures = load_judged(tmp_path / "pairs.npz").measures()
    once = np.ones(4, np.int64)
    metrics = outcome.results["metrics"]
    assert isinstance(metrics, dict)
    assert {name: round(measure(once), 4) for name, measure in measures.items()} == {
        name: value for name, value in metrics.items() if not name.endswith("_ci")
    }


@pytest.mark.parametrize("options", ["groups = 1", 'groups = "all"', "colour = 3"])
def test_options_that_duplicates_do_not_have_are_refused(tmp_path: Path, options: str) -> None:
    with pytest.raises(UsageError, match=r"groups|no option 'colour'"):
        measure_dedup_part(part(tmp_path, "dedup", HISTOGRAM, options), lambda *_: None)


def test_search_is_a_part_by_the_name_of_its_index(tmp_path: Path) -> None:
    outcome = measure_search_part(
        part(tmp_path, "search", "peer:faiss-flat", "descriptors = 300"), lambda *_: None
    )
    metrics = outcome.results["metrics"]
    assert isinstance(metrics, dict)
    assert (metrics["recall"], outcome.results["model"]) == (1.0, "peer:faiss-flat")
    with pytest.raises(UsageError, match="no index 'pdq'"):
        measure_search_part(part(tmp_path, "search", "peer:pdq", "descriptors = 300"), lambda *_: None)
    with pytest.raises(UsageError, match="give a whole number"):
        measure_search_part(part(tmp_path, "search", "matcher", 'descriptors = "many"'), lambda *_: None)


def test_a_whole_scan_is_a_part_with_its_own_settings(tmp_path: Path) -> None:
    options = "references = 3, listings = 4, size = [96, 72]"
    outcome = measure_scan_part(part(tmp_path, "scan", "matcher", options, text="none"), lambda *_: None)
    metrics, settings = outcome.results["metrics"], outcome.results["settings"]
    assert isinstance(metrics, dict)
    assert isinstance(settings, dict)
    assert (metrics["references"], metrics["listings"]) == (3, 4)
    assert isinstance(metrics["photos_per_second"], float)
    assert settings["models"]["text"] == "none"  # type: ignore[index, call-overload]


def test_a_scan_of_no_photos_or_by_a_peer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"sets\.photos\.options\.listings: .*greater than or equal to 1"):
        measure_scan_part(part(tmp_path, "scan", "matcher", "listings = 0"), lambda *_: None)
    with pytest.raises(NotRunError, match="a scan is the matcher's own"):
        measure_scan_part(part(tmp_path, "scan", "peer:pdq", "listings = 4"), lambda *_: None)
