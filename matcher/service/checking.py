"""Examiners that are kept open between checks: one an owner, each on the newest snapshot."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from matcher.assembly import Models, build_examiner, build_galleries, build_models, freeze
from matcher.catalog import list_brands, newest_act, newest_change
from matcher.errors import GalleryError, MatcherError, StorageError
from matcher.examining import Examined, Examiner
from matcher.matching import Candidate
from matcher.models import Descriptors, Pixels
from matcher.photo_cache import NoCache
from matcher.policy import Policy
from matcher.records import Brand, Listing
from matcher.scan_engine import use_one_thread
from matcher.service.observing import Metrics
from matcher.service.problems import RefusedError
from matcher.snapshot import Snapshot
from matcher.workspace import Workspace

Answer = TypeVar("Answer")

_log = logging.getLogger("matcher.service")
Standing = tuple[int, int, tuple[Brand, ...]]
"""What tells that an owner's catalog moved on: the newest change and act, and what the brands say."""


@dataclass
class _Opened:
    standing: Standing
    since: float
    snapshot: str
    examiner: Examiner


class Checks:
    """Examines listings for any owner against that owner's catalog alone; safe to share by threads.

    `service.checks_at_once` listings are examined at a time, each on a thread of its own and one core; a
    bounded number waits. The threads are always the same ones, as every thread that ever examined a photo
    keeps some of the memory it took.
    """

    def __init__(self, workspace: Workspace, metrics: Metrics, policy: Policy) -> None:
        self._workspace, self._metrics, self._policy = workspace, metrics, policy
        self._models: Models | None = None
        self._opened: OrderedDict[int, _Opened] = OrderedDict()
        self._opening = threading.RLock()
        service = workspace.settings.service
        self._threads = ThreadPoolExecutor(
            service.examined_at_once, thread_name_prefix="check", initializer=use_one_thread
        )
        self._places = threading.BoundedSemaphore(service.examined_at_once + service.checks_waiting)

    def close(self) -> None:
        """End the threads, after what they are at."""
        self._threads.shutdown()

    def examine(self, owner_id: int, listing: Listing, read: Callable[[str], bytes]) -> Examined:
        """The verdict on `listing`, nothing of which is kept; `read` is as for `Examiner.examine`.

        Raises `RefusedError` (503) where too many wait, or imports keep the catalog from coming to rest.
        """
        examined = self._in_turn(lambda: self._examiner(owner_id).examine(listing, read))
        if examined.result is not None:
            self._metrics.checks.labels(examined.result.verdict.verdict.value).inc()
        return examined

    def describe(self, pixels: Pixels) -> tuple[str, Descriptors]:
        """The embedder's fingerprint and its descriptor (dims,) of the whole photo."""

        def described() -> tuple[str, Descriptors]:
            embedder = self._loaded().embedder
            vector: Descriptors = embedder.embed_photos([pixels])[0][0]
            return embedder.fingerprint, vector

        return self._in_turn(described)

    def alike(self, owner_id: int, vector: Callable[[int, str], Descriptors]) -> list[Candidate]:
        """The owner's references that are like the vector, which is asked for with dims and fingerprint."""

        def found() -> list[Candidate]:
            embedder = self._loaded().embedder
            descriptor = vector(embedder.dims, embedder.fingerprint)
            return self._examiner(owner_id).matcher.alike(descriptor)

        return self._in_turn(found)

    def _in_turn(self, work: Callable[[], Answer]) -> Answer:
        """What `work` gives once a thread is free; a bounded number waits; logged with the request's id."""
        if not self._places.acquire(blocking=False):
            raise RefusedError(
                HTTPStatus.SERVICE_UNAVAILABLE, "too many checks wait already", {"Retry-After": "2"}
            )
        try:
            return self._threads.submit(contextvars.copy_context().run, work).result()
        finally:
            self._places.release()

    def _loaded(self) -> Models:
        with self._opening:
            self._models = self._models or build_models(self._workspace.settings)
            return self._models

    def state_of(self, owner_id: int) -> tuple[int, str] | None:
        """The newest change that the owner's open examiner knows, and its snapshot's name; None: not open."""
        opened = self._opened.get(owner_id)
        return None if opened is None else (opened.standing[0], opened.snapshot)

    def _examiner(self, owner_id: int) -> Examiner:
        """The owner's examiner, opened anew where the catalog moved on."""
        with self._opening:
            opened = self._newest(owner_id)
            self._opened[owner_id] = opened
            self._opened.move_to_end(owner_id)
            while len(self._opened) > self._workspace.settings.service.open_examiners:
                self._opened.popitem(last=False)
        return opened.examiner

    def _newest(self, owner_id: int) -> _Opened:
        opened, standing = self._opened.get(owner_id), self._standing(owner_id)
        fresh_for = self._workspace.settings.service.refresh_seconds
        if opened and opened.standing == standing and time.monotonic() - opened.since <= fresh_for:
            return opened
        try:
            return self._open(owner_id, standing, opened)
        except (StorageError, GalleryError):
            raise
        except MatcherError as error:
            return self._older(opened, error)

    def _standing(self, owner_id: int) -> Standing:
        with self._workspace.database.read() as connection:
            brands = tuple(list_brands(connection, owner_id=owner_id))
            return newest_change(connection, owner_id), newest_act(connection, owner_id), brands

    def _open(self, owner_id: int, standing: Standing, before: _Opened | None) -> _Opened:
        models = self._loaded()
        taken = freeze(self._workspace, build_galleries(self._workspace, models), self._policy, models)
        if before is not None and before.snapshot == taken.folder.name:
            return _Opened(standing, time.monotonic(), before.snapshot, before.examiner)
        snapshot = Snapshot(taken.folder, owner_id)
        examiner = build_examiner(self._workspace, snapshot, cache=NoCache(), keep=False, models=models)
        self._metrics.openings.inc()
        return _Opened(standing, time.monotonic(), taken.folder.name, examiner)

    def _older(self, before: _Opened | None, error: MatcherError) -> _Opened:
        """A snapshot cannot be taken while imports run on and on: the last one serves until then."""
        _log.warning("no newer snapshot", extra={"error": str(error)})
        if before is None:
            raise RefusedError(
                HTTPStatus.SERVICE_UNAVAILABLE, "the catalog is being changed", {"Retry-After": "5"}
            ) from error
        return before
