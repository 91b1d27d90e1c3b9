"""A tiny run of the trainer: it learns, stops, goes on as if it had not, and exports what it learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from matcher.errors import UsageError
from matcher.models.onnx_embedder import OnnxEmbedder
from tests.matcher import drawn
from tests.training.sets import tiny_recipe, write_set
from training import train_embedder as runs
from training import trainer
from training.export_embedder import WIDEST_GAP, export, gap
from training.network import Described, TwoHeads, start_heads
from training.recipe import read_recipe


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("sets"))


def started(photos: Path) -> trainer.Trainer:
    recipe = tiny_recipe()
    return trainer.Trainer(recipe, runs.open_pairs(recipe, photos, photos / "store"))


def learn(run: trainer.Trainer, until: int) -> list[dict[str, float]]:
    return [run.learn(run.pairs.batch(run.step, 64)) for _ in range(run.step, until)]


def test_a_resumed_run_is_where_an_unbroken_one_would_be(photos: Path, tmp_path: Path) -> None:
    unbroken, first = started(photos), started(photos)
    learn(unbroken, 4)
    learn(first, 2)
    runs.save(first, tmp_path)
    second = started(photos)
    runs.resume(second, tmp_path)
    learn(second, 4)
    for name, weights in unbroken.average.state_dict().items():
        assert torch.equal(weights, second.average.state_dict()[name]), name


def test_a_checkpoint_that_does_not_fit_is_refused(photos: Path, tmp_path: Path) -> None:
    run = started(photos)
    for content in (b"no checkpoint", b""):
        (tmp_path / "checkpoint.pt").write_bytes(content)
        with pytest.raises(UsageError, match="train into another folder"):
            runs.resume(run, tmp_path)
    torch.save({**run.state(), "network": {}}, tmp_path / "checkpoint.pt")
    with pytest.raises(UsageError, match="train into another folder"):
        runs.resume(run, tmp_path)


def test_a_wrong_call_ends_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["--recipe", str(tmp_path / "none.toml"), "--photos", str(tmp_path), "--out", str(tmp_path)]
    assert runs.main(call) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_steps_change_the_heads_and_the_trunk_and_leave_the_teacher(photos: Path) -> None:
    run = started(photos)
    before = {name: weights.clone() for name, weights in run.network.state_dict().items()}
    taught = {name: weights.clone() for name, weights in run.teacher.state_dict().items()}
    terms = learn(run, 3)
    moved = {n for n, weights in run.network.state_dict().items() if not torch.equal(weights, before[n])}
    assert {"copy_head.weight", "product_head.weight", "trunk.conv_head.weight"} <= moved
    assert not any("running_" in name for name in moved)
    assert all(torch.equal(weights, taught[n]) for n, weights in run.teacher.state_dict().items())
    assert all(np.isfinite(value) for line in terms for value in line.values())


def test_the_exported_graph_gives_torchs_descriptors(photos: Path, tmp_path: Path) -> None:
    run = started(photos)
    learn(run, 1)
    described = Described(run.average, head=True)
    export(described, tmp_path / "tiny.onnx")
    assert gap(described, tmp_path / "tiny.onnx") < WIDEST_GAP
    embedder = OnnxEmbedder(tmp_path / "tiny.onnx", side=96)
    found = embedder.embed_photos([drawn.pixels(drawn.product(1))])
    assert found.shape == (1, 14, 8)
    assert np.allclose(np.linalg.norm(found, axis=2), 1, atol=1e-4)


def test_deeper_layers_learn_slower() -> None:
    names = ["conv_stem.weight", "blocks.0.0.conv_dw.weight", "blocks.6.0.bn3.bias", "conv_head.weight"]
    assert [trainer.depth(name) for name in names] == [0, 1, 7, 8]
    rates = [trainer.schedule(step, 100, 10) for step in (0, 9, 10, 55, 99)]
    assert rates[0] < rates[1] == rates[2] == 1
    assert rates[2] > rates[3] > rates[4] > 0


def test_a_wrong_recipe_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text("seed = 1\ncolour = 2\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"recipe\.toml"):
        read_recipe(file)
    text = Path("configs/train_embedder.toml").read_text(encoding="utf-8")
    file.write_text(text.replace('"grocery"', '"kiosk"', 1), encoding="utf-8")
    with pytest.raises(UsageError, match=r"sets\.3\.layout"):
        read_recipe(file)
    file.write_text("seed = [", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be read"):
        read_recipe(file)


def test_heads_are_set_to_the_principal_axes() -> None:
    network = TwoHeads(torch.nn.Identity(), 6, copy_dims=2, product_dims=2)
    pooled = torch.rand(50, 6, generator=torch.Generator().manual_seed(0)) * torch.tensor([9, 1, 5, 1, 1, 1])
    start_heads(network, pooled)
    first, second = network.copy_head.weight.detach()
    assert float(torch.nn.functional.cosine_similarity(first, second, dim=0)) == pytest.approx(0, abs=1e-4)
