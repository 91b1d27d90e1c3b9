"""`python -m benchmarks peers list|setup`: which peers can run here, and an environment for each."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.peers.environments import (
    DEFAULT_FOLDER,
    FOLDER_VARIABLE,
    NotRunError,
    environments,
    interpreter,
    peers_folder,
    setup,
)
from benchmarks.peers.finder import PeerProcess
from benchmarks.peers.registry import PEERS, Peer


def add_peers_arguments(commands: Any) -> None:
    """Register the command with the subparsers of `python -m benchmarks`."""
    peers = commands.add_parser("peers", help="other libraries to measure beside: list them, set one up")
    actions = peers.add_subparsers(dest="action", required=True, parser_class=type(peers))
    where = f"folder of the environments (default: {FOLDER_VARIABLE} or {DEFAULT_FOLDER})"
    listing = actions.add_parser("list", help="which can run here, and why the others cannot")
    listing.add_argument("--from", dest="folder", type=Path, metavar="DIR", help=where)
    making = actions.add_parser("setup", help="make a peer's environment, with pinned versions, by pip")
    making.add_argument("name", metavar="NAME", help=f"a peer, or one of: {', '.join(environments())}")
    making.add_argument("--into", dest="folder", type=Path, metavar="DIR", help=where)
    making.add_argument(
        "--python", metavar="PATH", help="the Python to make it with (default: one that fits)"
    )


def run_peers(chosen: argparse.Namespace) -> None:
    """List, or set one up; UsageError when that fails."""
    console = Console(soft_wrap=True, highlight=False)
    if chosen.action == "setup":
        made = setup(chosen.name, chosen.folder, chosen.python, tell=lambda text: console.print(text))
        console.print(f"ready: {made}")
        if peers_folder() != peers_folder(chosen.folder):
            console.print(f"runs look there when {FOLDER_VARIABLE}={chosen.folder} is set")
        return
    for peer in PEERS.values():
        why = cannot_run(peer, chosen.folder)
        console.print(f"{peer.name}: {'not run: ' + why if why else 'can run'}", markup=False)
        console.print(f"    {peer.about}; gives {peer.gives}; {peer.licence}", markup=False)


def cannot_run(peer: Peer, folder: Path | None = None) -> str:
    """Why a peer cannot run here, in one line; empty when it can: then it was started once."""
    try:
        if peer.engine:
            PeerProcess(peer, folder).close()
        else:
            interpreter(peer, folder)
    except NotRunError as error:
        return error.reason
    return ""
