"""The arithmetic of a graph is counted right, and what ships runs below the roof."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from benchmarks.__main__ import main
from benchmarks.roofline import bound, multiply_adds

FLOAT = TensorProto.FLOAT


def graph(nodes: list[onnx.NodeProto], given: list[int | str], **weights: tuple[int, ...]) -> onnx.ModelProto:
    stored = [numpy_helper.from_array(np.ones(shape, np.float32), name) for name, shape in weights.items()]
    made = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("x", FLOAT, given)],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        stored,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def counted(model: onnx.ModelProto, *shape: int) -> int:
    return multiply_adds(model, {"x": np.ones(shape, np.float32)})


def test_a_convolution_of_any_size_is_counted_by_what_it_gives() -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], strides=[2, 2], pads=[1, 1, 1, 1])
    model = graph([node], [1, 3, "h", "w"], w=(8, 3, 3, 3))
    assert counted(model, 1, 3, 16, 16) == 8 * 8 * 8 * 27
    assert counted(model, 1, 3, 32, 16) == 2 * 8 * 8 * 8 * 27


def test_groups_have_less_to_do() -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=4)
    assert counted(graph([node], [1, 4, 5, 5], w=(4, 1, 1, 1)), 1, 4, 5, 5) == 100


def test_products_count_their_inner_length_also_behind_other_nodes() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("MatMul", ["r", "w"], ["m"]),
        helper.make_node("Gemm", ["m", "v"], ["y"], transA=1),
    ]
    model = graph(nodes, [6, 7], w=(7, 5), v=(6, 2))
    assert counted(model, 6, 7) == 6 * 5 * 7 + 5 * 2 * 6


def test_an_upsampling_convolution_counts_what_goes_in() -> None:
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2])
    assert counted(graph([node], [1, 2, 3, 3], w=(2, 4, 2, 2)), 1, 2, 3, 3) == 18 * 16


def test_what_is_near_its_roof_is_bound_by_it() -> None:
    assert bound("arithmetic", 0.7) == "arithmetic"
    assert bound("memory", 0.31) == "neither: 31% of what memory would allow"


@pytest.mark.slow
def test_the_command_tells_what_bounds_every_model_that_ships_and_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "roofline.json"
    assert main(["roofline", "--rounds", "1", "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    metrics, names = found["metrics"], list(found["by"])
    models = ["embedder", "text_finder", "text_lines", "text_letters", "logo_detector", "logo_embedder"]
    assert names == [*models, "search"]
    assert all(metrics[f"{name}_gflop"] > 0.05 for name in models)
    assert {f"{name}_share" for name in names} | {"roof_gflops", "memory_gbs"} < set(metrics)
    assert all(one["bound"] for one in found["by"].values())
    said = capsys.readouterr().out
    assert "bound by" in said
    assert "logo detector" in said


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(("roofline", "--rounds", "0"), "--rounds: give at least 1"), (("sizes", "--photos", "0"), "1 photo")],
)
def test_wrong_use_is_one_line(
    arguments: tuple[str, ...], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--out", str(tmp_path / "out.json")]) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1
