"""`matcher serve`: the HTTP API on one address, until it is told to stop."""

from __future__ import annotations

import importlib.util
from typing import Annotated

import typer

from matcher.commands import screen
from matcher.commands.session import session_of
from matcher.errors import UsageError

PARTS = (
    "fastapi", "uvicorn", "multipart", "prometheus_client", "fastapi_offline", "limits", "argon2", "zxcvbn",
)  # fmt: skip
INSTALL = "pip install 'counterfeit-image-matcher[service]'"


def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen on; 127.0.0.1 is this machine only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8400,
) -> None:
    """Serve the HTTP API until Ctrl-C or SIGTERM; requests under way are answered first.

    `/docs` describes every route, also without a network. Standard error gets
    a JSON line a request. Put a proxy that speaks TLS before it where others
    than this machine shall reach it.

      matcher serve
      matcher --workspace /srv/matcher serve --port 9000
    """
    expect_installed()
    from matcher.service.server import serve as run

    session = session_of(context)
    run(session.workspace, session.settings(), host, port, started=_tell)


def expect_installed() -> None:
    """Raise `UsageError` where the extra that serves is not installed."""
    missing = [name for name in PARTS if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(f"the service needs {', '.join(missing)}: {INSTALL}")


def _tell(address: str) -> None:
    screen.say(f"serving on {address} (Ctrl-C ends it)", "green")
