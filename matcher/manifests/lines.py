"""Physical lines with their numbers, none longer than a limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

MAX_LINE = 1 << 20
"""Longest line, and longest CSV record, that is read; characters."""


def numbered_lines(text: TextIO, limit: int = MAX_LINE) -> Iterator[tuple[int, str | None]]:
    """Each line of `text` with its number from 1; None in place of a line longer than `limit`, which is
    passed over.
    """
    number = 0
    while line := text.readline(limit):
        number += 1
        if _ends(line) or len(line) < limit:
            yield number, line
            continue
        _skip_rest(text, limit)
        yield number, None


def _ends(line: str) -> bool:
    return line.endswith(("\n", "\r"))


def _skip_rest(text: TextIO, limit: int) -> None:
    while (part := text.readline(limit)) and not _ends(part):
        pass
