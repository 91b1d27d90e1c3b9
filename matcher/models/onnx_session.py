"""Opens an ONNX graph on one thread: workers share the cores, and an image always gives the same digits."""

from __future__ import annotations

import os
from typing import Any, Protocol, cast

from matcher.errors import ModelError

# ONNX Runtime 1.31 and later write telemetry files unless told not to before the first import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime


class Session(Protocol):
    """What is used of an ONNX Runtime session."""

    def run(self, names: None, given: dict[str, Any]) -> list[Any]:
        """The graph's outputs, all of them."""
        ...

    def get_inputs(self) -> list[Any]:
        """What the graph wants to be given, each with its `name`."""
        ...

    def get_outputs(self) -> list[Any]:
        """What the graph gives, each with its `name` and `shape`."""
        ...

    def get_modelmeta(self) -> Any:
        """What the graph says of itself: `custom_metadata_map`."""
        ...


def open_session(name: str, graph: bytes, remedy: str) -> Session:
    """The loaded graph on the CPU; raises `ModelError` with `remedy` where it cannot be loaded."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Photos differ in size, and what is kept for each size seen fills memory and saves no time.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no base of their own
        raise ModelError(name, f"its weights are damaged; {remedy}") from error
    return cast(Session, session)
