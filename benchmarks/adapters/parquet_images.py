"""Images that lie in the cells of a Parquet file, as Hugging Face stores them, unpacked once beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from matcher.errors import UsageError

IMAGE = "image"
MAGIC = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"RIFF": ".webp", b"GIF8": ".gif"}
AT_ONCE = 64
"""Rows read at a time: images are large."""


def columns_of(path: Path) -> frozenset[str]:
    """Names of the columns; raises UsageError when it is no Parquet file."""
    return frozenset(_opened(path).schema_arrow.names)


def unpacked(path: Path, *columns: str) -> list[tuple[Path, Mapping[str, Any]]]:
    """(image as a file, the cells of `columns`) of every row.

    The column `image` is a struct with `bytes`; its images are written to `NAME.images/`, complete or not
    at all, and found there the next time. Raises UsageError without a column or at a row without an
    image.
    """
    file = _opened(path)
    missing = {IMAGE, *columns} - set(file.schema_arrow.names)
    if missing:
        raise UsageError(f"{path}: has no column {min(missing)}")
    folder = path.with_suffix(".images")
    stamp = f"{path.stat().st_size} {file.metadata.num_rows}\n"
    if not (folder / "complete").is_file() or (folder / "complete").read_text() != stamp:
        _write(path, file, folder, stamp)
    images = sorted(image for image in folder.iterdir() if image.name != "complete")
    rows = file.read(columns=list(columns)).to_pylist()
    if len(images) != len(rows):
        raise UsageError(f"{folder}: holds {len(images)} of {len(rows)} images; remove it and try again")
    return list(zip(images, rows, strict=True))


def _write(path: Path, file: pq.ParquetFile, folder: Path, stamp: str) -> None:
    part = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        row = 0
        for batch in file.iter_batches(batch_size=AT_ONCE, columns=[IMAGE]):
            for cell in batch.column(0).to_pylist():
                blob = cell.get("bytes") if isinstance(cell, dict) else None
                if not blob:
                    raise UsageError(f"{path} row {row}: has no image")
                (part / f"{row:07d}{_suffix(blob)}").write_bytes(blob)
                row += 1
        (part / "complete").write_text(stamp)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(part, folder)
    except OSError as error:
        raise UsageError(f"{folder}: images cannot be unpacked: {error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _suffix(blob: bytes) -> str:
    return next((suffix for magic, suffix in MAGIC.items() if blob.startswith(magic)), ".bin")


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path}: is no Parquet file: {error}") from error
