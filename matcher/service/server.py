"""Runs the application on one address until it is told to stop, then lets requests under way end."""

from __future__ import annotations

import signal
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

import uvicorn

from matcher.config import Settings
from matcher.errors import UsageError
from matcher.freed_memory import keep_freed_memory
from matcher.service.app import create_app
from matcher.service.logs import log_to_stderr

SPOOL = "tmp"


def serve(
    folder: Path, settings: Settings, host: str, port: int, *, started: Callable[[str], None] | None = None
) -> None:
    """Serve the workspace in `folder` until SIGINT or SIGTERM.

    `port` 0 takes a free one. `started` is given the address once it is listened on. Requests under way get
    `service.drain_seconds` to end. Raises `UsageError` where the address cannot be had, `ConfigError` for
    wrong settings or a wrong policy.
    """
    app = create_app(folder, settings)
    listening = _listen(host, port)
    _spool_in(folder / SPOOL)
    keep_freed_memory()
    name = f"[{host}]" if ":" in host else host
    log_to_stderr()
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.service.drain_seconds,
    )
    if started:
        started(f"http://{name}:{listening.getsockname()[1]}")
    # uvicorn stops in good order, then sends itself the signal again: asked to stop, this is a good end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stopped)
    with listening:
        uvicorn.Server(config).run(sockets=[listening])


def _spool_in(folder: Path) -> None:
    """Let bodies that come be kept beside the workspace: the system's own place may be memory."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {error.strerror}") from error
    tempfile.tempdir = str(folder)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not a port"
        raise UsageError(f"{host}:{port}: {reason}; give another --host or --port") from error


def _stopped(_number: int, _frame: object) -> None:
    return
