"""What the routes share: the open workspace, the examiners, the metrics and how often each key asks."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from matcher.fetch import Fetcher
from matcher.posting import Poster
from matcher.service.checking import Checks
from matcher.service.hma.pdq import PdqIndex
from matcher.service.observing import Metrics
from matcher.service.rates import Rates
from matcher.workspace import Workspace


@dataclass(frozen=True)
class Service:
    """One running service; opened when the server starts and closed when it has answered its last request."""

    workspace: Workspace
    metrics: Metrics
    rates: Rates
    checks: Checks
    fetcher: Fetcher
    poster: Poster
    hashes: PdqIndex


def service_of(request: Request) -> Service:
    """The service that answers `request`."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service
