"""The task `scan` of a plan: photos a second and memory of a whole `matcher scan` over made photos."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmarks.made_photos import SIZE
from benchmarks.peers.environments import NotRunError
from benchmarks.scan_speed import measure_scan
from matcher.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.plan import PlannedPart
    from benchmarks.tasks import Outcome, Tell


class ScanOptions(BaseModel):
    """What a set's `options` may say: how many made photos, of which width and height."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    references: int = Field(3000, ge=1)
    listings: int = Field(1000, ge=1)
    size: tuple[int, int] = SIZE


def measure_part(part: PlannedPart, tell: Tell) -> Outcome:
    """Scan with the part's settings; raises NotRunError for a peer, UsageError for options it has not."""
    from benchmarks.tasks import Outcome

    if part.model.finder != "matcher":
        raise NotRunError(part.model.finder, "a scan is the matcher's own")
    try:
        options = ScanOptions.model_validate(part.set.options)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UsageError(f"sets.{part.set_name}.options.{key}: {first['msg']}") from error
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
