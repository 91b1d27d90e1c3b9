"""`python -m benchmarks fetch`: says what it will get and under which terms, asks, gets it and unpacks it."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from benchmarks.adapters import detect
from benchmarks.adapters.rows import inside
from benchmarks.fetching.download import RemoteFile, download, open_client, size_of
from benchmarks.fetching.sources import SOURCES, Archive, Source, markdown, source
from benchmarks.fetching.unpack import RESERVE, unpack
from matcher.errors import UsageError

DONE = ".fetched.json"
"""Names of the archives whose contents are all there."""
UNPACKED = 2
"""Space asked for, as a multiple of what is downloaded: images hardly shrink in an archive."""


def run_fetch(
    chosen: argparse.Namespace,
    sources: tuple[Source, ...] = SOURCES,
    *,
    ask: Callable[[str], str] | None = None,
    pause: float = 1.0,
) -> None:
    """List the sets, describe one, or get it; raises UsageError when it cannot be had or nobody agreed."""
    if not chosen.name:
        print(markdown(sources), end="")
        return
    wanted = source(chosen.name, sources)
    print(
        f"{wanted.title}: {wanted.task}\nsize: {wanted.size}\nlicence: {wanted.licence}\npage: {wanted.page}"
    )
    if not wanted.archives:
        raise UsageError(
            f"{wanted.name}: cannot be fetched by a program; {wanted.instead}; see {wanted.page}"
        )
    archives = _chosen(wanted, chosen.only)
    if chosen.folder is None:
        _show([(file, None) for archive in archives for file in archive.files], "size is asked for first")
        return
    missing = [archive for archive in archives if not _is_done(archive, chosen.folder)]
    with open_client() as client:
        if missing:
            _announce(client, missing, chosen.folder)
            _agree(chosen.yes, ask)
            chosen.folder.mkdir(parents=True, exist_ok=True)
        for archive in missing:
            _get(client, archive, chosen.folder, keep=chosen.keep_archives, pause=pause)
    layout = detect(chosen.folder)
    print(f"{chosen.folder}: " + (f"read as {layout}" if layout else "in no layout that is known here"))


def _chosen(wanted: Source, only: Sequence[str]) -> list[Archive]:
    archives = [
        archive
        for archive in wanted.archives
        if not only or any(text in file.name for text in only for file in archive.files)
    ]
    if not archives:
        names = ", ".join(file.name for file in wanted.files)
        raise UsageError(f"--only {' '.join(only)}: is in no file of {wanted.name}: {names}")
    return archives


def _announce(client: httpx.Client, archives: Sequence[Archive], folder: Path) -> None:
    """Ask the server for sizes, show the files, and refuse where the disk is too small."""
    sizes = [(file, size_of(client, file)) for archive in archives for file in archive.files]
    _show(sizes, "size not announced")
    known = sum(size or 0 for _, size in sizes)
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free - RESERVE
    if known * UNPACKED > free:
        raise UsageError(f"{folder}: {known * UNPACKED:,} bytes are needed, {max(free, 0):,} are free")


def _show(files: Sequence[tuple[RemoteFile, int | None]], unknown: str) -> None:
    for file, size in files:
        checked = f"{file.hashed} is checked" if file.hashed else "no hash is published"
        plain = ", not encrypted" if file.url.startswith("http:") else ""
        amount = unknown if size is None else f"{size:,} bytes"
        print(f"  {file.url}: {amount}, {checked}{plain}")


def _agree(yes: bool, ask: Callable[[str], str] | None) -> None:
    if yes:
        return
    if ask is None and not sys.stdin.isatty():
        raise UsageError("nothing was fetched: say --yes where nobody can be asked")
    if (ask or input)("Fetch this under these terms? [y/N] ").strip().lower() not in ("y", "yes"):
        raise UsageError("nothing was fetched")


def _get(client: httpx.Client, archive: Archive, folder: Path, *, keep: bool, pause: float) -> None:
    with Bars() as bars:
        paths = [
            download(client, file, folder, bars.tell, most=shutil.disk_usage(folder).free, pause=pause)
            for file in archive.files
        ]
    if archive.packed:
        place = folder / archive.into
        print(f"{paths[0].name}: {unpack(paths, place)} files unpacked")
        if archive.nested:
            inner = inside(place, archive.nested)
            unpack([inner], inner.parent)
            paths.append(inner)
        for path in () if keep else paths:
            path.unlink()
    _mark(archive, folder)


def _is_done(archive: Archive, folder: Path) -> bool:
    if not archive.packed:
        return all((folder / file.name).is_file() for file in archive.files)
    return {file.url for file in archive.files} <= _done(folder)


def _done(folder: Path) -> set[str]:
    try:
        return set(json.loads((folder / DONE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return set()


def _mark(archive: Archive, folder: Path) -> None:
    urls = _done(folder) | {file.url for file in archive.files}
    part = folder / f"{DONE}.part"
    part.write_text(json.dumps(sorted(urls), indent=2) + "\n", encoding="utf-8")
    part.replace(folder / DONE)


class Bars:
    """A bar a file, on the error stream."""

    def __init__(self) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, name: str, done: int, total: int | None) -> None:
        """Move the bar of `name`."""
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name, total=total)
        self._progress.update(self._bars[name], completed=done, total=total)
