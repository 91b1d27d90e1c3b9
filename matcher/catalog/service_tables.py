"""The tables that only the service needs; they are part of the same metadata as the others."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from matcher.catalog.columns import (
    ExactText,
    RowId,
    UtcTime,
    belonging_column,
    count_column,
    hash_column,
    number_column,
    text_column,
)
from matcher.catalog.tables import metadata

api_keys = Table(
    "api_keys",
    metadata,
    number_column("key_id"),
    belonging_column("owner_id", "owners.owner_id", index=True),
    Column("prefix", String(32), nullable=False, unique=True),
    hash_column("secret_hash"),
    text_column("label"),
    Column("scopes", Text, nullable=False),
    count_column("requests_per_minute"),
    Column("created", UtcTime, nullable=False),
    Column("expires", UtcTime),
    Column("revoked", UtcTime),
)

audit = Table(
    "audit",
    metadata,
    number_column("audit_id"),
    # No foreign key: what was done outlives the owner and the key it was done with.
    Column("owner_id", RowId, nullable=False, index=True),
    text_column("actor"),
    Column("action", String(64), nullable=False),
    text_column("target"),
    Column("request_id", String(64), nullable=False),
    Column("time", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    number_column("job_id"),
    belonging_column("owner_id", "owners.owner_id", index=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    text_column("terms"),
    Column("done", RowId, nullable=False),
    text_column("result"),
    text_column("error"),
    count_column("attempts"),
    # Who is at it, and when it last said so: a worker that is silent for too long has lost the job.
    Column("worker", String(64), nullable=False),
    Column("heartbeat", UtcTime),
    Column("created", UtcTime, nullable=False),
    Column("finished", UtcTime),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="state"),
    sqlite_autoincrement=True,
)

accounts = Table(
    "accounts",
    metadata,
    number_column("account_id"),
    belonging_column("owner_id", "owners.owner_id", index=True),
    text_column("name"),
    # People sign in by name alone, so it is unique among all owners.
    Column("name_key", ExactText, nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False),
    count_column("failures"),
    Column("locked_until", UtcTime),
    Column("created", UtcTime, nullable=False),
    # Since when an admin keeps it closed.
    Column("closed", UtcTime),
    CheckConstraint("role IN ('viewer', 'reviewer', 'manager', 'admin')", name="role"),
    sqlite_autoincrement=True,
)

sessions = Table(
    "sessions",
    metadata,
    Column("secret_hash", String(64), primary_key=True),
    belonging_column("account_id", "accounts.account_id", index=True),
    Column("created", UtcTime, nullable=False),
    Column("seen", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
)

job_rows = Table(
    "job_rows",
    metadata,
    Column("job_id", RowId, ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True),
    Column("line", RowId, primary_key=True, autoincrement=False),
    text_column("name"),
    Column("outcome", String(16), nullable=False),
    text_column("reasons"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("upload_id", String(32), primary_key=True),
    belonging_column("owner_id", "owners.owner_id", index=True),
    text_column("name"),
    Column("length", RowId, nullable=False),
    # What is on disk for certain: a file may be longer after a power cut, never shorter.
    Column("received", RowId, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
)

answers = Table(
    "answers",
    metadata,
    # Of the API key that asked: what one may read of another's answers is not to be asked here.
    Column("prefix", String(32), primary_key=True),
    Column("key_hash", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("request_id", String(64), nullable=False),
    count_column("status"),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary),
    Column("created", UtcTime, nullable=False, index=True),
    Column("claimed", UtcTime, nullable=False),
    CheckConstraint("state IN ('running', 'effected', 'done')", name="state"),
)

webhooks = Table(
    "webhooks",
    metadata,
    number_column("webhook_id"),
    belonging_column("owner_id", "owners.owner_id", index=True),
    text_column("url"),
    text_column("label"),
    Column("events", Text, nullable=False),
    # In clear, as what is sent is signed with it: see docs/service.md.
    Column("secret", String(128), nullable=False),
    Column("old_secret", String(128), nullable=False),
    Column("old_until", UtcTime),
    # Empty while it is on; else why it is off.
    text_column("off"),
    Column("created", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    number_column("delivery_id"),
    belonging_column("webhook_id", "webhooks.webhook_id"),
    Column("message_id", String(64), nullable=False),
    Column("event", String(32), nullable=False),
    text_column("payload"),
    Column("state", String(16), nullable=False),
    count_column("attempts"),
    Column("next_try", UtcTime, nullable=False),
    text_column("error"),
    Column("created", UtcTime, nullable=False),
    Column("finished", UtcTime),
    # The same event is told once, however often the work that found it was begun.
    UniqueConstraint("webhook_id", "message_id"),
    Index("ix_deliveries_state_next_try", "state", "next_try"),
    CheckConstraint("state IN ('waiting', 'done', 'failed')", name="state"),
    sqlite_autoincrement=True,
)

invitations = Table(
    "invitations",
    metadata,
    Column("secret_hash", String(64), primary_key=True),
    Column(
        "account_id", RowId, ForeignKey("accounts.account_id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("created", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
)

image_hashes = Table(
    "image_hashes",
    metadata,
    # Of the picture, whoever shows it; empty where the picture cannot be read.
    Column("content_hash", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("value", String(128), nullable=False),
)
