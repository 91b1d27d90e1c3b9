"""A program to be killed that answers what lies in an inbox, and manifests to put there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from matcher.faults import VARIABLE
from matcher.policy import load_policy
from matcher.watching import Watch
from matcher.watching.inbox import Inbox
from matcher.workspace import Workspace
from tests.matcher import drawn, scanned
from tests.matcher.drawn import SETTINGS

HEADER = "listing_id,image,price,currency,seller_id\n"


def put_photos(inbox: Path) -> None:
    """A reused photo and an unrelated one."""
    inbox.mkdir(parents=True, exist_ok=True)
    drawn.saved(drawn.product(1), inbox / "stolen.jpg", quality=92)
    drawn.saved(drawn.product(300), inbox / "other.png")


def arrive(inbox: Path, name: str, *rows: tuple[str, str]) -> Path:
    """Move a whole manifest of (listing, image) rows in."""
    hidden = inbox / f".{name}"
    hidden.write_text(HEADER + "".join(f"{listing},{image},20,EUR,shop-9\n" for listing, image in rows))
    hidden.rename(inbox / name)
    return inbox / name


def watch(folder: Path, inbox: Path, out: Path) -> None:
    """Answer what is there."""
    with Workspace.open(folder, SETTINGS) as workspace:
        Watch(workspace, load_policy(), Inbox(inbox), out).run(once=True)


def killed_at(point: str, folder: Path, inbox: Path, out: Path) -> bool:
    """Run until the program gets to `point` and is killed; whether it came to that."""
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.matcher.watching.watched", str(folder), str(inbox), str(out)],
        cwd=scanned.ROOT, env=os.environ | {VARIABLE: point}, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    _, said = running.communicate(timeout=300)
    scanned.end_group(running)
    assert running.returncode in (0, -signal.SIGKILL), said
    return running.returncode != 0


def copied(folder: Path, to: Path) -> Path:
    """A copy of a workspace or an inbox."""
    shutil.copytree(folder, to)
    return to


if __name__ == "__main__":
    watch(*map(Path, sys.argv[1:]))
