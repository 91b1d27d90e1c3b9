"""Workers and models that stay loaded from one small scan to the next, while the catalog stays the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from matcher.assembly import Models, build_examiner, build_galleries, build_models, freeze
from matcher.catalog import last_number, list_brands
from matcher.config import Settings
from matcher.examining import Examined
from matcher.listing_photos import ListingPhotos
from matcher.photo_cache import NoCache
from matcher.policy import Policy
from matcher.records import Brand, FailedRow
from matcher.scan_engine import Answer, Engine, Entry, use_one_thread
from matcher.scan_start import ScanRequest
from matcher.snapshot import Snapshot
from matcher.sources import source_of
from matcher.workers import Lost, Workers
from matcher.workspace import Workspace

Standing = tuple[int, tuple[Brand, ...]]
"""What tells that the catalog moved on: its newest change, and what its brands say."""


class Addressed(NamedTuple):
    """An entry and the manifest it stands in."""

    manifest: Path
    entry: Entry


class WarmSnapshots:
    """Gives the snapshot of the catalog as it is, the same one while nothing changes; models load once."""

    def __init__(self, workspace: Workspace, policy: Policy) -> None:
        self._workspace, self._policy = workspace, policy
        self._models: Models | None = None
        self._taken: tuple[Standing, Snapshot] | None = None

    def take(self) -> Snapshot:
        """The snapshot to read; taken anew where the catalog moved on or the old one was dropped."""
        standing = self._standing()
        if self._taken and self._taken[0] == standing and self._taken[1].folder.exists():
            return self._taken[1]
        models = self._models = self._models or build_models(self._workspace.settings)
        snapshot = freeze(self._workspace, build_galleries(self._workspace, models), self._policy, models)
        self._taken = standing, snapshot
        return snapshot

    def _standing(self) -> Standing:
        with self._workspace.database.read() as connection:
            return last_number(connection), tuple(list_brands(connection, owner_id=None))


class WarmWorkers:
    """Opens engines that share one pool of workers, which is started anew only for another snapshot."""

    def __init__(self) -> None:
        self._snapshot: Path | None = None
        self._workers: Workers[Addressed, Examined] | None = None

    def open(self, workspace: Workspace, request: ScanRequest, snapshot: Path) -> Engine:
        """An engine for one scan."""
        if self._workers is None or snapshot != self._snapshot:
            self.close()
            self._snapshot = snapshot
            self._workers = Workers(
                workspace.settings.scan.at_once,
                prepare_warm_worker,
                (workspace.folder, workspace.settings, snapshot, request.owner_id),
                item_seconds=workspace.settings.scan.listing_timeout_seconds,
            )
        return _Turn(self._workers, request.manifest)

    def close(self) -> None:
        """End the workers."""
        if self._workers is not None:
            self._workers.close()
            self._workers = None


class _Turn:
    """The pool's turn at one manifest."""

    def __init__(self, workers: Workers[Addressed, Examined], manifest: Path) -> None:
        self._workers, self._manifest = workers, manifest

    def run(self, chunks: Iterable[Sequence[Entry]]) -> Iterator[Answer]:
        """Each chunk with its results, in order."""
        addressed = ([Addressed(self._manifest, entry) for entry in chunk] for chunk in chunks)
        for items, results in self._workers.run(addressed):
            answers: list[Examined | Lost] = list(results)
            yield [item.entry for item in items], answers

    def close(self) -> None:
        """The pool stays for the next manifest."""


def prepare_warm_worker(
    folder: Path, settings: Settings, snapshot: Path, owner_id: int | None
) -> Callable[[Addressed], Examined]:
    """What a worker process calls on each entry of whatever manifest; everything heavy is loaded once."""
    use_one_thread()
    workspace = Workspace.open(folder, settings)
    examiner = build_examiner(workspace, Snapshot(snapshot, owner_id), cache=NoCache())

    def examine(item: Addressed) -> Examined:
        entry = item.entry
        if isinstance(entry, FailedRow):
            return Examined(None, (entry,))
        with source_of(item.manifest, settings) as source:
            photos = ListingPhotos(source, entry.value.images, settings.scan)
            return examiner.examine(entry.value, photos.read, source=str(item.manifest), line=entry.line)

    return examine
