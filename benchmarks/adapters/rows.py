"""Reads the tables that published sets come with; a malformed row is one line for a person."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks.datasets import IMAGE_SUFFIXES
from matcher.errors import UsageError


def csv_rows(path: Path, *columns: str) -> list[tuple[int, dict[str, str]]]:
    """(row number from 2, its cells) of a UTF-8 CSV file with a header.

    Raises UsageError without one of `columns`, or at a row with more cells than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(f"{path}: has no column {missing[0]}")
            rows = list(enumerate(reader, start=2))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    for line, row in rows:
        if None in row:
            raise wrong(path, line, "has more cells than the header")
    return rows


def cell(path: Path, line: int, row: dict[str, str], column: str) -> str:
    """The text in `column`, stripped; raises UsageError when it is empty."""
    text = row[column].strip()
    if not text:
        raise wrong(path, line, f"has no {column}")
    return text


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, text) of the lines that are not blank; raises UsageError when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, line.strip()


def fields(path: Path, count: int, separator: str | None = None) -> list[tuple[int, list[str]]]:
    """(line number from 1, exactly `count` fields); without a separator they stand apart by white space."""
    found = []
    for number, line in lines(path):
        parts = [part.strip() for part in line.split(separator)]
        if len(parts) != count:
            raise wrong(path, number, f"has {len(parts)} fields where {count} are expected")
        found.append((number, parts))
    return found


def numbers(path: Path, line: int, texts: list[str]) -> list[float]:
    """Finite numbers; raises UsageError at any other text."""
    try:
        values = [float(text) for text in texts]
    except ValueError as error:
        raise wrong(path, line, str(error)) from None
    if any(value != value or abs(value) == float("inf") for value in values):
        raise wrong(path, line, f"a number in {' '.join(texts)} is not finite")
    return values


def wrong(path: Path, line: int, reason: str) -> UsageError:
    """The error for one row."""
    return UsageError(f"{path} row {line}: {reason}")


def inside(folder: Path, name: str) -> Path:
    """The path `name` below `folder`; raises UsageError when it leads out of it."""
    path = folder / name.strip()
    if "\0" in name or not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{name!r}: leads out of {folder}; images lie below the folder of the set")
    return path


def direct_images(folder: Path) -> list[Path]:
    """The images that lie in `folder` itself, by name; empty where there is no such folder."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        names = [
            entry.name
            for entry in entries
            if os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES and entry.is_file()
        ]
    return [folder / name for name in sorted(names)]


def child_folders(folder: Path) -> list[Path]:
    """The folders in `folder` that are not hidden, by name."""
    return sorted(child for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))
