"""Opens the graphs of logo models: their bytes, what they say of themselves, and that they are ours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matcher.errors import ModelError
from matcher.models.onnx_session import Session, open_session

WEIGHTS = Path(__file__).parent / "weights"
DETECTOR, EMBEDDER = "logo-detector.onnx", "logo-embedder.onnx"
LARGEST_SIDE = 4096


@dataclass(frozen=True)
class LogoGraph:
    """An opened graph: its `content` for a fingerprint, its metadata, the square it sees in pixels."""

    name: str
    content: bytes
    session: Session
    metadata: Mapping[str, str]
    side: int

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A number of the metadata, `default` where it has none; raises `ModelError` outside the bounds."""
        try:
            value = float(self.metadata.get(key, default))
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise ModelError(self.name, f"its metadata says {key} is {self.metadata.get(key)!r}")
        return value


def open_graph(folder: Path, file: str, given: str) -> LogoGraph:
    """The graph `file` in `folder`, whose one input is called `given`.

    Raises `ModelError` where it is missing, damaged or no graph of a logo model.
    """
    shipped = folder == WEIGHTS
    name = f"builtin {file}" if shipped else f"onnx:{folder.name}/{file}"
    try:
        content = (folder / file).read_bytes()
    except OSError as error:
        raise ModelError(name, _absent(shipped, error)) from error
    remedy = "reinstall the package" if shipped else "name a folder of logo models"
    session = open_session(name, content, remedy)
    metadata = dict(session.get_modelmeta().custom_metadata_map)
    if [one.name for one in session.get_inputs()] != [given] or not _is_side(metadata.get("side", "")):
        raise ModelError(name, f"is no graph of ours: it needs the input {given} and a side in its metadata")
    return LogoGraph(name, content, session, metadata, int(metadata["side"]))


def _absent(shipped: bool, error: OSError) -> str:
    if shipped:
        return (
            "is not in this package: set models.logo to none, or to onnx:FOLDER for a folder that holds "
            f"{DETECTOR} and {EMBEDDER}"
        )
    return f"cannot be read: {error.strerror}; name a folder that holds {DETECTOR} and {EMBEDDER}"


def _is_side(text: str) -> bool:
    return text.isascii() and text.isdigit() and 16 <= int(text) <= LARGEST_SIDE
