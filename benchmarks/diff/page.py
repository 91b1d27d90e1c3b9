"""Writes the differences of two scans as one self-contained HTML page, in the style of a scan's report."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

import matcher.report
from benchmarks.diff.changes import Change, ScanDiff
from matcher.files import replacing
from matcher.records import VerdictKind
from matcher.report import ReportRow, words
from matcher.report.card import card
from matcher.report.templating import templates_of

KINDS = tuple(reversed(VerdictKind))


def write_diff(path: Path, diff: ScanDiff, rows: Iterable[tuple[Change, ReportRow]]) -> int:
    """Write the page, a listing at a time; returns how many are on it.

    It asks for nothing outside itself and runs no script. The same input gives the same bytes. Raises
    UsageError where `path` cannot be written.
    """
    style, count = _style(), 0
    templates = _templates()
    with replacing(path) as (file,):
        head = {"diff": diff, "style": style, "policy": _security_policy(style), "kinds": KINDS}
        file.write(_encoded(templates.get_template("head.html").render(head)))
        one = templates.get_template("change.html")
        for count, (change, row) in enumerate(rows, 1):
            file.write(_encoded(one.render(change=change, card=card(row, count - 1), kinds=KINDS)))
        file.write(_encoded(templates.get_template("foot.html").render(diff=diff, count=count)))
    return count


@cache
def _templates() -> Environment:
    templates = templates_of("benchmarks.diff")
    templates.filters.update(signed=words.signed, signal=words.signal_name)
    return templates


@cache
def _style() -> Markup:
    """The report's style and what this page adds: both ship with the project, so no text of a user's."""
    report = Path(matcher.report.__file__).parent / "templates"
    places = (report / "listing.css", report / "report.css", _here("diff.css"))
    return Markup("\n".join(place.read_text(encoding="utf-8").strip() for place in places))  # noqa: S704


def _here(name: str) -> Path:
    return Path(__file__).parent / "templates" / name


def _security_policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    parts = ("default-src 'none'", "img-src data:", f"style-src 'sha256-{digest}'", "base-uri 'none'")
    return "; ".join((*parts, "form-action 'none'"))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
