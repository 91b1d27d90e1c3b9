"""Small graphs that keep the contract of logo models: colourful cells are found, and told by their pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from matcher.models.logo_graphs import DETECTOR, EMBEDDER

CELLS = 4
"""Boxes lie in a grid of so many cells a side."""
SIDE, CROP, GRID = 128, 64, 8
OPSET = 17


def write_tiny(folder: Path, *, margin: float = 0.0, shift: float = 0.0) -> Path:
    """Both graphs in `folder`; another `shift` gives other weights that behave almost alike."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(detector(shift), folder / DETECTOR)
    onnx.save(embedder(margin, shift), folder / EMBEDDER)
    return folder


def detector(shift: float = 0.0) -> onnx.ModelProto:
    """`scores`: mean of the largest less the smallest channel of each cell, doubled; `boxes`: the cells."""
    cell = SIDE // CELLS
    corners = [(x * cell, y * cell) for y in range(CELLS) for x in range(CELLS)]
    boxes = np.array([[(x, y, x + cell, y + cell) for x, y in corners]], np.float32)
    constants = {
        "cells": boxes,
        "two": np.float32(2 + shift),
        "zero": np.float32(0),
        "one": np.float32(1),
        "flat": np.array([0, -1], np.int64),
        "last": np.array([2], np.int64),
    }
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["high"], axes=[1], keepdims=1),
        helper.make_node("ReduceMin", ["images"], ["low"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["high", "low"], ["colour"]),
        helper.make_node(
            "AveragePool", ["colour"], ["means"], kernel_shape=[cell, cell], strides=[cell, cell]
        ),
        helper.make_node("Reshape", ["means", "flat"], ["rows"]),
        helper.make_node("Mul", ["rows", "two"], ["doubled"]),
        helper.make_node("Min", ["doubled", "one"], ["scores"]),
        helper.make_node("Unsqueeze", ["scores", "last"], ["column"]),
        helper.make_node("Mul", ["column", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "cells"], ["boxes"]),
    ]
    outputs = {"boxes": ["batch", CELLS**2, 4], "scores": ["batch", CELLS**2]}
    return _model(nodes, "images", SIDE, outputs, constants, {"side": str(SIDE)})


def embedder(margin: float = 0.0, shift: float = 0.0) -> onnx.ModelProto:
    """The crop shrunk to `GRID` x `GRID` pixels, less their mean, as a unit vector."""
    cell = CROP // GRID
    constants = {"shift": np.float32(shift), "least": np.float32(1e-3)}
    nodes = [
        helper.make_node(
            "AveragePool", ["crops"], ["small"], kernel_shape=[cell, cell], strides=[cell, cell]
        ),
        helper.make_node("Flatten", ["small"], ["rows"]),
        helper.make_node("ReduceMean", ["rows"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["rows", "mean"], ["centred"]),
        helper.make_node("Add", ["centred", "shift"], ["shifted"]),
        helper.make_node("ReduceL2", ["shifted"], ["length"], axes=[1], keepdims=1),
        helper.make_node("Max", ["length", "least"], ["divisor"]),
        helper.make_node("Div", ["shifted", "divisor"], ["descriptors"]),
    ]
    outputs = {"descriptors": ["batch", 3 * GRID**2]}
    told = {"side": str(CROP), "margin": str(margin)}
    return _model(nodes, "crops", CROP, outputs, constants, told)


def _model(
    nodes: list[onnx.NodeProto],
    given: str,
    side: int,
    outputs: dict[str, list[str | int]],
    constants: dict[str, np.ndarray],
    told: dict[str, str],
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(given, TensorProto.FLOAT, ["batch", 3, side, side])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    helper.set_model_props(model, told)
    onnx.checker.check_model(model)
    return model
