"""What pages show of a scan, whoever ran it: its verdicts by the page, and what failed as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from fastapi import Response
from sqlalchemy import Connection

from matcher.catalog import answers_of, count_brands, judged_after
from matcher.cells import formula_safe
from matcher.records import VerdictKind
from matcher.service.web.frame import HEADERS
from matcher.service.web.progress import BadRow

SHOWN = 50


def verdicts_of(
    connection: Connection, scan_id: int | None, kind: str, brand: str, after: int
) -> dict[str, Any]:
    """What `scan_verdicts.html` needs: the listings behind the position `after`, of one verdict and brand.

    An unknown `kind` is any; None for a scan that has not begun.
    """
    wanted = VerdictKind(kind) if kind in set(VerdictKind) else None
    found = (
        judged_after(connection, scan_id, kind=wanted, brand=brand, after=after, limit=SHOWN + 1)
        if scan_id is not None
        else []
    )
    rows = found[:SHOWN]
    brands = count_brands(connection, scan_id) if scan_id is not None else []
    return {
        "kind": wanted,
        "brand": brand,
        "after": after,
        "rows": rows,
        "following": found[SHOWN - 1].position if len(found) > SHOWN else None,
        "answers": answers_of(connection, [one.listing_row for one in rows]),
        "brands": sorted({count.brand for count in brands if count.brand}),
    }


def failures_file(rows: Iterable[BadRow], name: str) -> Response:
    """Rows that failed, as a table that no spreadsheet takes for formulas."""
    text = io.StringIO()
    written = csv.writer(text)
    written.writerow(("line", "row", "reason", "what to do"))
    for row in rows:
        written.writerow((row.line, *map(formula_safe, (row.name, row.reason, row.advice))))
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}-failures.csv"'}
    blob = text.getvalue().encode("utf-8-sig", "backslashreplace")
    return Response(blob, headers=headers, media_type="text/csv; charset=utf-8")
