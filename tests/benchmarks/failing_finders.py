"""Finders that do not get to an answer, each in another way; a plan names them as `python:`."""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks.finder import Task
from matcher.config import Settings
from matcher.errors import ModelError
from tests.benchmarks.histogram_finder import HistogramFinder

WAIT_FOR = "TEST_FINDER_WAITS_FOR"
"""Names the file that `waiting` waits for."""


def unable(settings: Settings, *, embedder: str, verify: bool, task: Task) -> HistogramFinder:
    raise ModelError("unable", "its weights\nare not here")


def broken(settings: Settings, *, embedder: str, verify: bool, task: Task) -> HistogramFinder:
    raise ZeroDivisionError("one over nothing")


def dying(settings: Settings, *, embedder: str, verify: bool, task: Task) -> HistogramFinder:
    os._exit(7)


def waiting(settings: Settings, *, embedder: str, verify: bool, task: Task) -> HistogramFinder:
    while not Path(os.environ[WAIT_FOR]).exists():
        time.sleep(0.05)
    return HistogramFinder()


def backwards(settings: Settings, *, embedder: str, verify: bool, task: Task) -> HistogramFinder:
    """Says first what is least alike."""
    finder = HistogramFinder()
    found = finder.find
    finder.find = (
        lambda picture, k: [  # type: ignore[method-assign]
            each.__class__(each.reference, 1 - each.score, False) for each in reversed(found(picture, 1000))
        ][:k]
    )
    return finder
