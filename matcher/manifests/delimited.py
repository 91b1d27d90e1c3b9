"""Reads CSV and its kin: comma, tab, semicolon or pipe between the cells, with quotes where needed."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from matcher.errors import ManifestError
from matcher.manifests.columns import is_id, is_known
from matcher.manifests.encodings import UNDECODABLE, open_text
from matcher.manifests.lines import MAX_LINE, numbered_lines
from matcher.manifests.opening import READ_ERRORS, explained
from matcher.manifests.rows import Cells, Columns, Item, Row, shortened, unreadable

DELIMITERS = (",", "\t", ";", "|")

MAX_RECORD_LINES = 500
"""Physical lines one record may span before its quote counts as never closed."""

_REREADS = 1_000
"""How many unclosed quotes are mended by reading on from the next line; a file with more loses what they
span.
"""


class _EndlessError(Exception):
    """A record is longer than any honest one."""


class _Feed:
    """Gives the csv module the lines of one record at a time, and takes them back if the record was none."""

    def __init__(self, text: TextIO) -> None:
        self._lines = numbered_lines(text)
        self._waiting: deque[tuple[int, str | None]] = deque()
        self.taken: list[tuple[int, str]] = []
        self.rereads = _REREADS

    def begin(self) -> None:
        """The next line is the first of a record."""
        self.taken = []

    @property
    def line(self) -> int:
        """Where the present record begins."""
        return self.taken[0][0] if self.taken else 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        number, line = self._waiting.popleft() if self._waiting else next(self._lines)
        if self.taken and (len(self.taken) >= MAX_RECORD_LINES or line is None or self._size() > MAX_LINE):
            self._waiting.appendleft((number, line))
            raise _EndlessError("a quote is never closed")
        if line is None:
            self.taken = [(number, "")]
            raise _EndlessError(f"the line is longer than {MAX_LINE:,} characters")
        self.taken.append((number, line))
        return line

    def _size(self) -> int:
        return sum(len(line) for _, line in self.taken) if len(self.taken) % 16 == 0 else 0

    def read_on_after_first_line(self) -> int:
        """Take back all but the first line of a bad record; the number of its last line that stays lost."""
        if len(self.taken) > 1 and self.rereads > 0:
            self.rereads -= 1
            self._waiting.extendleft(reversed(self.taken[1:]))
            self.taken = self.taken[:1]
        return self.taken[-1][0]


def read_delimited(path: Path) -> Iterator[Item]:
    """The columns of a delimited text file, then its rows; `line` is the physical line a record starts on.

    A record with a stray or unclosed quote, more cells than the header, or an undecodable byte is a row with
    a problem, and reading goes on with the next line. Blank lines and rows of empty cells are passed over.
    Raises `ManifestError` if there is no header.
    """
    with open_text(path) as text:
        feed = _Feed(text)
        try:
            delimiter, names = _header(feed)
        except (StopIteration, csv.Error, _EndlessError) as error:
            raise ManifestError(
                str(path), f"has no readable header line: {str(error) or 'it is empty'}"
            ) from None
        yield Columns(names)
        yield from _rows(feed, delimiter, names)


def _header(feed: _Feed) -> tuple[str, tuple[str, ...]]:
    """The delimiter and the column names; the line is the first that is not blank, after Excel's `sep=`."""
    declared = ""
    for line in feed:
        if line.strip().lower().startswith("sep=") and len(line.strip()) == 5:
            declared = line.strip()[4]
        elif line.strip("\ufeff \t\r\n"):
            delimiter = declared or sniff_delimiter(line)
            return delimiter, tuple(
                next(csv.reader([line.lstrip("\ufeff")], delimiter=delimiter, strict=True))
            )
        feed.begin()
    raise StopIteration


def sniff_delimiter(header: str) -> str:
    """The delimiter that splits a header line into the most column names that are known, an id among them."""

    def worth(delimiter: str) -> tuple[bool, int, int]:
        names = next(csv.reader([header.lstrip("\ufeff")], delimiter=delimiter), [])
        return any(map(is_id, names)), sum(map(is_known, names)), len(names)

    return max(DELIMITERS, key=worth)


def _rows(feed: _Feed, delimiter: str, names: tuple[str, ...]) -> Iterator[Row[Cells]]:
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.begin()
        try:
            values = next(reader)
        except StopIteration:
            return
        except (csv.Error, _EndlessError) as error:
            yield _mended(feed, delimiter, names, str(error))
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
            continue
        except READ_ERRORS as error:
            yield unreadable(feed.line, f"the rest of the file cannot be read: {explained(error)}")
            return
        if any(values):
            yield Row(feed.line, Cells(names, tuple(values), _problem(feed, values, names)))


def _problem(feed: _Feed, values: list[str], names: tuple[str, ...]) -> str:
    if any(UNDECODABLE in line for _, line in feed.taken):
        return "holds bytes that are not in the file's encoding"
    if len(values) > len(names) and any(values[len(names) :]):
        return f"has {len(values)} cells where the header has {len(names)}"
    return ""


def _mended(feed: _Feed, delimiter: str, names: tuple[str, ...], reason: str) -> Row[Cells]:
    """What becomes of a record the csv module refuses."""
    line = feed.line
    last = feed.read_on_after_first_line()
    first = feed.taken[0][1]
    if delimiter == "\t":
        # Tab-separated files often do without quoting, so that a title may begin with a quote.
        plain = tuple(first.rstrip("\r\n").split("\t"))
        if len(plain) == len(names) and UNDECODABLE not in first:
            return Row(line, Cells(names, plain))
    near = f" (near {shortened(first.strip(), 40)})" if first else ""
    lost = f"; lines {line} to {last} are lost" if last > line else ""
    return unreadable(line, f"is not well-formed: {reason}{lost}{near}")
