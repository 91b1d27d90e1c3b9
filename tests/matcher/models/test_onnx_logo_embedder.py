"""The logo embedder keeps the contract, and names itself by all that its descriptors rest on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from matcher.errors import ModelError
from matcher.models.logo_graphs import EMBEDDER, WEIGHTS
from matcher.models.onnx_logo_embedder import OnnxLogoEmbedder
from tests.matcher.models.logo_contracts import LogoEmbedderContract, badge
from tests.matcher.models.tiny_logos import detector, embedder, write_tiny

HAS_BUILTIN = (WEIGHTS / EMBEDDER).is_file()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "tiny")


class TestTiny(LogoEmbedderContract):
    @pytest.fixture
    def embedder(self, folder: Path) -> OnnxLogoEmbedder:
        return OnnxLogoEmbedder(folder)


@pytest.mark.skipif(not HAS_BUILTIN, reason="the package ships no logo embedder yet")
class TestBuiltin(LogoEmbedderContract):
    @pytest.fixture
    def embedder(self) -> OnnxLogoEmbedder:
        return OnnxLogoEmbedder()


def test_a_logo_in_another_place_of_its_image_is_the_same_logo(folder: Path) -> None:
    tiny = OnnxLogoEmbedder(folder)
    wide = np.full((200, 400, 3), 255, np.uint8)
    wide[20:116, 280:376] = np.array(badge(1))
    plain, moved = tiny.embed_references([np.array(badge(1)), wide])
    assert (plain @ moved.T).max() > 0.97
    assert plain[0] @ moved[0] < 0.9


def test_the_fingerprint_names_everything_that_changes_descriptors(folder: Path, tmp_path: Path) -> None:
    others = [
        OnnxLogoEmbedder(write_tiny(tmp_path / "margin", margin=0.2)),
        OnnxLogoEmbedder(write_tiny(tmp_path / "other", shift=0.01)),
    ]
    assert len({OnnxLogoEmbedder(folder).fingerprint, *(one.fingerprint for one in others)}) == 3


def test_a_graph_of_another_kind_is_refused(folder: Path) -> None:
    onnx.save(detector(), folder / EMBEDDER)
    with pytest.raises(ModelError, match="needs the input crops"):
        OnnxLogoEmbedder(folder)
    onnx.save(embedder(margin=99), folder / EMBEDDER)
    with pytest.raises(ModelError, match="margin is '99'"):
        OnnxLogoEmbedder(folder)
