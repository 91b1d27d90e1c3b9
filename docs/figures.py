"""Figures in Markdown that come from results files: a mark after each says which, and how it is written.

    µAP 0.989<!--= readme.json parts/copies-clothing-matcher/metrics/uAP .3f -->

names a file of benchmarks/results/, the way to a value in it (by `/`; a last `#` counts what is there) and a
Python format. `python docs/generate.py` writes the figures, tests/test_docs.py fails where one is not as it
would be written or a measured figure has no mark. `<!--typed: WHY -->` marks one without a results file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
NUMBER = r"[-−]?\d+(?:[.,]\d+)*(?: ?%)?"
MARKED = re.compile(rf"(?P<shown>{NUMBER})(?P<mark><!--= (?P<file>[\w.-]+) (?P<way>\S+) (?P<form>\S+) -->)")
ANY_MARK = re.compile(r"<!--=.*?-->")
TYPED = re.compile(rf"{NUMBER}<!--typed: [^>]+-->")
GENERATED = re.compile(r"<!-- begin: generated.*?<!-- end: generated -->", re.DOTALL)
SHARE = re.compile(r"(?<![\w.,/@-])[01]\.\d{2,}(?![\w.])")
DEFINITIONS = re.compile(r"9[05] % (?:precision|intervals?)|[Rr]@P?\d+")


def filled(text: str, results: Path = RESULTS) -> str:
    """`text` with every marked figure as its results file has it; raises `ValueError` where there is none."""
    return MARKED.sub(lambda found: f"{_written(found, results)}{found['mark']}", text)


def broken(text: str) -> list[str]:
    """Marks that stand after no number or are misspelt."""
    return ANY_MARK.findall(MARKED.sub("", text))


def unmarked(text: str) -> list[str]:
    """Figures that look measured and have no mark: shares to two places, numbers under `figure` in tables.

    What is generated needs none.
    """
    plain = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    plain = GENERATED.sub("", plain)
    plain = TYPED.sub("", MARKED.sub("", plain))
    plain = re.sub(r"<!--.*?-->|`[^`\n]*`|\]\([^)]*\)", "", plain, flags=re.DOTALL)
    found = SHARE.findall(plain)
    for cell in _figure_cells(plain):
        found += re.findall(rf"(?<![\w@.]){NUMBER}", DEFINITIONS.sub("", cell))
    return found


def _figure_cells(text: str) -> Iterator[str]:
    """The cells under a heading `figure`."""
    column: int | None = None
    for line in text.splitlines():
        if not line.startswith("|"):
            column = None
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if column is None:
            column = cells.index("figure") if "figure" in cells else -1
        elif 0 <= column < len(cells):
            yield cells[column]


def _written(found: re.Match[str], results: Path) -> str:
    try:
        return format(_value(results / found["file"], found["way"]), found["form"])
    except (OSError, KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"{found['mark']}: {type(error).__name__}: {error}") from error


def _value(path: Path, way: str) -> Any:
    value = _read(path)
    for step in way.removesuffix("#").split("/"):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return len(value) if way.endswith("#") else value


@cache
def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
