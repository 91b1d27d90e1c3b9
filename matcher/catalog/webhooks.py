"""Webhooks: addresses that an owner wants told of verdicts, and the secrets that sign what is sent."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from matcher.catalog.columns import now
from matcher.catalog.service_tables import webhooks
from matcher.errors import MissingError, UsageError

MOST_WEBHOOKS = 20
"""Webhooks of one owner."""


class WebhookEvent(StrEnum):
    """What a webhook is told of: a verdict that is not clear, a person's answer, a scan that has ended."""

    VERDICT = "verdict"
    ANSWER = "answer"
    SCAN_DONE = "scan.done"


@dataclass(frozen=True)
class Webhook:
    """Where to send what; `off` is empty while it is on, else says why it is off. Times are in UTC.

    `secrets`: those that sign now, the newest first; they are never shown.
    """

    webhook_id: int
    owner_id: int
    url: str
    label: str
    events: frozenset[WebhookEvent]
    secrets: tuple[str, ...]
    off: str
    created: datetime


def add_webhook(
    connection: Connection, owner_id: int, url: str, events: Iterable[WebhookEvent], *, label: str = ""
) -> Webhook:
    """A new webhook, on, with a new secret. Raises `UsageError` where the owner has too many."""
    if len(list_webhooks(connection, owner_id)) >= MOST_WEBHOOKS:
        raise UsageError(f"there are {MOST_WEBHOOKS} webhooks already: remove one first")
    row = {
        "owner_id": owner_id, "url": url, "label": label, "events": json.dumps(sorted(set(events))),
        "secret": _secret(), "old_secret": "", "off": "", "created": now(),
    }  # fmt: skip
    made = connection.execute(insert(webhooks).values(row).returning(webhooks.c.webhook_id)).scalar_one()
    return find_webhook(connection, owner_id, made)


def find_webhook(connection: Connection, owner_id: int, webhook_id: int) -> Webhook:
    """The owner's webhook of that id; raises `MissingError` where there is none."""
    row = connection.execute(select(webhooks).where(_of(owner_id, webhook_id))).one_or_none()
    if row is None:
        raise MissingError(f"there is no webhook {webhook_id}")
    return webhook_of(row)


def list_webhooks(connection: Connection, owner_id: int) -> list[Webhook]:
    """The owner's webhooks, oldest first."""
    query = select(webhooks).where(webhooks.c.owner_id == owner_id).order_by(webhooks.c.webhook_id)
    return [webhook_of(row) for row in connection.execute(query)]


def change_webhook(
    connection: Connection,
    owner_id: int,
    webhook_id: int,
    *,
    events: Iterable[WebhookEvent],
    label: str,
    off: str,
) -> Webhook:
    """Make the webhook what is said; raises `MissingError` where there is none."""
    values = {"events": json.dumps(sorted(set(events))), "label": label, "off": off}
    connection.execute(update(webhooks).where(_of(owner_id, webhook_id)).values(values))
    return find_webhook(connection, owner_id, webhook_id)


def rotate_webhook_secret(
    connection: Connection, owner_id: int, webhook_id: int, *, grace: timedelta
) -> Webhook:
    """A new secret; what is sent is signed with the old one too for the time of `grace`."""
    found = find_webhook(connection, owner_id, webhook_id)
    values = {"secret": _secret(), "old_secret": found.secrets[0], "old_until": now() + grace}
    connection.execute(update(webhooks).where(_of(owner_id, webhook_id)).values(values))
    return find_webhook(connection, owner_id, webhook_id)


def remove_webhook(connection: Connection, owner_id: int, webhook_id: int) -> None:
    """Remove it with what was still to be sent; raises `MissingError` where there is none."""
    if connection.execute(delete(webhooks).where(_of(owner_id, webhook_id))).rowcount != 1:
        raise MissingError(f"there is no webhook {webhook_id}")


def switch_off_webhook(connection: Connection, webhook_id: int, why: str) -> None:
    """Send nothing more to it until its owner switches it on again."""
    connection.execute(update(webhooks).where(webhooks.c.webhook_id == webhook_id).values(off=why))


def webhook_of(row: Row[Any]) -> Webhook:
    """A row of the table as a webhook."""
    old = (row.old_secret,) if row.old_until is not None and row.old_until > now() else ()
    return Webhook(
        webhook_id=row.webhook_id,
        owner_id=row.owner_id,
        url=row.url,
        label=row.label,
        events=frozenset(WebhookEvent(one) for one in json.loads(row.events)),
        secrets=(row.secret, *old),
        off=row.off,
        created=row.created,
    )


def _secret() -> str:
    """256 random bits, as the Standard Webhooks specification writes them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _of(owner_id: int, webhook_id: int) -> Any:
    return (webhooks.c.webhook_id == webhook_id) & (webhooks.c.owner_id == owner_id)
