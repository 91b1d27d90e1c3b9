"""The task `scan` of a plan: photos a second and memory of a whole `matcher scan`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pydantic import Field

from benchmarks.made_photos import SIZE
from benchmarks.options import Options, read_options
from benchmarks.peers.environments import NotRunError
from benchmarks.photo_source import PhotoSource
from benchmarks.scan_speed import measure_scan

if TYPE_CHECKING:
    from benchmarks.plan import PlannedPart
    from benchmarks.tasks import Outcome, Tell


class ScanOptions(Options):
    """What a set's `options` may say: how many photos, of which width and height, and of which folders.

    The folders are below the set's; without any, photos are made.
    """

    references: int = Field(3000, ge=1)
    listings: int = Field(1000, ge=1)
    size: tuple[int, int] = SIZE
    of: tuple[str, ...] = ()


def measure_part(part: PlannedPart, tell: Tell) -> Outcome:
    """Scan with the part's settings; raises NotRunError for a peer, UsageError for options it has not."""
    from benchmarks.tasks import Outcome

    if part.model.finder != "matcher":
        raise NotRunError(part.model.finder, "a scan is the matcher's own")
    options = read_options(ScanOptions, part.set.options, part.set_name)
    folders = tuple(part.folder / name for name in options.of)
    with TemporaryDirectory(prefix="benchmarks-scan-") as folder:
        figures = measure_scan(
            Path(folder),
            references=options.references,
            listings=options.listings,
            source=PhotoSource(options.size, folders),
            settings=part.settings,
            tell=lambda said: tell(said, 0, 1),
        )
    return Outcome(
        {
            "task": "scan",
            "metrics": figures,
            "by": {},
            "dataset": {"name": part.set_name, "layout": "photos" if folders else "made photos", "notes": []},
            "settings": {
                **options.model_dump(mode="json"),
                "models": part.settings.models.model_dump(mode="json"),
            },
            "seconds": figures["scan_seconds"],
            "peak_mib": figures["peak_mib"],
        }
    )
