"""Reads `verdicts.jsonl` back, a verdict at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from matcher.errors import ManifestError
from matcher.records import Verdict

VERDICTS = "verdicts.jsonl"


def read_verdicts(path: Path) -> Iterator[Verdict]:
    """The verdicts of a scan's folder, or of one such file, in order; scores have four decimals there.

    Raises `ManifestError`, naming the line, where the file is missing or is none of a scan's.
    """
    file = path / VERDICTS if path.is_dir() else path
    try:
        opened = file.open("rb")
    except OSError as error:
        raise ManifestError(str(file), f"cannot be read: {error.strerror}; name a scan's folder") from error
    with opened as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield Verdict.model_validate_json(line)
            except ValidationError as error:
                what = error.errors()[0]
                place = ".".join(map(str, what["loc"])) or "line"
                raise ManifestError(f"{file}:{number}", f"is no verdict: {place}: {what['msg']}") from error
