"""The finder that a command line names: the matcher, another library, or one of your own."""

from __future__ import annotations

import argparse

from pydantic import JsonValue

from benchmarks.finder import Finder, MakeFinder, Task, finder_by_name
from matcher.config import Settings

MATCHER = "matcher"
NAMES = "matcher (default), peer:NAME as `peers list` has it, or python:MODULE:FUNCTION"


def add_finder_argument(accuracy: argparse.ArgumentParser) -> None:
    """Register `--finder`."""
    accuracy.add_argument("--finder", default=MATCHER, metavar="NAME", help=NAMES)


def chosen_finder(chosen: argparse.Namespace, settings: Settings, make_finder: MakeFinder) -> Finder:
    """What `--finder` names, `make_finder` for the matcher; MatcherError where it cannot run."""
    task: Task = "products" if chosen.task == "products" else "copies"
    if chosen.finder == MATCHER:
        return make_finder(settings, embedder=chosen.embedder, verify=not chosen.no_verify, task=task)
    return finder_by_name(
        chosen.finder, settings, embedder=chosen.embedder, verify=not chosen.no_verify, task=task
    )


def costs_at_the_end(finder: Finder) -> dict[str, JsonValue]:
    """What a finder tells of memory, index and pace, if it does; then it is closed."""
    told = getattr(finder, "costs", None)
    found: dict[str, JsonValue] = told() if told else {}
    getattr(finder, "close", lambda: None)()
    return found
