"""Tiny sets in published layouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.datasets import TruthSet
from tests.benchmarks.drawings import drawn_photo, save


def photos(folder: Path, *names: str) -> Path:
    """A drawn photo for each name."""
    for number, name in enumerate(names):
        save(drawn_photo(number), folder / name)
    return folder


def text(path: Path, *lines: str) -> Path:
    """A text file of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def parquet(path: Path, images: Sequence[Path | None], **columns: Sequence[Any]) -> Path:
    """Images in cells, as Hugging Face writes them, beside other columns."""
    cells: list[Mapping[str, Any]] = [
        {"bytes": image.read_bytes() if image else None, "path": None} for image in images
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = {"image": pa.array(cells, kind), **{name: pa.array(list(them)) for name, them in columns.items()}}
    pq.write_table(pa.table(table), path)
    return path


def truth_of(made: TruthSet) -> dict[str, set[str]]:
    return {query.query_id: set(query.truth) for query in made.queries}


def kinds_of(made: TruthSet) -> dict[str, str]:
    return {query.query_id: query.kind for query in made.queries}


def ids_of(made: TruthSet) -> list[str]:
    return [reference.reference_id for reference in made.references]
