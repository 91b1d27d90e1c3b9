"""The vocabulary by which local features vote, as shipped."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from indexes.vocabulary import Vocabulary
from matcher.errors import GalleryError, ModelError

SHIPPED = Path(__file__).parent / "weights" / "rootsift-vocabulary.npz"


@lru_cache(maxsize=1)
def load_vocabulary(path: Path = SHIPPED) -> Vocabulary:
    """What `write_vocabulary` wrote; raises `ModelError` when it is missing or holds something else."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            numbers = int(held["shift"]), float(held["near"])
            read = Vocabulary(held["axes"], held["offsets"], *numbers, held["branches"], held["words"])
        return read.checked(path)
    except (OSError, ValueError, KeyError, TypeError, BadZipFile, GalleryError) as error:
        raise ModelError(path.name, f"cannot be read ({error}); reinstall the package") from error


def write_vocabulary(path: Path, vocabulary: Vocabulary) -> None:
    """Write it as an NPZ file of its fields."""
    np.savez_compressed(path, **vocabulary._asdict())
