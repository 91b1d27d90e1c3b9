"""The arithmetic of a graph is counted right, and what ships runs below the roof."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from benchmarks.roofline import main, multiply_adds

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


@pytest.mark.slow
def test_the_command_tells_of_every_model_that_ships(tmp_path: Path) -> None:
    main(["--rounds", "1", "--out", str(tmp_path / "roofline.json")])
    metrics = json.loads((tmp_path / "roofline.json").read_text())["metrics"]
    names = ("embedder", "text_finder", "text_lines", "text_letters", "logo_detector", "logo_embedder")
    assert {f"{name}_share" for name in names} < set(metrics)
    assert all(metrics[f"{name}_gflop"] > 0.05 for name in names)
