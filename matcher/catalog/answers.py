"""Answers to requests that carry an idempotency key: claimed with a lease by one server, kept for a day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from matcher.catalog.columns import now
from matcher.catalog.service_tables import answers

KEPT = timedelta(days=1)


class Claim(NamedTuple):
    """Names a request: the API key it came with, by its prefix, and the hash of its idempotency key.

    `begun` tells whoever carries it out from another that took it over.
    """

    prefix: str
    key_hash: str
    begun: datetime

    @classmethod
    def of(cls, prefix: str, key: str) -> Claim:
        """A new claim to the request with the idempotency key `key`."""
        return cls(prefix, hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest(), now())


@dataclass(frozen=True)
class Answer:
    """What is known of the earlier request: `running`, `done`, or `effected`: its answer is not kept.

    `same`: whether it was the same request, by its fingerprint.
    """

    state: Literal["running", "effected", "done"]
    same: bool
    request_id: str
    status: int
    headers: dict[str, str]
    body: bytes | None


def claim_answer(
    connection: Connection, claim: Claim, fingerprint: str, request_id: str, lease: timedelta
) -> Answer | None:
    """None, and the request is the caller's to carry out; or what is known of one before it.

    A request that changed nothing yet and whose server has not been heard of for `lease` is taken over.
    """
    moment = now()
    connection.execute(delete(answers).where(_named(claim), answers.c.created < moment - KEPT))
    row = {
        "prefix": claim.prefix, "key_hash": claim.key_hash, "fingerprint": fingerprint, "state": "running",
        "request_id": request_id, "status": 0, "headers": "{}", "created": claim.begun, "claimed": moment,
    }  # fmt: skip
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    added = insert(answers).values(row).on_conflict_do_nothing().returning(answers.c.prefix)
    if connection.execute(added).first() is not None:
        return None
    found = connection.execute(select(answers).where(_named(claim)).with_for_update()).one()
    same = found.fingerprint == fingerprint
    if same and found.state == "running" and found.claimed < moment - lease:
        taken = {"created": claim.begun, "claimed": moment, "request_id": request_id}
        connection.execute(update(answers).where(_named(claim)).values(taken))
        return None
    headers = json.loads(found.headers)
    return Answer(found.state, same, found.request_id, found.status, headers, found.body)


def beat_answer(connection: Connection, claim: Claim) -> None:
    """Say that the request is still being carried out."""
    connection.execute(update(answers).where(_ours(claim)).values(claimed=now()))


def mark_effected(connection: Connection, claim: Claim) -> bool:
    """The request changes something with this transaction, so it is not carried out again.

    False where another server has taken it over: then this transaction must not commit.
    """
    return connection.execute(update(answers).where(_ours(claim)).values(state="effected")).rowcount == 1


def keep_answer(
    connection: Connection, claim: Claim, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """Keep the answer to a request that changed something, to be given again."""
    values = {"state": "done", "status": status, "headers": json.dumps(dict(headers)), "body": body}
    connection.execute(update(answers).where(_ours(claim), answers.c.state == "effected").values(values))


def release_answer(connection: Connection, claim: Claim) -> None:
    """Let the request be carried out again, unless it changed something."""
    connection.execute(delete(answers).where(_ours(claim), answers.c.state == "running"))


def drop_old_answers(connection: Connection) -> None:
    """Forget answers of over a day ago."""
    connection.execute(delete(answers).where(answers.c.created < now() - KEPT))


def _named(claim: Claim) -> Any:
    return (answers.c.prefix == claim.prefix) & (answers.c.key_hash == claim.key_hash)


def _ours(claim: Claim) -> Any:
    return _named(claim) & (answers.c.created == claim.begun)
