"""The process that makes batches while the network learns: it ends when the one that learns does."""

from __future__ import annotations

import multiprocessing
import os
import threading


def end_with_parent(worker: int) -> None:
    """Have this process end at once when its parent dies; a `worker_init_fn` of a DataLoader.

    A worker whose parent was killed would wait for ever to hand over the batches that it has ready.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
