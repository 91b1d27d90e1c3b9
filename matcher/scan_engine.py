"""What examines a scan's chunks: worker processes on this machine, or whatever else answers like them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import cv2

from indexes.threads import use_threads
from matcher.assembly import build_examiner
from matcher.config import Settings
from matcher.examining import Examined
from matcher.freed_memory import keep_freed_memory
from matcher.listing_photos import ListingPhotos
from matcher.manifests import Row
from matcher.photo_cache import ScanCache
from matcher.records import FailedRow, Listing
from matcher.scan_start import ScanRequest
from matcher.snapshot import Snapshot
from matcher.sources import source_of
from matcher.workers import Lost, Workers
from matcher.workspace import Workspace

Entry = Row[Listing] | FailedRow
Answer = tuple[Sequence[Entry], list[Examined | Lost]]
CACHE = "photos.cache"


class Engine(Protocol):
    """Examines chunks of entries, in any order, and answers them in the order they came."""

    def run(self, chunks: Iterable[Sequence[Entry]]) -> Iterator[Answer]:
        """Each chunk with a result an entry; only a few chunks are read ahead."""
        ...

    def close(self) -> None:
        """Let go of what the engine holds; what is under way is dropped."""
        ...


OpenEngine = Callable[[Workspace, ScanRequest, Path], Engine]
"""Opens an engine for one scan against the snapshot in a folder."""


def local_engine(workspace: Workspace, request: ScanRequest, snapshot: Path) -> Engine:
    """Worker processes on this machine."""
    settings = workspace.settings.scan
    arguments = (
        workspace.folder,
        workspace.settings,
        snapshot,
        request.manifest,
        request.out / CACHE,
        request.owner_id,
    )
    workers: Workers[Entry, Examined] = Workers(
        settings.at_once,
        prepare_worker,
        arguments,
        item_seconds=settings.listing_timeout_seconds,
    )
    return workers


def prepare_worker(
    folder: Path,
    settings: Settings,
    snapshot: Path,
    manifest: Path,
    cache: Path,
    owner_id: int | None = None,
) -> Callable[[Entry], Examined]:
    """What a worker process calls on each entry; everything heavy is loaded here, once."""
    use_one_thread()
    keep_freed_memory()
    workspace = Workspace.open(folder, settings)
    examiner = build_examiner(workspace, Snapshot(snapshot, owner_id), cache=ScanCache(cache))
    source = source_of(manifest, settings)

    def examine(entry: Entry) -> Examined:
        if isinstance(entry, FailedRow):
            return Examined(None, (entry,))
        photos = ListingPhotos(source, entry.value.images, settings.scan)
        return examiner.examine(entry.value, photos.read, source=str(manifest), line=entry.line)

    return examine


def use_one_thread() -> None:
    """Compute on no other thread than this one: OpenCV in the whole process, FAISS where this thread asks."""
    use_threads(1)
    cv2.setNumThreads(1)
