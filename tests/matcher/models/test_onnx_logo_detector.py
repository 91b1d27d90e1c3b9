"""The logo detector keeps the contract, drops what overlaps, and names itself by all that it rests on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from matcher.errors import ModelError
from matcher.models.logo_graphs import DETECTOR, WEIGHTS
from matcher.models.onnx_logo_detector import OnnxLogoDetector, suppressed
from tests.matcher.models.logo_contracts import LogoDetectorContract, goods
from tests.matcher.models.tiny_logos import detector as tiny_detector
from tests.matcher.models.tiny_logos import write_tiny

HAS_BUILTIN = (WEIGHTS / DETECTOR).is_file()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "tiny")


class TestTiny(LogoDetectorContract):
    @pytest.fixture
    def detector(self, folder: Path) -> OnnxLogoDetector:
        return OnnxLogoDetector(folder)


@pytest.mark.skipif(not HAS_BUILTIN, reason="the package ships no logo detector yet")
class TestBuiltin(LogoDetectorContract):
    @pytest.fixture
    def detector(self) -> OnnxLogoDetector:
        return OnnxLogoDetector()


def test_it_gives_the_likeliest_boxes_and_none_below_the_least_score(folder: Path) -> None:
    photo = goods((1, (0, 0)), (2, (240, 120)), (3, (360, 240)))
    (every,) = OnnxLogoDetector(folder, most=100, least=0.05).detect([photo])
    (few,) = OnnxLogoDetector(folder, most=2, least=0.05).detect([photo])
    (sure,) = OnnxLogoDetector(folder, most=100, least=every[1].score).detect([photo])
    assert len(every) > 2
    assert few == every[:2]
    assert sure == every[:2]


def test_of_boxes_that_overlap_the_best_is_kept() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 4], [50, 50, 60, 60]], np.float32)
    scores = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    assert suppressed(boxes, scores, 0.5) == [0, 2, 3]
    assert suppressed(boxes, scores, 0.3) == [0, 3]
    assert suppressed(boxes[:0], scores[:0], 0.5) == []


def test_the_fingerprint_names_everything_that_changes_boxes(folder: Path, tmp_path: Path) -> None:
    others = [
        OnnxLogoDetector(folder, most=3),
        OnnxLogoDetector(folder, least=0.4),
        OnnxLogoDetector(folder, overlap=0.4),
        OnnxLogoDetector(write_tiny(tmp_path / "other", shift=0.01)),
    ]
    assert len({OnnxLogoDetector(folder).fingerprint, *(one.fingerprint for one in others)}) == 5


def test_a_graph_that_is_missing_damaged_or_another_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"logo-detector\.onnx: cannot be read"):
        OnnxLogoDetector(tmp_path)
    (tmp_path / DETECTOR).write_bytes(b"no graph")
    with pytest.raises(ModelError, match="damaged"):
        OnnxLogoDetector(tmp_path)
    without = tiny_detector()
    del without.metadata_props[:]
    onnx.save(without, tmp_path / DETECTOR)
    with pytest.raises(ModelError, match="side in its metadata"):
        OnnxLogoDetector(tmp_path)


@pytest.mark.skipif(HAS_BUILTIN, reason="the package ships a logo detector")
def test_where_none_ships_builtin_says_what_to_set() -> None:
    with pytest.raises(ModelError, match=r"set models\.logo to none, or to onnx:FOLDER"):
        OnnxLogoDetector()
