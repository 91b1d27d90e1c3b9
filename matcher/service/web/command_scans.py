"""Scans that commands ran into the same workspace, as pages: verdicts lead to review as of any other."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from matcher.catalog import Scope, count_failures, count_verdicts
from matcher.service.jobs import verdict_lines_of
from matcher.service.paging import LARGEST
from matcher.service.web.frame import PageRoute, render
from matcher.service.web.progress import VERDICTS, bad_listings
from matcher.service.web.runs import command_scan, of_scan
from matcher.service.web.scanned import failures_file, verdicts_of
from matcher.service.web.scans import SHOWN_FAILURES
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Reader = Annotated[Visitor, admitted(Scope.SCANS_READ)]
ScanNumber = Annotated[int, Path(ge=1, le=LARGEST)]


@router.get("/scans/command/{scan}")
def show(
    request: Request,
    visitor: Reader,
    scan: ScanNumber,
    kind: str = "",
    brand: str = "",
    after: Annotated[int, Query(ge=-1, le=LARGEST)] = -1,
) -> Response:
    """One scan as far as it is committed."""
    with visitor.caller.read() as connection:
        found = command_scan(connection, visitor.caller.owner_id, scan)
        counts = count_verdicts(connection, scan)
        return render(
            request,
            "command_scan.html",
            run=of_scan(connection, found),
            finished=found.finished,
            scan_id=scan,
            counts={one: counts[one] for one in VERDICTS},
            failed=count_failures(connection, scan),
            failures=list(islice(bad_listings(connection, scan, of_command=True), SHOWN_FAILURES)),
            entries=False,
            **verdicts_of(connection, scan, kind, brand, after),
        )


@router.get("/scans/command/{scan}/failures.csv")
def failures(visitor: Reader, scan: ScanNumber) -> Response:
    """All rows that failed, as a table that no spreadsheet takes for formulas."""
    with visitor.caller.read() as connection:
        command_scan(connection, visitor.caller.owner_id, scan)
        return failures_file(bad_listings(connection, scan, of_command=True), f"scan-{scan}")


@router.get("/scans/command/{scan}/verdicts.ndjson")
def verdicts(visitor: Reader, scan: ScanNumber) -> Response:
    """All verdicts so far as a file, a JSON object a line."""
    with visitor.caller.read() as connection:
        command_scan(connection, visitor.caller.owner_id, scan)
    headers = {"Content-Disposition": f'attachment; filename="scan-{scan}.ndjson"'}
    lines = verdict_lines_of(visitor.caller, scan)
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)
