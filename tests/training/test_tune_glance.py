"""The table of first-look thresholds: strict ones compare fewer candidates; the matcher stays as it was."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from matcher import glancing
from tests.matcher import drawn
from training import tune_glance


def test_stricter_thresholds_compare_fewer_candidates_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        drawn.product(number).save(tmp_path / f"{number}.png")
    monkeypatch.setattr(tune_glance, "THRESHOLDS", ((3, 5, 3), (60, 0, 3)))
    whole, lenient, strict = tune_glance.compared_thresholds("copies", tmp_path, 6)
    assert whole.startswith("all compared in full: first answer right for ")
    share = [float(re.search(r"([0-9.]+) compared", line)[1]) for line in (lenient, strict)]
    assert 0 <= share[1] < share[0] <= 1
    assert (glancing.AGREEING, glancing.NEAREST, glancing.NEAREST_AGREEING) == (7, 5, 3)
