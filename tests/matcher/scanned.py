"""A manifest of drawn listings, and a program to be killed, that imports, catches up and scans."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from matcher.faults import VARIABLE
from matcher.policy import load_policy
from matcher.scan import ScanRequest, run_scan
from matcher.workers import Workers
from matcher.workspace import Workspace
from tests.matcher import drawn
from tests.matcher.drawn import SETTINGS
from tests.matcher.malformed import exif_with

ROOT = Path(__file__).resolve().parents[2]
ODD_IDS = ("=SUM(A1)", "a,b\"c'", "ñ 品 🦊", "../../etc/passwd", "L\t7 ")
HEADER = ("listing_id", "image", "title", "price", "currency", "seller_id")


def write_listings(folder: Path) -> Path:
    """Nine listings: reused photos of cheap offers, unrelated photos, bad rows, odd ids, one photo twice."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn.saved(drawn.product(1), folder / "stolen.jpg", quality=92, exif=exif_with(1))
    drawn.saved(drawn.mirrored(drawn.product(7)), folder / "mirrored.png")
    for number in (300, 301, 302):
        drawn.saved(drawn.product(number), folder / f"unrelated-{number}.png")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    rows = [
        ("stolen", "stolen.jpg", "20", "shop-9"),
        ("clear", "unrelated-300.png", "20", "shop-9"),
        ("broken", "broken.png", "20", "shop-9"),
        (ODD_IDS[0], "unrelated-301.png", "20", "shop-9"),
        (ODD_IDS[1], "mirrored.png|unrelated-302.png|absent.png", "20", "shop-8"),
        (ODD_IDS[2], "unrelated-300.png", "20", "shop-9"),
        ("bad price", "unrelated-301.png", "cheap", "shop-9"),
        (ODD_IDS[3], "unrelated-301.png", "20", "shop-9"),
        (ODD_IDS[4], "stolen.jpg", "20", "shop-7"),
        ("no photo", "", "20", "shop-9"),
    ]
    with (folder / "listings.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(
            (name, image, "An offer", price, "EUR", seller) for name, image, price, seller in rows
        )
    return folder / "listings.csv"


def scan(folder: Path, manifest: Path, out: Path) -> None:
    """Begin the scan, or go on with it."""
    with Workspace.open(folder, SETTINGS) as workspace:
        run_scan(workspace, load_policy(), ScanRequest(manifest, out, resume=True))


def everything(folder: Path, catalogs: Path, manifest: Path, out: Path) -> None:
    """Import both brands, bring the galleries up to them, scan."""
    drawn.fill(folder, catalogs)
    scan(folder, manifest, out)


def start(job: str, *places: Path, kill_at: str = "") -> subprocess.Popen[str]:
    """Run `job` in a process group of its own."""
    command = [sys.executable, "-m", "tests.matcher.scanned", job, *map(str, places)]
    environment = os.environ | {VARIABLE: kill_at}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def killed_at(point: str, job: str, *places: Path) -> bool:
    """Run until one of its processes gets to `point` and all are killed; whether it came to that."""
    running = start(job, *places, kill_at=point)
    _, said = running.communicate(timeout=120)
    end_group(running)
    assert running.returncode in (0, -signal.SIGKILL), said
    return running.returncode != 0


def killed_after(seconds: float, job: str, *places: Path) -> bool:
    """Kill the whole group after so many seconds; whether it was still running."""
    running = start(job, *places)
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        end_group(running)
        running.communicate()
        return True
    _, said = running.communicate()
    assert running.returncode == 0, said
    return False


def end_group(running: subprocess.Popen[str]) -> None:
    """Kill what is left of the process group that `running` leads."""
    try:
        os.killpg(running.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def finished(job: str, *places: Path) -> float:
    """Run to the end; the seconds it took."""
    before = time.monotonic()
    running = start(job, *places)
    _, said = running.communicate(timeout=300)
    assert running.returncode == 0, said
    return time.monotonic() - before


def files(out: Path) -> dict[str, bytes]:
    """The outputs that must be the same to the byte."""
    return {
        name: (out / name).read_bytes() for name in ("verdicts.jsonl", "verdicts.parquet", "errors.jsonl")
    }


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def fall_together(*_: object, **__: object) -> None:
    """A worker died at the point that was asked for: so does everyone, as if the machine had."""
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    if os.environ.get(VARIABLE):
        Workers._replace = fall_together  # type: ignore[method-assign]
    {"scan": scan, "everything": everything}[sys.argv[1]](*map(Path, sys.argv[2:]))
