"""Gets published sets, when asked to and not before: what, under which terms, whole and unchanged."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]


def add_fetch(commands: Commands) -> None:
    """Register the command."""
    fetch = commands.add_parser("fetch", help="get a published set; without a name: list them")
    fetch.add_argument("name", nargs="?", default="", metavar="NAME", help="of the set")
    fetch.add_argument(
        "folder", nargs="?", type=Path, metavar="DIR", help="where to; without it: only say what it is"
    )
    fetch.add_argument("--yes", action="store_true", help="accept the terms and do not ask")
    fetch.add_argument(
        "--only", action="append", default=[], metavar="TEXT", help="only files whose name holds this; repeat"
    )
    fetch.add_argument("--keep-archives", action="store_true", help="do not remove what was unpacked")
