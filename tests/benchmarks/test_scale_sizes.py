"""Sizes come from real galleries: trained ones differ from flat ones, and a reference has all its parts."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.__main__ import main


def test_every_size_is_there(tmp_path: Path) -> None:
    out = tmp_path / "sizes.json"
    words = ("sizes", "--photos", "4", "--descriptors", "2000", "--width", "320", "--out", str(out))
    assert main(words) == 0
    sizes = json.loads(out.read_text())["metrics"]
    assert sizes["flat_bytes"] >= 4 * sizes["dims"]
    assert sizes["hnsw_bytes"] > sizes["flat_bytes"]
    assert sizes["ivfpq_bytes"] != sizes["flat_bytes"]
    assert 12_000 < sizes["keypoint_bytes"] < 125_000
    assert 0 < sizes["vote_bytes"] < 300 * 200
    assert 1 <= sizes["candidate_keypoints"] <= 4
