"""What a batch gains and what more references cost is measured with real networks and galleries."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.__main__ import main
from benchmarks.speed import SpeedPlan, measure_speed
from benchmarks.speed_stages import Parts
from benchmarks.speed_sweeps import batch_stages, takes_batches
from matcher.config import Settings
from matcher.errors import UsageError
from matcher.models.onnx_embedder import OnnxEmbedder
from matcher.models.torchscript_embedder import TorchscriptEmbedder
from tests.benchmarks.test_speed import FixedEmbedder, NoKeypoints

SMALL = ("--photos", "3", "--rounds", "1", "--size", "96", "72")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A traced network of one convolution."""
    torch.manual_seed(5)
    layers = torch.nn.Conv2d(3, 16, 5, stride=3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
    path = tmp_path_factory.mktemp("scripts") / "tiny.torchscript.pt"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"`?torch\.jit")
        torch.jit.trace(torch.nn.Sequential(*layers).eval(), torch.zeros(1, 3, 48, 48)).save(str(path))
    path.with_suffix(".json").write_text('{"input_side": 48}')
    return path


def test_a_network_is_given_so_many_views_at_once(network: Path) -> None:
    embedder = TorchscriptEmbedder.load(network, photo_boxes=[(0, 0, 1, 1), (0, 0, 0.5, 1)])
    passed: list[int] = []
    embedder._network.register_forward_pre_hook(lambda _, given: passed.append(len(given[0])))
    photos = [np.full((60, 80, 3), level, np.uint8) for level in (10, 120, 240)]
    alone = embedder.embed_photos(photos)
    for _, once in batch_stages(embedder, photos, (1, 4)):
        once()
    assert passed == [*[1] * 6, *[1] * 6, 4, 4]
    assert embedder.batch_size == 1
    assert (embedder.embed_photos(photos) == alone).all()


def test_batches_are_figures_of_their_own_and_a_curve(network: Path, tmp_path: Path) -> None:
    out = tmp_path / "embed.json"
    model = f"torchscript:{network}"
    threads = torch.get_num_threads()
    try:
        assert main(["speed", "--stage", "embed", "--embedder", model, "--batch", "1", "16", *SMALL,
                     "--out", str(out)]) == 0  # fmt: skip
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(threads)
    found: dict[str, Any] = json.loads(out.read_text())
    metrics = found["metrics"]
    assert set(metrics) == {
        f"{stage}_{unit}"
        for stage in ("embed", "embed_batch_1", "embed_batch_16")
        for unit in ("ms", "per_second")
    }
    points = [[size, metrics[f"embed_batch_{size}_ms"]] for size in (1, 16)]
    assert (found["curves"], found["notes"]) == ({"embed_by_batch": points}, [])


def test_a_graph_of_one_photo_a_pass_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not takes_batches(OnnxEmbedder())
    out = tmp_path / "embed.json"
    assert main(["speed", "--stage", "embed", "--batch", "8", *SMALL, "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    assert set(found["metrics"]) == {"embed_ms", "embed_per_second"}
    (note,) = found["notes"]
    assert note.endswith("its graph takes one photo a pass, so there are no batches to measure")
    assert "takes one photo a pass" in " ".join(capsys.readouterr().err.split())


def test_search_is_measured_again_among_more_references() -> None:
    def parts(settings: Settings, embedder: str) -> Parts:
        return Parts(FixedEmbedder(), NoKeypoints(), NoKeypoints())

    plan = SpeedPlan(photos=2, rounds=1, references=4, size=(96, 72), growth=(5, 9))
    found = measure_speed(plan, ["search"], Settings(), make_parts=parts)
    metrics, curves = found["metrics"], found["curves"]
    assert isinstance(metrics, dict)
    assert isinstance(curves, dict)
    assert {"search_ms", "vote_ms", "search_among_5_ms", "vote_among_9_ms"} < set(metrics)
    assert curves["search_by_references"] == [
        [count, metrics[f"search_among_{count}_ms"]] for count in (5, 9)
    ]
    assert curves["vote_by_references"] == [[count, metrics[f"vote_among_{count}_ms"]] for count in (5, 9)]


@pytest.mark.parametrize(
    ("plan", "complaint"),
    [
        (SpeedPlan(batches=(4,)), "--batch belongs to --stage embed"),
        (SpeedPlan(growth=(4,)), "--growth belongs to --stage search"),
    ],
)
def test_a_sweep_without_its_stage_is_refused(plan: SpeedPlan, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        measure_speed(plan, ["decode"], Settings())


def test_nothing_a_pass_is_refused() -> None:
    with pytest.raises(UsageError, match="--batch: give numbers from 1 up"):
        measure_speed(SpeedPlan(batches=(4, 0)), ["embed"], Settings())
