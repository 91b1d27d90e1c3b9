"""The record of who did what: written with the change it tells of, never altered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, or_, select

from matcher.catalog.columns import now
from matcher.catalog.service_tables import audit

ACCESS = ("person.", "key.", "owner.")
"""How the names of acts begin that say who may do what."""


@dataclass(frozen=True)
class Act:
    """One thing done to what belongs to `owner_id`; `actor` is a key's prefix or the command line."""

    audit_id: int
    owner_id: int
    actor: str
    action: str
    target: str
    request_id: str
    time: datetime


def record_act(
    connection: Connection, owner_id: int, *, actor: str, action: str, target: str, request_id: str = ""
) -> None:
    """Keep it in the caller's transaction, so that no change is without its record."""
    row = {
        "owner_id": owner_id,
        "actor": actor,
        "action": action,
        "target": target,
        "request_id": request_id,
        "time": now(),
    }
    connection.execute(insert(audit).values(row))


def list_acts(connection: Connection, owner_id: int, *, after: int = 0, limit: int = 100) -> list[Act]:
    """At most `limit` acts in the order they were kept, after the audit_id `after`."""
    query = select(audit).where(audit.c.owner_id == owner_id, audit.c.audit_id > after)
    return [Act(**row._asdict()) for row in connection.execute(query.order_by(audit.c.audit_id).limit(limit))]


def newest_acts(
    connection: Connection,
    owner_id: int,
    *,
    before: int | None = None,
    limit: int = 100,
    text: str = "",
    named: Collection[str] = (),
    access_of_all: bool = False,
) -> list[Act]:
    """At most `limit` acts, the newest first, before the audit_id `before`, that hold `text` anywhere.

    With `named` also those of these names.
    With `access_of_all` also what was done to people, keys and owners of every owner.
    """
    wanted = audit.c.owner_id == owner_id
    if access_of_all:
        wanted = or_(wanted, *(audit.c.action.startswith(one) for one in ACCESS))
    query = select(audit).where(wanted)
    if before is not None:
        query = query.where(audit.c.audit_id < before)
    if text:
        parts = (audit.c.actor, audit.c.action, audit.c.target, audit.c.request_id)
        held = [part.icontains(text, autoescape=True) for part in parts]
        query = query.where(or_(*held, audit.c.action.in_(named)))
    return [
        Act(**row._asdict())
        for row in connection.execute(query.order_by(audit.c.audit_id.desc()).limit(limit))
    ]


def newest_act(connection: Connection, owner_id: int) -> int:
    """The audit_id of the last thing done to what is this owner's, 0 where there was none."""
    query = select(func.max(audit.c.audit_id)).where(audit.c.owner_id == owner_id)
    return int(connection.execute(query).scalar_one() or 0)
