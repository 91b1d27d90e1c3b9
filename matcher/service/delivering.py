"""Sends what waits for webhooks, from a thread of the server, and tries again with growing pauses."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http import HTTPStatus

from matcher.catalog import (
    Delivery,
    Webhook,
    are_deliveries_due,
    claim_deliveries,
    end_delivery,
    fail_delivery,
)
from matcher.catalog.columns import now
from matcher.errors import CatalogError, FetchError
from matcher.faults import commit_point
from matcher.posting import Poster
from matcher.service.signing import signed_headers
from matcher.workspace import Workspace

_log = logging.getLogger("matcher.service")
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000)
)
"""The pauses between tries of one message: ten tries in two days."""
AT_ONCE = 8


class Deliverer:
    """One sender; `start` it with the server, `stop` it with the server."""

    def __init__(self, workspace: Workspace, poster: Poster, waits: Sequence[timedelta] = WAITS) -> None:
        self._workspace, self._poster, self._waits = workspace, poster, waits
        self._lease = timedelta(seconds=4 * workspace.settings.fetch.timeout_seconds)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to look for messages."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Send nothing more; what is under way may take `seconds`, and is sent again where it took longer."""
        self._stopping.set()
        self._thread.join(seconds)

    def _work(self) -> None:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
            while not self._stopping.is_set():
                try:
                    if self.send_due(pool):
                        continue
                except CatalogError as error:
                    _log.error("webhooks cannot be looked for", extra={"error": str(error)})
                self._stopping.wait(self._workspace.settings.service.poll_seconds)

    def send_due(self, pool: ThreadPoolExecutor) -> int:
        """Send one message to every webhook that has one due; how many there were."""
        with self._workspace.database.read() as connection:
            if not are_deliveries_due(connection):
                return 0
        with self._workspace.database.write() as connection:
            claimed = claim_deliveries(connection, self._lease, AT_ONCE)
        commit_point("webhook:claimed")
        for _ in pool.map(lambda one: self._send(*one), claimed):
            pass
        return len(claimed)

    def _send(self, delivery: Delivery, webhook: Webhook) -> None:
        body = delivery.payload.encode()
        headers = signed_headers(webhook.secrets, delivery.message_id, body, now())
        status = 0
        try:
            status = self._poster.post(webhook.url, body, headers)
            error = "" if 200 <= status < 300 else f"was answered with HTTP status {status}"
        except FetchError as failure:
            error = failure.reason
        commit_point("webhook:sent")
        with self._workspace.database.write() as connection:
            if not error:
                end_delivery(connection, delivery)
            else:
                gone = status == HTTPStatus.GONE
                fail_delivery(connection, delivery, error, self._waits, gone=gone)
        facts = {"webhook": webhook.webhook_id, "delivery": delivery.delivery_id, "error": error}
        _log.info("webhook told", extra=facts)
