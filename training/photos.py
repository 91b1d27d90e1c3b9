"""Photos for training, found under folders and kept apart from those a figure is reported on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.datasets import half_of, image_paths, relative_id
from matcher.config import ImageSettings
from matcher.errors import ImageError
from matcher.images import decode
from matcher.models import Pixels


def tuning_paths(folder: Path) -> list[Path]:
    """Photos under `folder` that `--part tune` of the benchmarks uses; the other half is for reporting."""
    return [path for path in image_paths(folder) if half_of(relative_id(path, folder)) == "tune"]


def read_pixels(paths: Iterable[Path], settings: ImageSettings) -> Iterator[Pixels]:
    """Decode each photo as the matcher would; an unreadable one is left out."""
    for path in paths:
        try:
            yield decode(path.read_bytes(), str(path), settings).pixels
        except ImageError:
            continue
