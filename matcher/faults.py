"""Named commit points, so that tests can kill the process at exactly one of them."""

from __future__ import annotations

import os
import signal

VARIABLE = "MATCHER_KILL_AT"
_passed: dict[str, int] = {}


def commit_point(name: str) -> None:
    """Do nothing, unless `MATCHER_KILL_AT` is `name` or `name:N`.

    Then SIGKILL this process at the Nth pass, counted from 1; `name` alone is the first.
    """
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    point, _, count = wanted.rpartition(":") if wanted.rpartition(":")[2].isdigit() else (wanted, "", "1")
    if point != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] == int(count):
        os.kill(os.getpid(), signal.SIGKILL)
