"""One part of a run in a process of its own, so that its peak of memory is its own."""

from __future__ import annotations

import io
import os
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path

import psutil
from PIL import Image, ImageOps
from pydantic import JsonValue

from benchmarks.judged import save_judged
from benchmarks.machine import machine, write_json
from benchmarks.plan import PlannedPart
from benchmarks.scan_speed import MEBIBYTE, Memory, watched
from benchmarks.tasks import Blob, Mistake, Outcome, task_named
from matcher.errors import ImageError, MatcherError
from matcher.freed_memory import keep_freed_memory
from matcher.scan_engine import use_one_thread

PICTURE_SIDE = 256
PICTURE_QUALITY = 70
"""Of WebP, which takes half of what JPEG takes: a page with 500 mistakes holds 2,500 pictures."""
UNREADABLE = (OSError, ValueError, SyntaxError, ImageError, Image.DecompressionBombError)


def work(part: PlannedPart, folder: Path, told: Connection) -> None:
    """Measure `part` on one thread, as peers are; write its files into the run's `folder`.

    Sends `("stage", name, done, total)` as it goes and `("end", state, why)` last. What it prints goes to
    `logs/NAME.txt`. The results file is written last: without it the part is not done.
    """
    _end_with_parent()
    use_one_thread()
    keep_freed_memory()
    with _log(folder / "logs" / f"{part.name}.txt"):
        try:
            _measure(part, folder, told)
            end = ("end", "done", "")
        except (MatcherError, OSError, ImportError) as error:
            end = ("end", "not run", one_line(error))
        except Exception as error:  # noqa: BLE001  a part that breaks must not end the run
            traceback.print_exc()
            end = ("end", "failed", f"{type(error).__name__}: {one_line(error)}; see logs/{part.name}.txt")
    told.send(end)


def one_line(error: BaseException) -> str:
    """What an error says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


def _measure(part: PlannedPart, folder: Path, told: Connection) -> None:
    memory, start = Memory(), time.perf_counter()
    with watched(psutil.Process(), memory):
        outcome = task_named(part.task)(part, lambda *stage: told.send(("stage", *stage)))
    found = {**outcome.results, "model": part.label, **common(part)}
    found.setdefault("peak_mib", round(max(memory.peak, own_peak()), 1))
    found.setdefault("seconds", round(time.perf_counter() - start, 3))
    found["mistakes"] = write_mistakes(folder, part.name, outcome)
    if outcome.judged is not None:
        save_judged(folder / "pairs" / f"{part.name}.npz", outcome.judged)
    write_json(folder / "results" / f"{part.name}.json", found)


def common(part: PlannedPart) -> dict[str, JsonValue]:
    """What every results file of a run says, done or not."""
    return {
        "task": part.task, "state": "done", "plan": part.sha256, "setting": part.setting, "seed": part.seed,
        **machine(),
    }  # fmt: skip


def own_peak() -> float:
    """The most resident memory this process had, MiB, where the system tells; else 0."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    # Unlike getrusage, this does not count what the parent had when it started this process.
    return next((int(line.split()[1]) * 1024 / MEBIBYTE for line in lines if line.startswith("VmHWM")), 0.0)


def write_mistakes(folder: Path, name: str, outcome: Outcome) -> list[JsonValue]:
    """The mistakes as the results file holds them, their pictures written under `mistakes/NAME`."""
    return [
        _written(folder, f"mistakes/{name}/{number:03d}", one) for number, one in enumerate(outcome.mistakes)
    ]


def _written(folder: Path, start: str, mistake: Mistake) -> dict[str, JsonValue]:
    said = [
        write_picture(folder, f"{start}-said{turn}.webp", blob)
        for turn, blob in enumerate(mistake.said_pictures)
    ]
    return {
        "query": mistake.query,
        "kind": mistake.kind,
        "truth": [*mistake.truth],
        "said": [{"reference_id": name, "score": round(score, 6)} for name, score in mistake.said],
        "images": {
            "query": write_picture(folder, f"{start}-query.webp", mistake.query_picture),
            "said": [*said],
            "truth": write_picture(folder, f"{start}-truth.webp", mistake.truth_picture),
        },
    }


def write_picture(folder: Path, place: str, blob: Blob | None) -> str | None:
    """Write a small WebP image without metadata at `place` below `folder`; None where there is no picture."""
    if blob is None:
        return None
    try:
        with Image.open(io.BytesIO(blob())) as image:
            image.draft("RGB", (2 * PICTURE_SIDE, 2 * PICTURE_SIDE))
            small = ImageOps.exif_transpose(image)
            small.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
            small = small.convert("RGB")
    except UNREADABLE:
        return None
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    small.save(path, "WEBP", quality=PICTURE_QUALITY)
    return place


def _end_with_parent() -> None:
    """Nobody waits for a part whose run was killed: end at once, and write nothing into the next run."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.sentinel,), daemon=True).start()


def _exit_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


@contextmanager
def _log(path: Path) -> Iterator[None]:
    """Send what this process and its libraries print to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
        yield
