"""The two networks: what their losses ask for, and tiny runs that learn, stop, go on and are exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from matcher.errors import UsageError
from matcher.models.onnx_session import open_session
from tests.matcher import drawn
from training import loop
from training.learner import Learner
from training.logos import evaluate, export, measure
from training.logos import train as runs
from training.logos.detector import STRIDES, Detector, boxes_at, places
from training.logos.detector_loss import assigned, detection_loss
from training.logos.embedder import LogoEmbedder
from training.logos.learners import DetectorLearner, EmbedderLearner, scene_batch
from training.logos.stock import Stock

SIDE = 128
MODELS = ("detector", "embedder")


def started(model: Any, stock: Stock) -> Learner[Any]:
    return runs.learner(model, stock)[0]


def learn(run: Learner[Any], until: int) -> list[dict[str, float]]:
    return [run.learn(run.batch(run.step)) for _ in range(run.step, until)]


def test_every_logo_has_a_place_that_answers_for_it() -> None:
    middles, strides = places(SIDE)
    assert len(middles) == sum((SIDE // stride) ** 2 for stride in STRIDES)
    boxes = torch.tensor([[10.0, 10, 17, 16], [30, 40, 110, 52], [0, 0, 128, 128], [60, 70, 100, 120]])
    which = assigned(boxes, middles, strides)
    assert set(which.tolist()) == {-1, 0, 1, 2, 3}
    small = strides[which == 0]
    assert (small == STRIDES[0]).all()
    assert (assigned(torch.zeros(0, 4), middles, strides) == -1).all()


def test_right_boxes_and_scores_cost_next_to_nothing_and_wrong_ones_do() -> None:
    middles, strides = places(SIDE)
    box = torch.tensor([[40.0, 40, 90, 80]])
    mine = assigned(box, middles, strides) >= 0
    reach = torch.cat([middles - box[0, :2], box[0, 2:] - middles], dim=1)[None]
    right = torch.where(mine, 12.0, -12.0)[None]
    none = torch.zeros(0, 4)
    score, place = detection_loss(right, reach, [box], [none], middles, strides)
    assert float(score + place) < 0.01
    score, place = detection_loss(-right, reach + 30, [box], [none], middles, strides)
    assert float(score) > 1
    assert float(place) > 0.2
    assert torch.equal(boxes_at(middles, reach)[0, 0], box[0])


def test_writing_beside_a_logo_is_not_punished() -> None:
    middles, strides = places(SIDE)
    said, reach, none = (
        torch.full((1, len(middles)), -12.0),
        torch.ones(1, len(middles), 4),
        torch.zeros(0, 4),
    )
    unsure = torch.tensor([[20.0, 20, 60, 40]])
    inside = ((middles > unsure[0, :2]) & (middles < unsure[0, 2:])).all(dim=1)
    said[0, inside] = 12.0
    spared, _ = detection_loss(said, reach, [none], [unsure], middles, strides)
    punished, _ = detection_loss(said, reach, [none], [none], middles, strides)
    assert float(spared) < 0.01
    assert float(punished) > 100


@pytest.mark.parametrize(("model", "term", "steps"), [("detector", "box", 40), ("embedder", "same", 12)])
def test_the_loss_falls_on_one_batch(model: str, term: str, steps: int, stock: Stock) -> None:
    run = started(model, stock)
    if isinstance(run, EmbedderLearner):
        run.memory.add = lambda views, labels: None  # type: ignore[method-assign]
    batch = run.batch(0)
    run.steps = 100
    losses = [run.learn(batch)[term] for _ in range(steps)]
    assert losses[-1] < 0.8 * losses[0]
    assert all(np.isfinite(losses))


@pytest.mark.parametrize("model", MODELS)
def test_a_resumed_run_is_where_an_unbroken_one_would_be(model: str, stock: Stock, tmp_path: Path) -> None:
    unbroken, first = started(model, stock), started(model, stock)
    learn(unbroken, 3)
    learn(first, 1)
    loop.save(first, tmp_path)
    second = started(model, stock)
    loop.resume(second, tmp_path)
    learn(second, 3)
    for name, weights in unbroken.average.state_dict().items():
        assert torch.equal(weights, second.average.state_dict()[name]), name


def test_frozen_blocks_and_batch_statistics_of_the_trunk_stay(stock: Stock) -> None:
    run = started("detector", stock)
    before = {name: weights.clone() for name, weights in run.network.state_dict().items()}
    learn(run, 2)
    moved = {
        name for name, weights in run.network.state_dict().items() if not torch.equal(weights, before[name])
    }
    assert not any(name.startswith(("trunk.stem", "trunk.blocks.0.", "trunk.blocks.1.")) for name in moved)
    assert not any("trunk" in name and "running_" in name for name in moved)
    assert any(name.startswith("trunk.blocks.6") for name in moved)
    assert any("running_mean" in name for name in moved)


@pytest.mark.parametrize("content", [b"no checkpoint", b""])
def test_a_checkpoint_that_does_not_fit_is_refused(stock: Stock, tmp_path: Path, content: bytes) -> None:
    run = started("detector", stock)
    (tmp_path / "checkpoint.pt").write_bytes(content)
    with pytest.raises(UsageError, match="train into another folder"):
        loop.resume(run, tmp_path)
    torch.save({**run.state(), "network": {}}, tmp_path / "checkpoint.pt")
    with pytest.raises(UsageError, match="train into another folder"):
        loop.resume(run, tmp_path)


def test_a_wrong_call_ends_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["detector", "--recipe", str(tmp_path / "none.toml"), "--artwork", str(tmp_path)]
    assert runs.main([*call, "--photos", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_exported_detector_agrees_with_torch_at_any_batch_size(stock: Stock, tmp_path: Path) -> None:
    run = started("detector", stock)
    assert isinstance(run, DetectorLearner)
    learn(run, 1)
    assert isinstance(run.average, Detector)
    file = tmp_path / "detector.onnx"
    whole = export.export_detector(run.average, stock.recipe, file)
    session = open_session("test", file.read_bytes(), "")
    score, box = export.detector_gap(whole, session, SIDE)
    assert score < export.WIDEST_SCORE_GAP
    assert box < export.WIDEST_BOX_GAP
    assert session.get_modelmeta().custom_metadata_map == {"side": "128"}
    for count in (1, 3):
        boxes, scores = session.run(None, {"images": export.made_images(count, SIDE)})
        assert boxes.shape == (count, 20, 4)
        assert scores.shape == (count, 20)
        assert (np.diff(scores, axis=1) <= 0).all()
        assert scores.min() >= 0
        assert scores.max() <= 1


def test_the_exported_embedder_agrees_with_torch_and_gives_unit_vectors(stock: Stock, tmp_path: Path) -> None:
    run = started("embedder", stock)
    assert isinstance(run.average, LogoEmbedder)
    file = tmp_path / "embedder.onnx"
    network = export.export_embedder(run.average, stock.recipe, file)
    session = open_session("test", file.read_bytes(), "")
    assert export.embedder_gap(network, session, 64) < export.WIDEST_GAP
    (found,) = session.run(None, {"crops": export.made_images(3, 64)})
    assert found.shape == (3, 16)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)
    assert session.get_modelmeta().custom_metadata_map == {"side": "64", "margin": "0.1", "dims": "16"}
    assert file.stat().st_size < 8e6


def test_perfect_finds_measure_one_and_none_measure_zero(stock: Stock) -> None:
    scenes = [stock.scenes("test")[number] for number in range(8)]
    true = {scene.pixels.tobytes(): scene.boxes.astype(np.float64) for scene in scenes}
    right = evaluate.detection_figures(
        scenes, lambda pixels: (true[pixels.tobytes()], np.ones(len(true[pixels.tobytes()])))
    )
    assert right == {"AP50": 1.0, "recall@5": 1.0}
    wrong = evaluate.detection_figures(scenes, lambda pixels: (np.array([[0.0, 0, 2, 2]]), np.ones(1)))
    assert wrong["AP50"] == wrong["recall@5"] == 0


def test_an_embedder_that_knows_each_crop_ranks_it_first(stock: Stock) -> None:
    pairs = runs.crop_pairs(stock, "test")
    figures = evaluate.embedding_figures(pairs, lambda crops: np.eye(len(crops), 64, dtype=np.float32), 4)
    assert figures["R@1"] == 1
    assert 0 <= figures["altered"] <= 1


def test_the_boxes_of_a_letterboxed_photo_come_back_in_its_own_pixels(stock: Stock, tmp_path: Path) -> None:
    image = np.zeros((50, 100, 3), np.uint8)
    run = started("detector", stock)
    assert isinstance(run.average, Detector)
    export.export_detector(run.average, stock.recipe, tmp_path / "logo-detector.onnx")
    find = measure.finds_with(*measure.open_graph(tmp_path, "logo-detector.onnx"))
    boxes, scores = find(image)
    assert len(boxes) == len(scores) > 0
    assert boxes.max() <= 100 + 1e-6
    assert scene_batch(stock.scenes("train"), 0, 2).images.shape == (2, 128, 128, 3)


def test_all_figures_of_the_two_graphs_are_measured(stock: Stock, tmp_path: Path) -> None:
    detector, embedder = started("detector", stock).average, started("embedder", stock).average
    assert isinstance(detector, Detector)
    assert isinstance(embedder, LogoEmbedder)
    export.export_detector(detector, stock.recipe, tmp_path / "logo-detector.onnx")
    export.export_embedder(embedder, stock.recipe, tmp_path / "logo-embedder.onnx")
    shown = tmp_path / "logos_in_photos"
    shown.mkdir()
    drawn.product(1).save(shown / "one.png")
    (shown / "boxes.csv").write_text("image,brand,x1,y1,x2,y2\none.png,example,4,4,60,50\n", encoding="utf-8")
    figures = measure.measure(stock, tmp_path, tmp_path, count=3)
    assert figures["logos_in_photos"]["photos"] == figures["logos_in_photos"]["boxes"] == 1
    assert figures["made"]["scenes"] == 3
    for part in ("made", "logos_in_photos"):
        assert 0 <= figures[part]["AP50"] <= 1
    assert 0 <= figures["crops"]["R@1"] <= 1
    assert min(figures["milliseconds"].values()) > 0
