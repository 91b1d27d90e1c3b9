"""Webhooks of an owner: registered, changed, tried, their secret rotated, and what was sent to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from matcher.catalog import (
    Delivery,
    Scope,
    Webhook,
    WebhookEvent,
    add_webhook,
    change_webhook,
    deliveries_after,
    find_webhook,
    list_webhooks,
    remove_webhook,
    rotate_webhook_secret,
    try_webhook,
)
from matcher.errors import FetchError
from matcher.service.access import Caller, allowed
from matcher.service.idempotency import told_once
from matcher.service.keys import Grace
from matcher.service.logs import request_id
from matcher.service.paging import LARGEST, After, Limit, Page, page
from matcher.service.problems import RESPONSES, RefusedError

router = APIRouter(prefix="/v1", tags=["webhooks"], responses=RESPONSES)
Keeper = Annotated[Caller, allowed(Scope.WEBHOOKS)]
WebhookId = Annotated[int, Path(ge=1, le=LARGEST)]


class WebhookFacts(BaseModel):
    """What a webhook is told of: `verdict` (one that is not clear), `answer` (a person's), `scan.done`."""

    model_config = ConfigDict(extra="forbid")

    events: list[WebhookEvent] = Field(min_length=1, max_length=len(WebhookEvent))
    label: str = Field("", max_length=200)


class NewWebhook(WebhookFacts):
    """Where to send it: an https address that leads to a public host."""

    url: str = Field(min_length=1, max_length=2_000)


class ChangedWebhook(WebhookFacts):
    """`on`: whether anything is sent; switching it on again lets what waits go out."""

    on: bool = True


class ShownWebhook(BaseModel):
    """A webhook; `off` says why nothing is sent, and is empty while it is on."""

    webhook: int
    url: str
    label: str
    events: list[WebhookEvent]
    off: str
    created: datetime


class WebhookWithSecret(ShownWebhook):
    """With the secret that signs what is sent; it is told this once."""

    secret: str


class ShownDelivery(BaseModel):
    """A message: `waiting`, `done` or `failed`; `error` is why the last try failed."""

    delivery: int
    message_id: str
    event: str
    state: str
    attempts: int
    next_try: datetime | None
    error: str
    created: datetime
    finished: datetime | None


@router.get("/webhooks")
def webhooks(caller: Keeper) -> list[ShownWebhook]:
    """The owner's webhooks."""
    with caller.read() as connection:
        return [
            ShownWebhook.model_validate(_facts(one)) for one in list_webhooks(connection, caller.owner_id)
        ]


@router.post("/webhooks", status_code=HTTPStatus.CREATED, dependencies=[Depends(told_once)])
def add(caller: Keeper, wanted: NewWebhook) -> WebhookWithSecret:
    """Register an address; its host is looked up now and before each message.

    The key must be able to read what is told: it needs `scans:read` as well, for answers `reviews:read`.
    """
    if Scope.SCANS_READ not in caller.scopes:
        raise RefusedError(HTTPStatus.FORBIDDEN, "the asking key lacks scans:read, and verdicts are told")
    _expect_reviews(caller, wanted.events)
    try:
        caller.service.poster.vet(wanted.url)
    except FetchError as error:
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"url: {error.reason}") from error
    with caller.write("webhook.add", wanted.url) as connection:
        made = add_webhook(connection, caller.owner_id, wanted.url, wanted.events, label=wanted.label)
    return _with_secret(made)


@router.get("/webhooks/{webhook}")
def show(caller: Keeper, webhook: WebhookId) -> ShownWebhook:
    """One webhook."""
    with caller.read() as connection:
        return ShownWebhook.model_validate(_facts(find_webhook(connection, caller.owner_id, webhook)))


@router.put("/webhooks/{webhook}")
def change(caller: Keeper, webhook: WebhookId, wanted: ChangedWebhook) -> ShownWebhook:
    """Change what it is told of, or switch it on or off."""
    _expect_reviews(caller, wanted.events)
    off = "" if wanted.on else "it was switched off"
    with caller.write("webhook.change", str(webhook)) as connection:
        made = change_webhook(
            connection, caller.owner_id, webhook, events=wanted.events, label=wanted.label, off=off
        )
    return ShownWebhook.model_validate(_facts(made))


@router.delete("/webhooks/{webhook}", status_code=HTTPStatus.NO_CONTENT)
def remove(caller: Keeper, webhook: WebhookId) -> None:
    """Remove it with what was still to be sent."""
    with caller.write("webhook.remove", str(webhook)) as connection:
        remove_webhook(connection, caller.owner_id, webhook)


@router.post("/webhooks/{webhook}/rotate", status_code=HTTPStatus.CREATED, dependencies=[Depends(told_once)])
def rotate(caller: Keeper, webhook: WebhookId, grace_seconds: Grace = 0) -> WebhookWithSecret:
    """A new secret; for `grace_seconds` what is sent is signed with the old one too."""
    with caller.write("webhook.rotate", str(webhook)) as connection:
        grace = timedelta(seconds=grace_seconds)
        return _with_secret(rotate_webhook_secret(connection, caller.owner_id, webhook, grace=grace))


@router.post("/webhooks/{webhook}/test", status_code=HTTPStatus.ACCEPTED)
def send_test(caller: Keeper, webhook: WebhookId) -> ShownDelivery:
    """Send a message of the type `test`; what came of it is told with the deliveries."""
    with caller.write("webhook.test", str(webhook)) as connection:
        found = find_webhook(connection, caller.owner_id, webhook)
        return _delivery(try_webhook(connection, found, request_id.get()))


@router.get("/webhooks/{webhook}/deliveries")
def deliveries(
    caller: Keeper, webhook: WebhookId, after: After = 0, limit: Limit = 100
) -> Page[ShownDelivery]:
    """What was sent or is to be sent, oldest first."""
    with caller.read() as connection:
        find_webhook(connection, caller.owner_id, webhook)
        found = deliveries_after(connection, webhook, after, limit + 1)
    return page(found, limit, lambda one: one.delivery_id, _delivery)


def _expect_reviews(caller: Caller, events: list[WebhookEvent]) -> None:
    if WebhookEvent.ANSWER in events and Scope.REVIEWS_READ not in caller.scopes:
        raise RefusedError(HTTPStatus.FORBIDDEN, "the asking key lacks reviews:read, and answers are told")


def _facts(webhook: Webhook) -> dict[str, object]:
    return {**vars(webhook), "webhook": webhook.webhook_id, "events": sorted(webhook.events)}


def _with_secret(webhook: Webhook) -> WebhookWithSecret:
    return WebhookWithSecret.model_validate({**_facts(webhook), "secret": webhook.secrets[0]})


def _delivery(one: Delivery) -> ShownDelivery:
    facts = {**vars(one), "delivery": one.delivery_id}
    return ShownDelivery.model_validate(facts | ({} if one.state == "waiting" else {"next_try": None}))
