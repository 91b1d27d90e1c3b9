"""Each request gets an id, one line in the log and its place in the metrics."""

from __future__ import annotations

import logging
import math
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.catalog import Database, open_jobs
from matcher.catalog.columns import now
from matcher.errors import MatcherError
from matcher.service.logs import HEADER, accepted_id, request_id
from matcher.service.problems import unexpected

_log = logging.getLogger("matcher.service")
SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What Prometheus may ask for; no name, brand or owner is among the labels."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "matcher_request_seconds", "Time a request took.", ("method", "route", "status"),
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        self.under_way = Gauge(
            "matcher_requests_under_way", "Requests being answered.", registry=self.registry
        )
        self.checks = Counter("matcher_checks", "Listings checked.", ("verdict",), registry=self.registry)
        self.openings = Counter(
            "matcher_examiner_openings", "Times an examiner was opened on another snapshot.",
            registry=self.registry,
        )  # fmt: skip

        self.jobs = Gauge(
            "matcher_jobs", "Jobs of every owner that have not ended.", ("state",), registry=self.registry
        )
        self.waiting = Gauge(
            "matcher_job_waiting_seconds", "How long the longest waiting job has waited.",
            registry=self.registry,
        )  # fmt: skip

    def tell_jobs(self, database: Database) -> None:
        """Ask the database, as any server may work on a job; not a number where it does not answer."""
        try:
            with database.read() as connection:
                found = open_jobs(connection)
        except MatcherError:
            found = None
        self.jobs.labels("waiting").set(found.waiting if found else math.nan)
        self.jobs.labels("running").set(found.running if found else math.nan)
        waits = (now() - found.oldest).total_seconds() if found and found.oldest else 0.0
        self.waiting.set(max(0.0, waits) if found else math.nan)


class Observed:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and tell how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name = accepted_id(Headers(scope=scope).get(HEADER, ""))
        token, began, status = request_id.set(name), time.perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        try:
            with self.metrics.under_way.track_inprogress():
                await self.app(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - here, within the request's id, every mistake ends
            failed = unexpected(error)
            if not status:
                await failed(scope, receive, answer)
        finally:
            self._told(scope, status or 500, time.perf_counter() - began)
            request_id.reset(token)

    def _told(self, scope: Scope, status: int, seconds: float) -> None:
        """The route's template stands for the path, which may hold names and would make endless labels."""
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self.metrics.seconds.labels(method, route, str(status)).observe(seconds)
        caller = scope.get("state", {}).get("caller")
        extra = {"method": method, "route": route, "status": status, "seconds": round(seconds, 4)}
        if caller is not None:
            extra |= {"owner_id": caller.owner_id, "key": caller.prefix}
        _log.info("request", extra=extra)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
