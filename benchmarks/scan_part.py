"""The task `scan` of a plan: photos a second and memory of a whole `matcher scan` over made photos."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pydantic import Field

from benchmarks.made_photos import SIZE
from benchmarks.options import Options, read_options
from benchmarks.peers.environments import NotRunError
from benchmarks.scan_speed import measure_scan

if TYPE_CHECKING:
    from benchmarks.plan import PlannedPart
    from benchmarks.tasks import Outcome, Tell


class ScanOptions(Options):
    """What a set's `options` may say: how many made photos, of which width and height."""

    references: int = Field(3000, ge=1)
    listings: int = Field(1000, ge=1)
    size: tuple[int, int] = SIZE


def measure_part(part: PlannedPart, tell: Tell) -> Outcome:
    """Scan with the part's settings; raises NotRunError for a peer, UsageError for options it has not."""
    from benchmarks.tasks import Outcome

    if part.model.finder != "matcher":
        raise NotRunError(part.model.finder, "a scan is the matcher's own")
    options = read_options(ScanOptions, part.set.options, part.set_name)
    with TemporaryDirectory(prefix="benchmarks-scan-") as folder:
        figures = measure_scan(
            Path(folder),
            references=options.references,
            listings=options.listings,
            size=options.size,
            settings=part.settings,
            tell=lambda said: tell(said, 0, 1),
        )
    return Outcome(
        {
            "task": "scan",
            "metrics": figures,
            "by": {},
            "dataset": {"name": part.set_name, "layout": "made photos", "notes": []},
            "settings": {
                **options.model_dump(mode="json"),
                "models": part.settings.models.model_dump(mode="json"),
            },
            "seconds": figures["scan_seconds"],
            "peak_mib": figures["peak_mib"],
        }
    )
