"""The coarse vocabulary by which local features vote, as shipped."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from matcher.errors import ModelError

WORDS = Path(__file__).parent / "weights" / "rootsift-words-4096.npy"


@lru_cache(maxsize=1)
def load_vocabulary(path: Path = WORDS) -> NDArray[np.uint8]:
    """Cluster centres of RootSIFT, uint8 (words, 128).

    Raises `ModelError` when the file is missing or holds something else.
    """
    try:
        words = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ModelError(path.name, f"cannot be read ({error}); reinstall the package") from error
    if words.dtype != np.uint8 or words.ndim != 2 or words.shape[1] != 128:
        raise ModelError(path.name, "is no vocabulary of RootSIFT words; reinstall the package")
    return cast(NDArray[np.uint8], words)
