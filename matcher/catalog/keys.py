"""API keys: who may do what for which owner; of a key's secret only a hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from matcher.catalog.columns import now
from matcher.catalog.service_tables import api_keys
from matcher.catalog.tables import owners
from matcher.errors import MissingError, UsageError

DEFAULT_RATE = 600
"""Requests a minute of a key that was given no other limit."""
_MARK = "cim"


class Scope(StrEnum):
    """What a key may do, for its own owner; only `admin` reaches further: it makes owners and their keys."""

    CHECK = "check"
    CATALOG_READ = "catalog:read"
    CATALOG_WRITE = "catalog:write"
    REVIEWS_READ = "reviews:read"
    REVIEWS_WRITE = "reviews:write"
    SCANS_READ = "scans:read"
    SCANS_WRITE = "scans:write"
    HASHES = "hashes"
    UPLOADS = "uploads"
    WEBHOOKS = "webhooks"
    AUDIT = "audit"
    KEYS = "keys"
    ADMIN = "admin"


@dataclass(frozen=True)
class ApiKey:
    """A key as it may be shown; `prefix` names it and begins its secret, times are in UTC."""

    owner_id: int
    owner: str
    prefix: str
    label: str
    scopes: frozenset[Scope]
    requests_per_minute: int
    created: datetime
    expires: datetime | None
    revoked: datetime | None


def issue_key(
    connection: Connection,
    owner_id: int,
    scopes: Iterable[Scope],
    *,
    label: str = "",
    expires: datetime | None = None,
    requests_per_minute: int = DEFAULT_RATE,
) -> tuple[ApiKey, str]:
    """A new key and its secret (256 random bits), which is told this once and cannot be found again.

    Raises `MissingError` for an unknown owner, `UsageError` without a scope or for a time that is past.
    """
    wanted = sorted(set(scopes))
    if not wanted:
        raise UsageError("the key has no scope: give at least one")
    if expires is not None and expires <= now():
        raise UsageError("the key would have expired already: give a later time, or none")
    if connection.execute(select(owners.c.name).where(owners.c.owner_id == owner_id)).first() is None:
        raise MissingError(f"there is no owner {owner_id}")
    prefix = f"{_MARK}_{secrets.token_hex(5)}"
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    row = {
        "owner_id": owner_id,
        "prefix": prefix,
        "secret_hash": _hash(secret),
        "label": label,
        "scopes": json.dumps(wanted),
        "requests_per_minute": requests_per_minute,
        "created": now(),
        "expires": expires,
    }
    connection.execute(insert(api_keys).values(row))
    return _one(connection, owner_id, prefix), secret


def find_key(connection: Connection, secret: str) -> ApiKey | None:
    """The key with that secret, or None where there is none, or it has expired or been revoked."""
    prefix = "_".join(secret.split("_", 2)[:2])
    if len(prefix) > 32:
        return None
    row = connection.execute(_keys().where(api_keys.c.prefix == prefix)).one_or_none()
    # Compared in constant time, and against something also where there is no such key.
    same = hmac.compare_digest(_hash(secret), row.secret_hash if row else _hash(""))
    if row is None or not same:
        return None
    key = _key(row)
    ended = key.revoked is not None or (key.expires is not None and key.expires <= now())
    return None if ended else key


def list_keys(connection: Connection, owner_id: int) -> list[ApiKey]:
    """The owner's keys, also those that have ended, oldest first."""
    rows = connection.execute(_keys().where(api_keys.c.owner_id == owner_id).order_by(api_keys.c.key_id))
    return [_key(row) for row in rows]


def revoke_key(connection: Connection, owner_id: int, prefix: str) -> ApiKey:
    """End the key at once; raises `MissingError` where the owner has none of that prefix."""
    key = _one(connection, owner_id, prefix)
    if key.revoked is None:
        which = api_keys.c.prefix == prefix
        connection.execute(update(api_keys).where(which).values(revoked=now()))
    return _one(connection, owner_id, prefix)


def rotate_key(
    connection: Connection, owner_id: int, prefix: str, *, grace: timedelta = timedelta()
) -> tuple[ApiKey, str]:
    """A new key like the one of `prefix`, and its secret; the old one ends after `grace`.

    Raises `MissingError` where the owner has no such key, `UsageError` where it has ended.
    """
    old = _one(connection, owner_id, prefix)
    ends = now() + grace
    if old.revoked is not None or (old.expires is not None and old.expires <= now()):
        raise UsageError(f"key {prefix} has ended and is not rotated: make a new one")
    made = issue_key(
        connection, owner_id, old.scopes, label=old.label, expires=old.expires,
        requests_per_minute=old.requests_per_minute,
    )  # fmt: skip
    ends = ends if old.expires is None else min(ends, old.expires)
    values = {"expires": ends} if grace else {"revoked": ends}
    connection.execute(update(api_keys).where(api_keys.c.prefix == prefix).values(values))
    return made


def _hash(secret: str) -> str:
    """SHA-256 in hex: a secret of 256 random bits needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _keys() -> Any:
    return select(api_keys, owners.c.name.label("owner")).join_from(
        api_keys, owners, owners.c.owner_id == api_keys.c.owner_id
    )


def _one(connection: Connection, owner_id: int, prefix: str) -> ApiKey:
    wanted = (api_keys.c.prefix == prefix) & (api_keys.c.owner_id == owner_id)
    row = connection.execute(_keys().where(wanted)).one_or_none()
    if row is None:
        raise MissingError(f"there is no key '{prefix[:40]}'")
    return _key(row)


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        owner_id=row.owner_id,
        owner=row.owner,
        prefix=row.prefix,
        label=row.label,
        scopes=frozenset(Scope(one) for one in json.loads(row.scopes)),
        requests_per_minute=row.requests_per_minute,
        created=row.created,
        expires=row.expires,
        revoked=row.revoked,
    )
