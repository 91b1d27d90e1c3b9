"""Reads JSON lines (one object a line) and files that are one JSON array of objects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from matcher.errors import ManifestError
from matcher.manifests.columns import is_image
from matcher.manifests.encodings import UNDECODABLE, open_text
from matcher.manifests.lines import MAX_LINE, numbered_lines
from matcher.manifests.opening import READ_ERRORS, explained
from matcher.manifests.rows import Cells, Item, Numeral, Row, Unusable, unreadable, with_columns

MAX_ARRAY = 64 * 2**20
"""Longest JSON array file that is read, characters: it must be held whole; JSON lines have no such limit."""

_SPACE = re.compile(r"[\s\ufeff]*")


def _no_number(name: str) -> Unusable:
    return Unusable(f"is {name}")


# Numbers keep the digits they are written with: an id of 40 digits or of `1.0` comes out as it went in.
_DECODER = json.JSONDecoder(parse_int=Numeral, parse_float=Numeral, parse_constant=_no_number)


def read_json_lines(path: Path) -> Iterator[Item]:
    """The columns that the first objects name, then a row for each line; `line` is the physical line."""
    with open_text(path) as text:
        yield from with_columns(_line_rows(text))


def read_json_array(path: Path) -> Iterator[Item]:
    """The same for one JSON array of objects; `line` is the place in the array, from 1.

    Raises `ManifestError` above `MAX_ARRAY` characters. What follows a syntax error cannot be read.
    """
    with open_text(path) as text:
        try:
            whole = text.read(MAX_ARRAY + 1)
        except READ_ERRORS as error:
            raise ManifestError(str(path), f"cannot be read: {explained(error)}") from error
        if len(whole) > MAX_ARRAY:
            raise ManifestError(str(path), "is too large for one JSON array; write one object a line (JSONL)")
        yield from with_columns(_array_rows(whole))


def _line_rows(text: TextIO) -> Iterator[Row[Cells]]:
    number = 0
    try:
        for number, line in numbered_lines(text):
            if line is None:
                yield unreadable(number, f"the line is longer than {MAX_LINE:,} characters")
            elif line.strip("\ufeff \t\r\n"):
                yield Row(number, _parsed(line))
    except READ_ERRORS as error:
        yield unreadable(number + 1, f"the rest of the file cannot be read: {explained(error)}")


def _parsed(line: str) -> Cells:
    try:
        found = _DECODER.decode(line.strip("\ufeff \t\r\n"))
    except (ValueError, RecursionError) as error:
        return Cells((), (), _json_problem(error))
    problem = "holds bytes that are not in the file's encoding" if UNDECODABLE in line else ""
    return _cells(found, problem)


def _array_rows(whole: str) -> Iterator[Row[Cells]]:
    at, number = _after_space(whole, _after_space(whole, 0) + 1), 0
    while whole[at : at + 1] != "]":
        number += 1
        try:
            found, at = _DECODER.raw_decode(whole, at)
        except (ValueError, RecursionError) as error:
            yield unreadable(number, f"{_json_problem(error)}; the rest of the array cannot be read")
            return
        yield Row(number, _cells(found, ""))
        at = _after_space(whole, at)
        if whole[at : at + 1] == ",":
            at = _after_space(whole, at + 1)
        elif whole[at : at + 1] != "]":
            yield unreadable(number + 1, "a comma or ']' is missing; the rest of the array cannot be read")
            return


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _json_problem(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} at column {error.colno}"
    return "is nested too deeply" if isinstance(error, RecursionError) else f"is not JSON: {explained(error)}"


def _cells(found: Any, problem: str) -> Cells:
    if not isinstance(found, dict):
        return Cells((), (), problem or "is not a JSON object")
    return Cells(tuple(found), tuple(cell_text(name, value) for name, value in found.items()), problem)


def cell_text(name: str, value: Any) -> str:
    """A JSON value as the text of a cell: null is empty, a list of texts is joined for a column of images."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and is_image(name) and all(isinstance(part, str) for part in value):
        return next((part for part in value if isinstance(part, Unusable)), "|".join(value))
    return Unusable("is a list" if isinstance(value, list) else "is an object")
