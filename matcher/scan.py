"""A batch run: listings in, verdicts out, committed by the chunk so that a kill loses and doubles nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from matcher.catalog import (
    ImageStore,
    Scan,
    commit_chunk,
    count_brands,
    count_failures,
    count_photo_failures,
    count_verdicts,
    finish_scan,
    iterate_failures,
    iterate_verdicts,
)
from matcher.examining import Examined
from matcher.faults import commit_point
from matcher.manifests import Row, read_listings
from matcher.outputs import write_outputs
from matcher.policy import Policy
from matcher.records import FailedRow, VerdictKind
from matcher.scan_engine import CACHE as CACHE
from matcher.scan_engine import Answer, Engine, Entry, OpenEngine, local_engine
from matcher.scan_engine import prepare_worker as prepare_worker
from matcher.scan_report import write_scan_report
from matcher.scan_start import ScanRequest as ScanRequest
from matcher.scan_start import ScanTerms, begin, snapshot_of
from matcher.snapshot import Snapshot
from matcher.sources import archive_limits
from matcher.workers import Lost
from matcher.workspace import Workspace

ENTRIES_PER_PHOTO = 4
"""A chunk ends after `chunk_photos` photos, or this many times as many rows: some have no photo."""


@dataclass(frozen=True)
class ScanSummary:
    """How a scan ended, ready to be shown; `seconds` and `photos` are of this run, not of what it resumed.

    `failed` counts the lines of errors.jsonl, `failed_photos` those of them about photos of listings that
    have a verdict from their other photos.
    """

    scan_id: int
    listings: int
    counts: dict[VerdictKind, int]
    failed: int
    photos: int
    seconds: float
    out: Path
    failed_photos: int = 0

    @property
    def photos_per_second(self) -> float:
        """Photos of this run over its seconds, which begin when the workers are started."""
        return self.photos / self.seconds if self.seconds > 0 else 0.0


Progress = Callable[[int, int], None]
"""Called with (rows committed, photos examined in this run)."""


def run_scan(
    workspace: Workspace,
    policy: Policy,
    request: ScanRequest,
    *,
    progress: Progress | None = None,
    engine: OpenEngine = local_engine,
    take: Callable[[], Snapshot] | None = None,
) -> ScanSummary:
    """Examine every listing of the manifest and write the outputs into `request.out`.

    `take` gives the snapshot of a new scan, None: one is taken now. Raises `ScanError` when `out`
    holds another scan, or one that cannot be resumed; `ManifestError` when the manifest as a whole cannot be
    read.
    """
    entries = read_listings(request.manifest, archive_limits(workspace.settings))
    scan = begin(workspace, policy, request, take)
    photos, started = 0, time.monotonic()
    if scan.state == "running":
        opened = engine(workspace, request, snapshot_of(workspace, scan).folder)
        photos, started = _examine_all(workspace, request, scan, entries, progress, opened)
    return _finish(workspace, request, scan, photos, time.monotonic() - started)


def _examine_all(
    workspace: Workspace,
    request: ScanRequest,
    scan: Scan,
    entries: Iterator[Entry],
    progress: Progress | None,
    engine: Engine,
) -> tuple[int, float]:
    """Examine from the scan's position on; returns this run's photos and when the first chunk went out."""
    settings = workspace.settings.scan
    rest = islice(entries, scan.position, request.limit)
    position, photos, started = scan.position, 0, time.monotonic()
    answers = _answers(workspace.store, engine, chunked(rest, settings.chunk_photos))
    try:
        for chunk, results in answers:
            examined = [
                _settled(entry, result, str(request.manifest))
                for entry, result in zip(chunk, results, strict=True)
            ]
            done = [one.result for one in examined if one.result]
            failed = [failure for one in examined for failure in one.failed]
            with workspace.database.write() as connection:
                commit_chunk(connection, scan.scan_id, position, done, failed, position + len(chunk))
            commit_point("scan:chunk-committed")
            position, photos = position + len(chunk), photos + sum(len(result.photos) for result in done)
            if progress:
                progress(position, photos)
    finally:
        answers.close()
        engine.close()
    with workspace.database.write() as connection:
        finish_scan(connection, scan.scan_id, position)
    commit_point("scan:finished")
    return photos, started


def _answers(
    store: ImageStore, engine: Engine, chunks: Iterator[list[Entry]]
) -> Generator[Answer, None, None]:
    """Each chunk with its results; no image file is swept between a worker's putting it and the commit.

    A purge that waits has its turn as soon as the chunks under way are committed.
    """
    exhausted = False

    def until_a_sweep_waits() -> Iterator[list[Entry]]:
        nonlocal exhausted
        while not store.sweep_waits():
            chunk = next(chunks, None)
            if chunk is None:
                exhausted = True
                return
            yield chunk

    while not exhausted:
        with store.keeping():
            yield from engine.run(until_a_sweep_waits())


def chunked(entries: Iterable[Entry], photos: int) -> Iterator[list[Entry]]:
    """Whole listings, together at least `photos` photos or a bounded number of rows, in order."""
    chunk: list[Entry] = []
    held = 0
    for entry in entries:
        chunk.append(entry)
        held += len(entry.value.images) if isinstance(entry, Row) else 0
        if held >= photos or len(chunk) >= photos * ENTRIES_PER_PHOTO:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


def _settled(entry: Entry, result: Examined | Lost, source: str) -> Examined:
    """A lost listing becomes an error row."""
    if isinstance(result, Examined):
        return result
    listing_id, line = (
        (entry.value.listing_id, entry.line) if isinstance(entry, Row) else (entry.listing_id, entry.line)
    )
    return Examined(None, (FailedRow(source=source, line=line, listing_id=listing_id, reason=result.reason),))


def _finish(
    workspace: Workspace, request: ScanRequest, scan: Scan, photos: int, seconds: float
) -> ScanSummary:
    """Write the outputs from the database, which holds the whole scan by now."""
    scan_id = scan.scan_id
    with workspace.database.read() as connection:
        counts, failed = count_verdicts(connection, scan_id), count_failures(connection, scan_id)
        of_photos = count_photo_failures(connection, scan_id)
        summary = ScanSummary(
            scan_id, sum(counts.values()), counts, failed, photos, seconds, request.out, of_photos
        )
        brands = [
            vars(count) | {"verdict": count.verdict.value} for count in count_brands(connection, scan_id)
        ]
        write_outputs(
            request.out,
            iterate_verdicts(connection, scan_id),
            iterate_failures(connection, scan_id),
            _facts(summary, scan, brands),
            csv=request.csv,
        )
        write_scan_report(connection, workspace, scan, summary, request)
    for leftover in (CACHE, f"{CACHE}-wal", f"{CACHE}-shm"):
        (request.out / leftover).unlink(missing_ok=True)
    return summary


def _facts(summary: ScanSummary, scan: Scan, brands: Sequence[dict[str, Any]]) -> dict[str, Any]:
    terms = ScanTerms.of(scan)
    return {
        "scan": summary.scan_id,
        "listings": summary.listings,
        "verdicts": {kind.value: count for kind, count in summary.counts.items()},
        "failed_rows": summary.failed,
        "failed_photos": summary.failed_photos,
        "brands": list(brands),
        "policy": terms.policy,
        "snapshot": scan.snapshot,
        "models": terms.models,
        "photos_this_run": summary.photos,
        "seconds_this_run": round(summary.seconds, 1),
    }
