"""What is to be sent to webhooks: kept with the change it tells of, tried again until it is taken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import JsonValue
from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from matcher.catalog.columns import now
from matcher.catalog.service_tables import deliveries, webhooks
from matcher.catalog.webhooks import Webhook, WebhookEvent, list_webhooks, switch_off_webhook, webhook_of

TEST = "test"
"""The event of a delivery that was only asked for to try the webhook."""


@dataclass(frozen=True)
class Delivery:
    """One message to one webhook; `payload` is the JSON that is sent, `error` why the last try failed."""

    delivery_id: int
    webhook_id: int
    message_id: str
    event: str
    payload: str
    state: Literal["waiting", "done", "failed"]
    attempts: int
    next_try: datetime
    error: str
    created: datetime
    finished: datetime | None


def tell_webhooks(
    connection: Connection,
    owner_id: int,
    event: WebhookEvent,
    subject: str,
    facts: Mapping[str, JsonValue],
) -> int:
    """Keep a message for each of the owner's webhooks that wants the event; how many there are.

    `subject` names what happened: told twice, the same is sent once.
    """
    wanting = [one for one in list_webhooks(connection, owner_id) if event in one.events and not one.off]
    for webhook in wanting:
        _add(connection, webhook, event, subject, facts)
    return len(wanting)


def try_webhook(connection: Connection, webhook: Webhook, subject: str) -> Delivery:
    """Keep a message that tells of nothing."""
    _add(connection, webhook, TEST, subject, {"webhook": webhook.webhook_id})
    query = select(deliveries).where(
        deliveries.c.webhook_id == webhook.webhook_id,
        deliveries.c.message_id == _message_id(webhook, TEST, subject),
    )
    return _delivery(connection.execute(query).one())


def claim_deliveries(connection: Connection, lease: timedelta, limit: int) -> list[tuple[Delivery, Webhook]]:
    """What is to be sent now, at most one message a webhook; who dies within `lease` has sent nothing."""
    moment = now()
    due = (
        select(func.min(deliveries.c.delivery_id))
        .join_from(deliveries, webhooks, webhooks.c.webhook_id == deliveries.c.webhook_id)
        .where(deliveries.c.state == "waiting", deliveries.c.next_try <= moment, webhooks.c.off == "")
        .group_by(deliveries.c.webhook_id)
        .limit(limit)
    )
    numbers = list(connection.execute(due).scalars())
    if not numbers:
        return []
    query = select(deliveries).where(deliveries.c.delivery_id.in_(numbers), deliveries.c.next_try <= moment)
    taken = [_delivery(row) for row in connection.execute(query.with_for_update(skip_locked=True))]
    values = {"next_try": moment + lease, "attempts": deliveries.c.attempts + 1}
    which = deliveries.c.delivery_id.in_([one.delivery_id for one in taken])
    connection.execute(update(deliveries).where(which).values(values))
    fresh = connection.execute(select(deliveries).where(which).order_by(deliveries.c.delivery_id)).all()
    return [(_delivery(row), _webhook(connection, row.webhook_id)) for row in fresh]


def are_deliveries_due(connection: Connection) -> bool:
    """Whether there may be something to send, without a lock."""
    query = select(deliveries.c.delivery_id).where(
        deliveries.c.state == "waiting", deliveries.c.next_try <= now()
    )
    return connection.execute(query.limit(1)).first() is not None


def end_delivery(connection: Connection, delivery: Delivery) -> None:
    """The message was taken."""
    _change(connection, delivery, {"state": "done", "error": "", "finished": now()})


def fail_delivery(
    connection: Connection, delivery: Delivery, error: str, waits: Sequence[timedelta], *, gone: bool = False
) -> None:
    """The try failed: the next is after the next of `waits`.

    After the last of them, or where the address is `gone`, the delivery has failed and its webhook is
    switched off.
    """
    if delivery.attempts <= len(waits) and not gone:
        _change(connection, delivery, {"error": error, "next_try": now() + waits[delivery.attempts - 1]})
        return
    _change(connection, delivery, {"state": "failed", "error": error, "finished": now()})
    why = f"message {delivery.message_id} could not be delivered in {delivery.attempts} tries: {error}"
    switch_off_webhook(connection, delivery.webhook_id, why)


def deliveries_after(connection: Connection, webhook_id: int, after: int, limit: int) -> list[Delivery]:
    """At most `limit` messages to the webhook in the order they were kept, after that delivery_id."""
    query = select(deliveries).where(deliveries.c.webhook_id == webhook_id, deliveries.c.delivery_id > after)
    rows = connection.execute(query.order_by(deliveries.c.delivery_id).limit(limit))
    return [_delivery(row) for row in rows]


def drop_old_deliveries(connection: Connection, before: datetime) -> None:
    """Forget messages that were kept before then, sent or not."""
    connection.execute(delete(deliveries).where(deliveries.c.created < before))


def _add(
    connection: Connection, webhook: Webhook, event: str, subject: str, facts: Mapping[str, JsonValue]
) -> None:
    moment = now()
    payload = {"type": event, "timestamp": moment.isoformat(), "data": dict(facts)}
    row = {
        "webhook_id": webhook.webhook_id, "message_id": _message_id(webhook, event, subject),
        "event": event, "payload": json.dumps(payload), "state": "waiting", "attempts": 0,
        "next_try": moment, "error": "", "created": moment,
    }  # fmt: skip
    insert_of = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(insert_of(deliveries).values(row).on_conflict_do_nothing())


def _message_id(webhook: Webhook, event: str, subject: str) -> str:
    return "msg_" + hashlib.sha256(f"{webhook.webhook_id}:{event}:{subject}".encode()).hexdigest()[:32]


def _change(connection: Connection, delivery: Delivery, values: dict[str, Any]) -> None:
    which = deliveries.c.delivery_id == delivery.delivery_id
    connection.execute(update(deliveries).where(which).values(values))


def _webhook(connection: Connection, webhook_id: int) -> Webhook:
    return webhook_of(connection.execute(select(webhooks).where(webhooks.c.webhook_id == webhook_id)).one())


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**row._asdict())
