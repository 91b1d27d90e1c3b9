"""A head fitted anew: axes that do not go together, in the order of what they tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from matcher.errors import UsageError
from matcher.models import Pixels
from matcher.models.onnx_embedder import OnnxEmbedder
from tests.matcher import drawn
from tests.training.sets import tiny_recipe, write_recipe, write_set
from training import train_embedder as runs
from training.export_embedder import main
from training.network import Described, TwoHeads
from training.trainer import Trainer
from training.trunks import CHANNELS, imagenet_trunk
from training.whitening import VIEWS, given, refit_head

DIMS = 12
PHOTOS: list[Pixels] = [drawn.pixels(drawn.product(number)) for number in range(10)]


@pytest.fixture(scope="module")
def network() -> TwoHeads:
    torch.manual_seed(0)
    made = TwoHeads(imagenet_trunk(), CHANNELS, copy_dims=4, product_dims=DIMS)
    refit_head(made, PHOTOS)
    return made


def test_what_the_axes_tell_does_not_go_together_and_falls(network: TwoHeads) -> None:
    with torch.inference_mode():
        pooled = torch.cat([Described(network, head=False)(*given(photo)) for photo in PHOTOS])
        told = network.product_head(pooled).numpy()
    assert told.shape == (len(PHOTOS) * len(VIEWS), DIMS)
    assert np.abs(told.mean(axis=0)).max() < 1e-4
    spread = np.cov(told.T)
    assert np.abs(spread - np.diag(np.diag(spread))).max() < 0.02 * spread.max()
    assert list(np.diag(spread)) == sorted(np.diag(spread), reverse=True)


def test_too_few_photos_are_refused() -> None:
    network = TwoHeads(imagenet_trunk(), CHANNELS, copy_dims=4, product_dims=DIMS)
    with pytest.raises(UsageError, match="4 photos are too few for a head of 12 axes; give more than 4"):
        refit_head(network, PHOTOS[:4])


def test_a_run_is_exported_with_the_head_fitted_to_its_photos(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path / "recipe.toml")
    trainer = Trainer(tiny_recipe(), runs.open_pairs(tiny_recipe(), write_set(tmp_path), tmp_path / "photos"))
    runs.save(trainer, tmp_path)
    plain, refitted = tmp_path / "plain.onnx", tmp_path / "refitted.onnx"
    common = ["--run", str(tmp_path), "--recipe", str(recipe)]
    assert main([*common, "--out", str(plain)]) == 0
    assert main([*common, "--refit", str(tmp_path / "photos"), "--out", str(refitted)]) == 0
    one, other = (
        OnnxEmbedder(path, side=96).embed_references(PHOTOS[:2])[:, 0] for path in (plain, refitted)
    )
    assert one.shape == other.shape
    assert np.linalg.norm(other, axis=1) == pytest.approx([1, 1], abs=1e-3)
    assert np.abs(one - other).max() > 0.05
    capsys.readouterr()
    assert main([*common, "--refit", str(tmp_path / "none"), "--out", str(refitted)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
