"""How near models come to a large matrix product, and search to a copy: so it is plain what bounds them.

After the roofline of Williams, Waterman and Patterson (CACM 52(4), 2009), with that product in the library
that runs the models as the roof. A model far below it moves bytes or waits, rather than multiplies.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import distribution
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from pydantic import JsonValue

from matcher.errors import UsageError
from matcher.models.logo_graphs import DETECTOR, EMBEDDER, WEIGHTS
from matcher.models.onnx_embedder import BUILTIN, OnnxEmbedder
from matcher.models.onnx_session import open_session
from matcher.models.rapidocr_reader import BOXES, LINES
from matcher.models.text_finder import BUILTIN as FINDER
from matcher.scan_engine import use_one_thread

Given = Mapping[str, NDArray[Any]]
Shapes = dict[str, tuple[int, ...]]
COUNTED = ("Conv", "ConvTranspose", "MatMul", "Gemm")
NEAR = 0.5
"""The share of its roof from which a stage is said to be bound by it."""
SEARCHED, DIMS = 200_000, 256
"""Descriptors that are searched exactly: more bytes than caches hold."""
COPIED = 64 * 2**20
"""Bytes of the array that is copied."""
SQUARE = 1024
"""Rows and columns of the matrices whose product is the roof."""
ROUNDS = 15


class Work(NamedTuple):
    """A graph and what it is given, as for a photo of four to three."""

    name: str
    graph: bytes
    given: Given


def measure_roofline(rounds: int = ROUNDS) -> dict[str, JsonValue]:
    """Results as JSON: the two roofs, and what each model and exact search reach of theirs.

    `roof_gflops`: of the product; of each model GFLOP, ms and its pace as a share of it. `memory_gbs`: of
    copying more than a cache holds, reads and writes counted; of search GB read for one query, ms and share.
    `by` says what bounds each. One thread; the median of `rounds`. A multiply-add counts as two operations.
    """
    if rounds < 1:
        raise UsageError("--rounds: give at least 1")
    roof, memory = _roof(rounds), _memory(rounds)
    metrics: dict[str, JsonValue] = {"roof_gflops": round(roof, 1), "memory_gbs": round(memory, 1)}
    by: dict[str, JsonValue] = {}
    for work in works():
        gflop = 2e-9 * multiply_adds(onnx.load_from_string(work.graph), work.given)
        session = open_session(work.name, work.graph, "")
        seconds = _median(partial(session.run, None, dict(work.given)), rounds)
        share = gflop / seconds / roof
        metrics |= {
            f"{work.name}_gflop": round(gflop, 3),
            f"{work.name}_ms": round(1000 * seconds, 2),
            f"{work.name}_share": round(share, 3),
        }
        by[work.name] = {"bound": bound("arithmetic", share)}
    gigabytes, seconds = SEARCHED * DIMS * 4e-9, _search(rounds)
    share = gigabytes / seconds / memory
    metrics |= {
        "search_gb": round(gigabytes, 3),
        "search_ms": round(1000 * seconds, 2),
        "search_share": round(share, 3),
    }
    by["search"] = {"bound": bound("memory", share)}
    return {
        "task": "roofline", "metrics": metrics, "by": by,
        "settings": {"rounds": rounds, "threads": 1, "descriptors": SEARCHED, "dims": DIMS},
    }  # fmt: skip


def bound(roof: str, share: float) -> str:
    """What bounds a stage that reaches `share` of `roof`, which it would be bound by."""
    return roof if share >= NEAR else f"neither: {share:.0%} of what {roof} would allow"


def works() -> Iterator[Work]:
    """The graphs that a scan runs, at the sizes in which it runs them."""
    photo = np.zeros((240, 320, 3), np.uint8)
    yield Work("embedder", BUILTIN.read_bytes(), OnnxEmbedder().inputs(photo))
    yield Work("text_finder", FINDER.read_bytes(), {"images": _planes(384, 512)})
    package = Path(str(distribution("rapidocr").locate_file("rapidocr/models")))
    for name, file, size in (("text_lines", BOXES, (544, 736)), ("text_letters", LINES, (48, 320))):
        graph = (package / file).read_bytes()
        yield Work(name, graph, {_first_input(graph): _planes(*size)})
    for name, file, given in (("logo_detector", DETECTOR, "images"), ("logo_embedder", EMBEDDER, "crops")):
        graph = (WEIGHTS / file).read_bytes()
        side = int({one.key: one.value for one in onnx.load_from_string(graph).metadata_props}["side"])
        yield Work(name, graph, {given: _planes(side, side)})


def multiply_adds(model: onnx.ModelProto, given: Given) -> int:
    """Multiplications with an addition that the convolutions and products of `model` do on `given`."""
    nodes = [node for node in model.graph.node if node.op_type in COUNTED]
    shapes = _shapes(model, nodes, given)
    return sum(_of_node(node, shapes) for node in nodes)


def _of_node(node: onnx.NodeProto, shapes: Shapes) -> int:
    first, second, out = (shapes[name] for name in (node.input[0], node.input[1], node.output[0]))
    if node.op_type == "Conv":
        return prod(out) * prod(second[1:])
    if node.op_type == "ConvTranspose":
        return prod(first) * prod(second[1:])
    turned = any(one.name == "transA" and one.i for one in node.attribute)
    return prod(out) * first[-2 if turned else -1]


def _shapes(model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto], given: Given) -> Shapes:
    """Of everything that goes into the nodes and comes out of them, by running the graph once."""
    known = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    known |= {name: array.shape for name, array in given.items()}
    wanted = {name for node in nodes for name in (*node.input[:2], *node.output)} - set(known)
    told = {one.name for one in model.graph.output}
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    opened.graph.output.extend(onnx.ValueInfoProto(name=name) for name in sorted(wanted - told))
    session = open_session("roofline", opened.SerializeToString(), "")
    names = [one.name for one in session.get_outputs()]
    found = zip(names, session.run(None, dict(given)), strict=True)
    return known | {name: array.shape for name, array in found}


def _roof(rounds: int) -> float:
    """GFLOP/s of a large product of matrices on one core."""
    square = (SQUARE, SQUARE)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["a", "b"], ["c"])],
        "product",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, square) for name in "ab"],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, square)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = open_session("roofline", model.SerializeToString(), "")
    given = {name: np.random.default_rng(0).random(square, np.float32) for name in "ab"}
    return 2e-9 * SQUARE**3 / _median(partial(session.run, None, given), rounds)


def _memory(rounds: int) -> float:
    """GB a second that one thread moves, as STREAM's copy counts them (McCalpin, 1995)."""
    source, target = np.ones(COPIED, np.uint8), np.empty(COPIED, np.uint8)
    return 2e-9 * COPIED / _median(partial(np.copyto, target, source), rounds)


def _search(rounds: int) -> float:
    """Seconds of one query among `SEARCHED` descriptors, all of them compared, as a small gallery does."""
    vectors = np.random.default_rng(0).standard_normal((SEARCHED, DIMS), np.float32)
    index = faiss.IndexFlatIP(DIMS)
    index.add(vectors)
    use_one_thread()
    return _median(partial(index.search, vectors[:1], 10), rounds)


def _median(work: Callable[[], object], rounds: int) -> float:
    """Seconds, after one round that does not count."""
    seconds = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[1:]))


def _planes(height: int, width: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).random((1, 3, height, width), np.float32)


def _first_input(graph: bytes) -> str:
    return str(onnx.load_from_string(graph).graph.input[0].name)
