"""Runs the demo: draws the set, imports the catalogs, scans the listings and compares with the truth."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from matcher.assembly import build_galleries
from matcher.catalog import add_brand, import_references
from matcher.config import Settings
from matcher.demo import BrandFiles, DemoSet, make_demo
from matcher.errors import MatcherError, UsageError
from matcher.files import replacing
from matcher.manifests import Row, manifest_folder, read_listings, read_references
from matcher.policy import load_policy
from matcher.records import FailedRow, ImageRole, ReferenceRow, VerdictKind
from matcher.scan import Progress, ScanRequest, ScanSummary, run_scan
from matcher.sources import ImageSource
from matcher.workspace import Workspace

MARK = "demo.json"
"""Says that a folder is a demo's, from before the first file is drawn."""
PARTS = ("set", "workspace", "scan")
"""The folders that are a demo's own, and that another demo replaces."""
Tell = Callable[[str, int | None], None]
"""Called with what begins and, where that is known, how many parts it has."""


@dataclass(frozen=True)
class KindResult:
    """What became of one kind of listing."""

    kind: str
    expected: VerdictKind
    got: dict[VerdictKind, int]

    @property
    def listings(self) -> int:
        """How many listings of the kind have a verdict."""
        return sum(self.got.values())

    @property
    def right(self) -> int:
        """How many got the verdict that a fair reviewer would give."""
        return self.got[self.expected]


@dataclass(frozen=True)
class DemoResult:
    """A finished demo: where it lies and how it went, kind by kind in the order of the truth's verdicts."""

    folder: Path
    summary: ScanSummary
    kinds: tuple[KindResult, ...]


def run_demo(
    out: Path,
    *,
    settings: Settings | None = None,
    tell: Tell,
    progress: Progress | None = None,
) -> DemoResult:
    """Make the demo in `out`; `tell` hears what comes next, `progress` how the scan goes.

    A former demo there is replaced, other files beside it stay. Raises `UsageError` where `out` holds
    something else, and `MatcherError` where a part of the set cannot be taken in.
    """
    clear(out)
    tell("drawing brands, products and listings", None)
    drawn = make_demo(out / "set")
    with Workspace.open(out / "workspace", settings or Settings()) as workspace:
        tell("importing the catalogs", None)
        for files in drawn.brands:
            import_brand(workspace, files)
        build_galleries(workspace).catch_up()
        tell("scanning the listings", sum(1 for _ in read_listings(drawn.listings)))
        request = ScanRequest(manifest=drawn.listings, out=out / "scan", title="Demo: invented brands")
        summary = run_scan(workspace, load_policy(), request, progress=progress)
    return DemoResult(out, summary, tuple(results(drawn, out / "scan" / "verdicts.jsonl")))


def clear(out: Path) -> None:
    """Make `out` ready; raises `UsageError` where it holds what is no demo."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; name a folder with --out")
    former = (out / MARK).is_file()
    if out.is_dir() and any(out.iterdir()) and not former:
        raise UsageError(f"{out} is not empty and holds no demo; name a new folder with --out")
    for name in PARTS:
        part = out / name
        if part.is_symlink():
            raise UsageError(f"{part} is a link, which no demo made; name a new folder with --out")
        try:
            if part.exists():
                shutil.rmtree(part)
        except OSError as error:
            raise UsageError(f"{part}: a former demo cannot be replaced: {error.strerror}") from error
    with replacing(out / MARK) as (file,):
        file.write(json.dumps({"made by": "matcher demo", "folders": PARTS}).encode() + b"\n")


def import_brand(workspace: Workspace, files: BrandFiles) -> None:
    """The brand with its logo, references and known counterfeits; raises `MatcherError` where one fails."""
    with workspace.database.write() as connection:
        add_brand(connection, files.brand)
    name = files.brand.name
    logo = Row(1, ReferenceRow(reference_id=files.logo.stem, images=(files.logo.name,), brand=name))
    taken: tuple[tuple[ImageRole, Path, list[Row[ReferenceRow] | FailedRow]], ...] = (
        (ImageRole.LOGO, files.logo, [logo]),
        (ImageRole.REFERENCE, files.catalog, list(read_references(files.catalog))),
        (
            ImageRole.KNOWN_COUNTERFEIT,
            files.known_counterfeits,
            list(read_references(files.known_counterfeits)),
        ),
    )
    for role, path, rows in taken:
        with ImageSource(manifest_folder(path), workspace.settings) as source:
            summary = import_references(
                workspace.database, workspace.store, rows, source.read,
                brand=name, role=role, settings=workspace.settings.images, source=str(path),
            )  # fmt: skip
        if summary.failed:
            first = summary.failed[0]
            raise MatcherError(f"{path}:{first.line}: {first.reason}")


def results(drawn: DemoSet, verdicts: Path) -> Iterator[KindResult]:
    """What each kind of listing got, the kinds that should be clear first."""
    with drawn.truth.open(encoding="utf-8", newline="") as file:
        truth = {
            row["listing_id"]: (row["kind"], VerdictKind(row["verdict"])) for row in csv.DictReader(file)
        }
    kinds = {
        kind: KindResult(kind, expected, dict.fromkeys(VerdictKind, 0)) for kind, expected in truth.values()
    }
    with verdicts.open(encoding="utf-8") as file:
        for line in file:
            verdict = json.loads(line)
            kinds[truth[verdict["listing_id"]][0]].got[VerdictKind(verdict["verdict"])] += 1
    severity = list(VerdictKind)
    yield from sorted(kinds.values(), key=lambda one: (severity.index(one.expected), one.kind))
