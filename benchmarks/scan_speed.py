"""Photos a second and memory of `matcher scan`, end to end in a process of its own."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from pydantic import JsonValue

from benchmarks.photo_source import MADE, PhotoSource, Series
from matcher.config import ENVIRONMENT, Settings
from matcher.errors import UsageError

BRAND = "Speed"
RELATED_EVERY = 33
"""One listing in this many, 3 %, shows an edited copy of a reference."""
FEW_LISTINGS = 1000
SAMPLE_SECONDS = 0.1
MEBIBYTE = 2**20
Command = tuple[str, ...]
Tell = Callable[[str], None]


@dataclass
class Memory:
    """Resident memory of a process and all below it, sampled; pages that processes share count in each.

    `samples`: (seconds since the start, MiB).
    """

    samples: list[tuple[float, float]] = field(default_factory=list)

    @property
    def peak(self) -> float:
        """MiB; 0 without a sample."""
        return max((size for _, size in self.samples), default=0.0)


def measure_scan(
    folder: Path,
    *,
    references: int,
    listings: int,
    workers: int = 0,
    source: PhotoSource = MADE,
    settings: Settings | None = None,
    command: Command = (),
    tell: Tell = lambda _: None,
) -> dict[str, JsonValue]:
    """Put photos into `folder`, import references, scan `FEW_LISTINGS` and then `listings`; figures as JSON.

    Photos are JPEGs, all distinct where those of `source` are, 3 % related to a reference. `settings` are the
    matcher's, None its defaults. `photos_per_second` counts from the start of the command to its end.
    `growth_mib` is the peak of the long scan less that of the short one. Takes about 0.3 MB of disk a photo.
    Raises UsageError when a command fails, or where `source` has too few photos.
    """
    source.check(references + listings)
    variables = variables_of(settings or Settings())
    shared, importing = make_catalog(
        folder, folder / "workspace", references, source,
        command=command, variables=variables, tell=tell,
    )  # fmt: skip
    tell(f"making {listings} listings")
    make_listings(folder, source.listings(references), references, listings)
    counts = dict.fromkeys((min(FEW_LISTINGS, listings), listings))
    options = ["--workers", str(workers)] if workers else []
    scans = []
    for count in counts:
        tell(f"scanning {count} listings")
        manifest, out = _manifest(folder / f"listings-{count}.csv", count), folder / f"scan-{count}"
        scan = [*shared, "scan", str(manifest), "--out", str(out), *options]
        seconds, memory = run_command(scan, variables)
        scans.append((count, seconds, memory))
    return _figures(scans, references, importing)


def make_catalog(
    folder: Path,
    workspace: Path,
    references: int,
    source: PhotoSource,
    *,
    command: Command = (),
    variables: Mapping[str, str] | None = None,
    tell: Tell,
) -> tuple[Command, float]:
    """Import `references` photos, kept in `folder`, into `workspace`.

    `command` runs the matcher, by default the installed one. Returns it on that workspace, and how many
    seconds the import took. Raises `UsageError` when a command fails.
    """
    source.keep_in(folder, references)
    tell(f"making {references} references")
    write_photos(folder / "references", source.references(), range(references))
    shared = (*(command or matcher_command()), "--workspace", str(workspace))
    run_command([*shared, "brand", "add", BRAND], variables)
    tell("importing the references")
    importing, _ = run_command(
        [*shared, "catalog", "import", str(folder / "references"), "--brand", BRAND], variables
    )
    return shared, importing


def make_listings(folder: Path, series: Series, references: int, count: int) -> None:
    """Write `count` listing photos into `folder`/listings; those that are there already stay."""
    photos = folder / "listings"
    write_photos(photos, series, (number for number in range(count) if not _related(number)))
    for number in filter(_related, range(count)):
        path = photos / f"{number:06d}.jpg"
        if not path.exists():
            source = folder / "references" / f"{number // RELATED_EVERY % references:06d}.jpg"
            path.write_bytes(series.copy_of(source.read_bytes(), number // RELATED_EVERY))


def matcher_command() -> Command:
    """The installed `matcher` beside this Python, or the same from the clone."""
    script = Path(sys.executable).with_name("matcher")
    return (
        (str(script),) if script.exists() else (sys.executable, "-c", "from matcher.cli import main; main()")
    )


def tree_memory(process: psutil.Process) -> int:
    """Resident bytes of `process` and all processes below it; one that has ended counts nothing."""
    total = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    for each in family:
        try:
            total += each.memory_info().rss
        except psutil.Error:
            continue
    return total


@contextmanager
def watched(
    process: psutil.Process, memory: Memory, measure: Callable[[psutil.Process], int] = tree_memory
) -> Iterator[None]:
    """Sample the memory of `process`, as `measure` tells it, until the block ends."""
    done = threading.Event()
    start = time.perf_counter()

    def sample() -> None:
        while not done.is_set():
            memory.samples.append((time.perf_counter() - start, measure(process) / MEBIBYTE))
            done.wait(SAMPLE_SECONDS)

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def own_memory(process: psutil.Process) -> int:
    """Resident bytes of one process without the pages of mapped files; 0 where the system does not tell."""
    try:
        info = process.memory_info()
    except psutil.Error:
        return 0
    return max(0, info.rss - info.shared) if hasattr(info, "shared") else 0


def variables_of(settings: Settings) -> dict[str, str]:
    """Variables of the environment that make a command's settings those of `settings`."""
    plain = Settings().model_dump(mode="json")
    return {
        f"{ENVIRONMENT}{section}__{key}".upper(): json.dumps(value)
        for section, values in settings.model_dump(mode="json").items()
        for key, value in values.items()
        if value != plain[section][key]
    }


