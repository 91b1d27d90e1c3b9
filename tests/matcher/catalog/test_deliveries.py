"""Messages to webhooks, as both databases keep them: once each, leased, tried again, given up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from matcher.catalog import (
    Database,
    WebhookEvent,
    add_owner,
    add_webhook,
    are_deliveries_due,
    change_webhook,
    claim_deliveries,
    deliveries_after,
    drop_old_deliveries,
    end_delivery,
    fail_delivery,
    find_webhook,
    remove_webhook,
    tell_webhooks,
)
from matcher.catalog.columns import now
from matcher.errors import MissingError

LEASE = timedelta(seconds=60)
BOTH = [WebhookEvent.VERDICT, WebhookEvent.SCAN_DONE]


def test_an_event_is_told_once_to_each_webhook_that_wants_it(database: Database) -> None:
    with database.write() as connection:
        other = add_owner(connection, "other")
        first = add_webhook(connection, 1, "https://a.example/", BOTH)
        second = add_webhook(connection, 1, "https://b.example/", [WebhookEvent.SCAN_DONE])
        add_webhook(connection, other, "https://c.example/", BOTH)
        for _ in range(2):
            assert tell_webhooks(connection, 1, WebhookEvent.VERDICT, "7", {"review": 7}) == 1
            assert tell_webhooks(connection, 1, WebhookEvent.SCAN_DONE, "1", {"text": "\x00é"}) == 2
        assert len(deliveries_after(connection, first.webhook_id, 0, 9)) == 2
        assert len(deliveries_after(connection, second.webhook_id, 0, 9)) == 1
        change_webhook(connection, 1, second.webhook_id, events=BOTH, label="", off="by hand")
        assert tell_webhooks(connection, 1, WebhookEvent.VERDICT, "8", {}) == 1
        with pytest.raises(MissingError):
            find_webhook(connection, other, first.webhook_id)
        remove_webhook(connection, 1, first.webhook_id)
        assert deliveries_after(connection, first.webhook_id, 0, 9) == []


def test_one_message_a_webhook_is_sent_at_a_time_and_again_after_its_lease(database: Database) -> None:
    with database.write() as connection:
        webhook = add_webhook(connection, 1, "https://a.example/", BOTH)
        for subject in "12":
            tell_webhooks(connection, 1, WebhookEvent.VERDICT, subject, {})
    with database.write() as connection:
        ((first, whose),) = claim_deliveries(connection, -LEASE, 8)
        assert (first.attempts, whose.url) == (1, webhook.url)
        ((again, _),) = claim_deliveries(connection, LEASE, 8)
        assert (again.message_id, again.attempts) == (first.message_id, 2)
        ((second, _),) = claim_deliveries(connection, LEASE, 8)
        assert second.message_id != first.message_id
        assert claim_deliveries(connection, LEASE, 8) == []
        assert not are_deliveries_due(connection)
        end_delivery(connection, again)
        fail_delivery(connection, second, "no answer", [timedelta()])
        assert are_deliveries_due(connection)
        ((second, _),) = claim_deliveries(connection, LEASE, 8)
        fail_delivery(connection, second, "no answer", [timedelta()])
        states = [one.state for one in deliveries_after(connection, webhook.webhook_id, 0, 9)]
        assert states == ["done", "failed"]
        assert "no answer" in find_webhook(connection, 1, webhook.webhook_id).off
        drop_old_deliveries(connection, now())
        assert deliveries_after(connection, webhook.webhook_id, 0, 9) == []
