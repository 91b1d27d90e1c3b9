"""The tables that only the service needs; they are part of the same metadata as the others."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

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
