"""The application: its routes, what surrounds every request, and how it describes itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from matcher import __version__
from matcher.config import ServiceSettings, Settings
from matcher.fetch import Fetcher
from matcher.posting import Poster
from matcher.service import (
    brands,
    check,
    galleries,
    jobs,
    keys,
    owners,
    problems,
    references,
    resumable,
    reviews,
    status,
    uploads,
    webhooks,
)
from matcher.service.access import KeysFirst
from matcher.service.checking import Checks
from matcher.service.delivering import Deliverer
from matcher.service.hma import banks, lookups
from matcher.service.hma.errors import PeersErrors
from matcher.service.hma.pdq import PdqIndex
from matcher.service.idempotency import Idempotent, describe
from matcher.service.limits import BodyLimit
from matcher.service.observing import Metrics, Observed
from matcher.service.rates import Rates
from matcher.service.runner import Runner
from matcher.service.state import Service
from matcher.service.web import routes as web
from matcher.service.web.visiting import SessionsFirst, is_open
from matcher.workspace import Workspace, workspace_policy, workspace_settings

_SIGN_IN_BYTES = 64 * 1024
DESCRIPTION = """
Compares the photos of marketplace listings with a brand's own images. A verdict is `clear`, `review` or
`counterfeit`, and explains itself. Everything a key reads or writes belongs to the key's owner.
"""
ROUTED = (
    status,
    check,
    brands,
    references,
    uploads,
    resumable,
    reviews,
    galleries,
    jobs,
    webhooks,
    lookups,
    banks,
    owners,
    keys,
)
"""The parts whose routes there are, in the order of the description."""


def create_app(folder: Path, settings: Settings | None = None) -> FastAPI:
    """The application on the workspace in `folder`; settings are the workspace's own unless given.

    The workspace is opened when the server starts; raises `ConfigError` for wrong settings, or a wrong policy
    that they name, at once.
    """
    chosen = workspace_settings(folder) if settings is None else settings
    policy, metrics = workspace_policy(folder, chosen), Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with (
            Workspace.open(folder, chosen) as workspace,
            Fetcher(chosen.fetch, chosen.images.max_bytes) as fetcher,
            Poster(chosen.fetch) as poster,
        ):
            checks = Checks(workspace, metrics, policy)
            app.state.service = Service(
                workspace, metrics, Rates(), checks, fetcher, poster, PdqIndex(workspace)
            )
            working = chosen.service.run_jobs
            workers = (Runner(workspace, policy), Deliverer(workspace, poster)) if working else ()
            for worker in workers:
                worker.start()
            try:
                yield
            finally:
                for worker in workers:
                    worker.stop(chosen.service.drain_seconds)
                checks.close()

    app = FastAPIOffline(
        title="Counterfeit image matcher",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
    )
    problems.install(app)
    # The last one added is the outermost: a request has its id before anything can go wrong with it.
    app.add_middleware(Idempotent)
    app.add_middleware(KeysFirst)
    app.add_middleware(SessionsFirst, is_page=web.is_page)
    app.add_middleware(PeersErrors)
    app.add_middleware(BodyLimit, limit=lambda path: _largest(path, chosen.service))
    app.add_middleware(Observed, metrics=metrics)
    for part in ROUTED:
        app.include_router(part.router)
    web.install(app)
    _describe_problems(app)
    return app


def _largest(path: str, settings: ServiceSettings) -> int:
    """The most bytes that a request to `path` may have; tables, archives and parts are streamed to disk."""
    if is_open(path):
        return _SIGN_IN_BYTES
    if path.startswith(("/v1/uploads/", "/uploads/")) or path.endswith(("/archives", "/files")):
        return settings.max_archive_bytes
    tables = ("/v1/scans", "/v1/imports", "/scans")
    return settings.max_manifest_bytes if path in tables else settings.max_request_bytes


def _describe_problems(app: FastAPI) -> None:
    """Add the schema of problem documents, which every route's answers refer to."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        description = made()
        schemas = description.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in schemas:
            schema = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(schema.pop("$defs", {}))
            schemas["Problem"] = schema
            describe(description)
        return description

    app.openapi = openapi  # type: ignore[method-assign]