def run_command(command: Sequence[str], variables: Mapping[str, str] | None = None) -> tuple[float, Memory]:
    """Seconds and memory of a command, with `variables` in its environment; `UsageError` where it fails."""
    memory = Memory()
    start = time.perf_counter()
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(variables or {})},
    ) as process:
        try:
            with watched(psutil.Process(process.pid), memory):
                _, complaint = process.communicate()
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        last = (complaint.strip().splitlines() or ["no message"])[-1]
        raise UsageError(f"{' '.join(command)} ended with code {process.returncode}: {last}")
    return time.perf_counter() - start, memory


def _figures(
    scans: list[tuple[int, float, Memory]], references: int, importing: float
) -> dict[str, JsonValue]:
    count, seconds, memory = scans[-1]
    return {
        "references": references,
        "listings": count,
        "import_seconds": round(importing, 2),
        "scan_seconds": round(seconds, 2),
        "photos_per_second": round(count / seconds, 2),
        "peak_mib": round(memory.peak, 1),
        "few_listings": scans[0][0],
        "few_peak_mib": round(scans[0][2].peak, 1),
        "growth_mib": round(memory.peak - scans[0][2].peak, 1),
        "marginal_photos_per_second": _marginal(scans),
    }


def _marginal(scans: list[tuple[int, float, Memory]]) -> float | None:
    """Photos a second between the short scan and the long one: without start-up."""
    more, longer = scans[-1][0] - scans[0][0], scans[-1][1] - scans[0][1]
    return round(more / longer, 2) if more and longer > 0 else None


def _related(number: int) -> bool:
    return number % RELATED_EVERY == RELATED_EVERY - 1


def write_photos(folder: Path, series: Series, numbers: Sequence[int] | Iterator[int]) -> None:
    """Write the photos `numbers` of a series into `folder`; those that are there already stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        path = folder / f"{number:06d}.jpg"
        if not path.exists():
            path.write_bytes(series.blob(number))


def _manifest(path: Path, count: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("listing_id", "image", "title", "price", "currency", "seller_id"))
        for number in range(count):
            image, seller = f"listings/{number:06d}.jpg", f"S-{number % 500}"
            writer.writerow((f"L-{number:06d}", image, f"Item {number}", 20 + number % 80, "EUR", seller))
    return path
