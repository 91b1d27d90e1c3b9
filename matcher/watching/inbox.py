"""A folder that manifests are moved into: what has arrived, and where it goes once it is answered."""

from __future__ import annotations

import os
from pathlib import Path

from matcher.errors import ManifestError, UsageError
from matcher.faults import commit_point
from matcher.files import sync_folder
from matcher.manifests import manifest_fingerprint

DONE, FAILED = "done", "failed"
TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".json", ".jsonl", ".ndjson", ".parquet", ".xml")
"""Endings of manifests, also with `.gz`; other files, but for a ZIP, are photos that manifests name."""
ZIP = ".zip"


class Inbox:
    """The manifests in `folder`, those moved in earlier first.

    A manifest counts from the moment it has its name, so it is written elsewhere on the same file system, or
    under a name that begins with a dot, and then renamed. The photos it names lie there before it. What is
    answered is moved to `done/`, what cannot be read at all to `failed/`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            for name in (DONE, FAILED):
                (folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder}: cannot be watched: {error.strerror}") from error

    def waiting(self) -> list[Path]:
        """Manifests that stand there now."""
        found = []
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    if is_manifest(entry.name) and entry.is_file():
                        found.append((entry.stat().st_mtime_ns, entry.name))
        except FileNotFoundError:  # a file that vanished while it was looked at: the next look tells
            return []
        except OSError as error:
            raise UsageError(f"{self.folder}: cannot be watched: {error.strerror}") from error
        return [self.folder / name for _, name in sorted(found)]

    def settle(self, manifest: Path, place: str) -> None:
        """Move it to `done` or `failed`; another of its name there stays, unless its content is the same."""
        manifest.replace(_kept_apart(manifest, self.folder / place / manifest.name))
        commit_point("watch:settled")
        for folder in (self.folder, self.folder / place):
            sync_folder(folder)


def content_mark(manifest: Path) -> str:
    """What tells a manifest from others of its name; raises `ManifestError` where it cannot be read."""
    return manifest_fingerprint(manifest)[:12]


def _kept_apart(manifest: Path, place: Path) -> Path:
    """`place`, or a name beside it where another manifest stands there.

    The mark comes from the content, so that a manifest that arrives once more does not pile up.
    """
    if not place.exists():
        return place
    mark = _mark_of(manifest)
    if mark == _mark_of(place):
        return place
    name, dot, ending = place.name.partition(".")
    return place.with_name(f"{name}-{mark}{dot}{ending}")


def _mark_of(manifest: Path) -> str:
    try:
        return content_mark(manifest)
    except ManifestError:  # what cannot be read is moved to `failed`, and still tells when it was written
        return str(manifest.stat().st_mtime_ns)


def is_manifest(name: str) -> bool:
    """Whether a file of that name is a manifest that is there in whole."""
    lower = name.lower()
    known = lower.removesuffix(".gz").endswith(TABLES) or lower.endswith(ZIP)
    return known and not lower.startswith(".")
