"""Immutable copies of a gallery that share its files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from indexes.manifest import MANIFEST, REPAIR, Committed, commit_manifest, read_committed
from indexes.state import OPEN_TRIES, AnyState
from matcher.errors import GalleryError
from matcher.faults import commit_point
from matcher.files import sync_folder


def take_snapshot(
    source: Path, state: AnyState, target: Path, reopen: Callable[[Path, AnyState], AnyState]
) -> AnyState:
    """Commit a frozen gallery of linked or copied files into `target`; returns the state that it holds.

    That is a newer state than the one given only where a writer has deleted files of it since.
    """
    for _ in range(OPEN_TRIES):
        frozen = state.manifest.model_copy(update={"frozen": True, "retired": ()})
        if (target / MANIFEST).exists():
            if read_committed(target, type(frozen)) == frozen.sealed():
                return state
            raise GalleryError(str(target), "holds another gallery; name an empty folder")
        try:
            _link_files(source, target, state.manifest)
        except FileNotFoundError as error:
            before, state = state, reopen(source, state)
            if before is state:
                raise GalleryError(str(source), f"{error.filename} is missing; {REPAIR}") from error
            continue
        commit_manifest(target, frozen)
        return state
    raise GalleryError(str(source), "changes faster than it can be copied; try again")


def _link_files(source: Path, target: Path, manifest: Committed) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in manifest.names():
        (target / name).unlink(missing_ok=True)
        try:
            os.link(source / name, target / name, follow_symlinks=False)
        except FileNotFoundError:
            raise
        except (OSError, NotImplementedError):
            _copy(source / name, target / name)
    sync_folder(target)
    commit_point("index:snapshot-linked")


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb+") as file:
        os.fsync(file.fileno())
