"""Rows in, one self-contained HTML file out, a card at a time."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from markupsafe import Markup

from matcher.files import replacing
from matcher.records import VerdictKind
from matcher.report import words
from matcher.report.card import card
from matcher.report.rows import ReportRow, ReportSummary
from matcher.report.templating import templates_of

KINDS = (VerdictKind.COUNTERFEIT, VerdictKind.REVIEW, VerdictKind.CLEAR)
"""The verdicts in the order a reviewer reads them."""


def write_report(path: Path, summary: ReportSummary, rows: Iterable[ReportRow]) -> None:
    """Write the report to `path`, in the order of `rows`, which is read once and one row at a time.

    The file asks for nothing outside itself: pictures are `data:` addresses, its one style and one script
    are named by hash in its Content-Security-Policy. It is whole or absent, and the same input gives the
    same bytes. Raises `UsageError` where `path` cannot be written or a thumbnail is not WebP, JPEG or PNG.
    """
    templates = templates_of("matcher.report")
    style, script = _source("listing.css") + "\n" + _source("report.css"), _source("report.js")
    head = templates.get_template("head.html").render(
        summary=summary,
        kinds=KINDS,
        style=style,
        security_policy=_security_policy(style, script),
        signals=words.SIGNAL_NAMES,
    )
    one = templates.get_template("card.html")
    foot = templates.get_template("foot.html")
    with replacing(path) as [file]:
        file.write(_encoded(head))
        count = 0
        for count, row in enumerate(rows, 1):
            file.write(_encoded(one.render(card=card(row, count - 1))))
        file.write(_encoded(foot.render(summary=summary, count=count, script=script)))


@cache
def _source(name: str) -> Markup:
    """A file that ships with the report, so no text of a user's."""
    text = (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8").strip()
    return Markup(text)  # noqa: S704


def _security_policy(style: str, script: str) -> str:
    parts = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": _digest(style),
        "script-src": _digest(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def _digest(source: str) -> str:
    """A source expression that allows exactly this inline text (CSP level 3, section 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode('ascii')}'"


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
