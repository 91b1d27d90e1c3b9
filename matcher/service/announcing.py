"""Tells webhooks of each verdict that is not clear while a scan runs, of its end, and of people's answers."""

from __future__ import annotations

import secrets

from pydantic import JsonValue
from sqlalchemy import Connection

from matcher.catalog import (
    Job,
    WebhookEvent,
    find_judged,
    flagged_after,
    latest_review,
    latest_scan,
    list_webhooks,
    tell_webhooks,
)
from matcher.outputs import verdict_record
from matcher.records import Verdict
from matcher.service.job_folders import job_folder
from matcher.workspace import Workspace

PAGE = 200


class Announcer:
    """Tells of one scan's verdicts as they are committed; telling the same twice sends it once."""

    def __init__(self, workspace: Workspace, job: Job) -> None:
        self._workspace, self._job = workspace, job
        self._out = str(job_folder(workspace, job.terms) / "out")
        self._position = 0

    def tell(self) -> None:
        """Keep a message for each verdict that has come since the last call."""
        with self._workspace.database.read() as connection:
            if not any(not one.off for one in list_webhooks(connection, self._job.owner_id)):
                return
            scan = latest_scan(connection, self._out, owner_id=self._job.owner_id)
        while scan is not None:
            with self._workspace.database.write() as connection:
                found = flagged_after(connection, scan.scan_id, self._position, PAGE)
                for position, number, verdict in found:
                    tell_of_verdict(connection, self._job.owner_id, number, verdict, self._job.job_id)
                    self._position = position + 1
            if len(found) < PAGE:
                return


def tell_of_verdict(
    connection: Connection, owner_id: int, number: int, verdict: Verdict, job_id: int | None = None
) -> None:
    """Keep a message of the verdict that waits for a review under `number`."""
    facts: dict[str, JsonValue] = {"review": number, "job": job_id, "verdict": verdict_record(verdict)}
    tell_webhooks(connection, owner_id, WebhookEvent.VERDICT, str(number), facts)


def tell_of_answer(connection: Connection, owner_id: int, number: int) -> None:
    """Keep a message of what people say of the listing now: the answer that counts, null where none does.

    In the transaction that gives an answer or takes it back.
    """
    judged, latest = find_judged(connection, number, owner_id=owner_id), latest_review(connection, number)
    if judged is None:
        return
    facts: dict[str, JsonValue] = {
        "review": number,
        "listing_id": judged.listing.listing_id,
        "verdict": judged.verdict.verdict.value,
        "brand": judged.verdict.brand,
        "answer": latest.answer.value if latest else None,
        "reviewer": latest.reviewer if latest else "",
        "note": latest.note if latest else "",
        "time": latest.time.isoformat() if latest else None,
    }
    tell_webhooks(connection, owner_id, WebhookEvent.ANSWER, secrets.token_hex(16), facts)


def tell_of_end(connection: Connection, job: Job, result: dict[str, JsonValue], error: str) -> None:
    """Keep a message of the scan's end, in the transaction that ends its job."""
    state = "failed" if error else "done"
    facts: dict[str, JsonValue] = {"job": job.job_id, "state": state, "result": result, "error": error}
    subject = f"{job.job_id}:{job.attempts}"
    tell_webhooks(connection, job.owner_id, WebhookEvent.SCAN_DONE, subject, facts)
