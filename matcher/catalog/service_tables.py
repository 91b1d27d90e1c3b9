"""The tables that only the service needs; they are part of the same metadata as the others."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from matcher.catalog.columns import ExactText, RowId, UtcTime
from matcher.catalog.tables import metadata

job_rows = Table(
    "job_rows",
    metadata,
    Column("job_id", RowId, ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True),
    Column("line", RowId, primary_key=True, autoincrement=False),
    Column("name", ExactText, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reasons", ExactText, nullable=False),
)

uploads = Table(
    "uploads",
    metadata,
    Column("upload_id", String(32), primary_key=True),
    Column("owner_id", RowId, ForeignKey("owners.owner_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", ExactText, nullable=False),
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
    Column("status", Integer, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary),
    Column("created", UtcTime, nullable=False, index=True),
    Column("claimed", UtcTime, nullable=False),
    CheckConstraint("state IN ('running', 'effected', 'done')", name="state"),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", RowId, primary_key=True, autoincrement=True),
    Column("owner_id", RowId, ForeignKey("owners.owner_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("url", ExactText, nullable=False),
    Column("label", ExactText, nullable=False),
    Column("events", Text, nullable=False),
    # In clear, as what is sent is signed with it: see docs/service.md.
    Column("secret", String(128), nullable=False),
    Column("old_secret", String(128), nullable=False),
    Column("old_until", UtcTime),
    # Empty while it is on; else why it is off.
    Column("off", ExactText, nullable=False),
    Column("created", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", RowId, primary_key=True, autoincrement=True),
    Column("webhook_id", RowId, ForeignKey("webhooks.webhook_id", ondelete="CASCADE"), nullable=False),
    Column("message_id", String(64), nullable=False),
    Column("event", String(32), nullable=False),
    Column("payload", ExactText, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", UtcTime, nullable=False),
    Column("error", ExactText, nullable=False),
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
