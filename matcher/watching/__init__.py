"""Answers manifests as they arrive, one small scan each, until it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from matcher.errors import ManifestError
from matcher.faults import commit_point
from matcher.policy import Policy
from matcher.scan import ScanRequest, ScanSummary, run_scan
from matcher.watching.inbox import DONE, FAILED, Inbox, content_mark
from matcher.watching.warm import WarmSnapshots, WarmWorkers
from matcher.workspace import Workspace

LOOK_SECONDS = 0.2
"""How often the inbox is looked at."""


class Feed(Protocol):
    """Puts manifests into the inbox and is told what became of them."""

    def fetch(self) -> None:
        """Put what has come since into the inbox, whole and durable, before it counts as taken."""
        ...

    def answered(self, manifest: Path, out: Path) -> None:
        """The manifest's verdicts stand in `out`; may be told again after a kill."""
        ...


class _Stopped(Exception):  # noqa: N818 - no error: the watch is to end
    """The scan under way is to end where it stands."""


class Watch:
    """Watches one inbox; the outputs of each manifest go into a folder of their own below `out`.

    That folder's name holds a hash of the manifest's content, and the scan is found by it: what a kill left
    is gone on with, and a manifest that comes again under its name is answered once.
    """

    def __init__(
        self,
        workspace: Workspace,
        policy: Policy,
        inbox: Inbox,
        out: Path,
        *,
        feed: Feed | None = None,
        told: Callable[[Path, ScanSummary], None] = lambda _manifest, _summary: None,
        refused: Callable[[Path, ManifestError], None] = lambda _manifest, _error: None,
    ) -> None:
        self._workspace, self._policy, self._inbox, self._out = workspace, policy, inbox, out
        self._feed, self._told, self._refused = feed, told, refused
        self._snapshots, self._workers = WarmSnapshots(workspace, policy), WarmWorkers()
        self.stopping = threading.Event()
        """Set it to end the watch after the chunk under way."""

    def run(self, *, once: bool = False) -> None:
        """Answer what arrives until `stopping` is set; `once`: only what is there now.

        Raises what `run_scan` raises beside `ManifestError`: nothing can be answered then.
        """
        try:
            while not self.stopping.is_set():
                self._look()
                if once:
                    return
                self.stopping.wait(LOOK_SECONDS)
        except _Stopped:
            return
        finally:
            self._workers.close()

    def _look(self) -> None:
        if self._feed:
            self._feed.fetch()
        for manifest in self._inbox.waiting():
            if self.stopping.is_set():
                return
            self._answer(manifest)

    def _answer(self, manifest: Path) -> None:
        try:
            request = ScanRequest(manifest, self._out / answer_name(manifest), resume=True)
            summary = run_scan(
                self._workspace,
                self._policy,
                request,
                progress=self._progressed,
                engine=self._workers.open,
                take=self._snapshots.take,
            )
        except ManifestError as error:
            if manifest.exists():  # else another watch was quicker
                self._inbox.settle(manifest, FAILED)
                self._refused(manifest, error)
            return
        commit_point("watch:answered")
        if self._feed:
            self._feed.answered(manifest, request.out)
        self._told(manifest, summary)
        self._inbox.settle(manifest, DONE)

    def _progressed(self, _rows: int, _photos: int) -> None:
        if self.stopping.is_set():
            raise _Stopped


def answer_name(manifest: Path) -> str:
    """The name of the folder that holds a manifest's answers: its own name and a hash of its content."""
    return f"{manifest.name}-{content_mark(manifest)}"
