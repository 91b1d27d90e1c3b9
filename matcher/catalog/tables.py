"""The tables of the database; the migrations create them, and a test holds the two together."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from matcher.catalog.columns import ExactDecimal, ExactText, RowId, UtcTime

DEFAULT_OWNER = 1
"""The owner that every workspace has."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _number(name: str) -> Column[Any]:
    return Column(name, RowId, primary_key=True, autoincrement=True)


def _belongs(name: str, target: str, *, index: bool = False) -> Column[Any]:
    return Column(name, RowId, ForeignKey(target, ondelete="CASCADE"), nullable=False, index=index)


def _owner() -> Column[Any]:
    return _belongs("owner_id", "owners.owner_id")


def _text(name: str) -> Column[Any]:
    return Column(name, ExactText, nullable=False)


def _hash(name: str, *, index: bool = False) -> Column[Any]:
    return Column(name, String(64), nullable=False, index=index)


def _count(name: str) -> Column[Any]:
    return Column(name, Integer, nullable=False)


owners = Table(
    "owners",
    metadata,
    _number("owner_id"),
    Column("name", ExactText, nullable=False, unique=True),
)

brands = Table(
    "brands",
    metadata,
    _number("brand_id"),
    _owner(),
    _text("name"),
    _text("name_key"),
    UniqueConstraint("owner_id", "name_key"),
)

wordmarks = Table(
    "wordmarks",
    metadata,
    _number("wordmark_id"),
    _owner(),
    _belongs("brand_id", "brands.brand_id"),
    _text("text"),
    UniqueConstraint("brand_id", "text"),
)

licensed_sellers = Table(
    "licensed_sellers",
    metadata,
    _number("licensed_seller_id"),
    _owner(),
    _belongs("brand_id", "brands.brand_id"),
    _text("seller_id"),
    UniqueConstraint("brand_id", "seller_id"),
)

trademarks = Table(
    "trademarks",
    metadata,
    _number("trademark_id"),
    _owner(),
    _belongs("brand_id", "brands.brand_id"),
    _text("number"),
    _text("office"),
    Column("nice_classes", Text, nullable=False),
    UniqueConstraint("brand_id", "office", "number"),
)

products = Table(
    "products",
    metadata,
    _number("product_id"),
    _owner(),
    _belongs("brand_id", "brands.brand_id"),
    Column("role", String(32), nullable=False),
    _text("reference_id"),
    _text("title"),
    Column("price", ExactDecimal),
    _text("currency"),
    _text("gtin"),
    # A genuine product, a logo and a counterfeit of it may bear one name, so the role is part of the key.
    UniqueConstraint("brand_id", "role", "reference_id"),
)

images = Table(
    "images",
    metadata,
    _number("image_id"),
    _owner(),
    _belongs("brand_id", "brands.brand_id", index=True),
    _belongs("product_id", "products.product_id", index=True),
    Column("role", String(32), nullable=False),
    _count("position"),
    _text("source"),
    _hash("content_hash", index=True),
    _hash("stored_hash"),
    _count("width"),
    _count("height"),
    CheckConstraint("role IN ('reference', 'logo', 'known-counterfeit')", name="role"),
    sqlite_autoincrement=True,
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", RowId, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    Column("number", RowId, primary_key=True, autoincrement=False),
    # No foreign keys: a change outlives the image, brand and owner it tells of.
    Column("owner_id", RowId, nullable=False),
    Column("brand_id", RowId, nullable=False),
    Column("image_id", RowId, nullable=False),
    Column("role", String(32), nullable=False),
    Column("action", String(8), nullable=False),
    CheckConstraint("action IN ('add', 'remove')", name="action"),
)

descriptors = Table(
    "descriptors",
    metadata,
    Column("content_hash", String(64), primary_key=True),
    Column("fingerprint", ExactText, primary_key=True),
    Column("view_set", ExactText, primary_key=True),
    _count("dims"),
    _count("views"),
    Column("vectors", LargeBinary, nullable=False),
)

keypoints = Table(
    "keypoints",
    metadata,
    Column("content_hash", String(64), primary_key=True),
    Column("fingerprint", ExactText, primary_key=True),
    Column("features", LargeBinary, nullable=False),
)

scans = Table(
    "scans",
    metadata,
    _number("scan_id"),
    _owner(),
    _text("out"),
    _text("manifest"),
    _text("manifest_fingerprint"),
    Column("snapshot", RowId, nullable=False),
    _text("settings"),
    Column("position", RowId, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("finished", UtcTime),
    CheckConstraint("state IN ('running', 'finished')", name="state"),
    sqlite_autoincrement=True,
)

listings = Table(
    "listings",
    metadata,
    _number("listing_row"),
    _owner(),
    _belongs("scan_id", "scans.scan_id"),
    Column("position", RowId, nullable=False),
    _text("listing_id"),
    _text("images"),
    _text("title"),
    _text("description"),
    Column("price", ExactDecimal),
    _text("currency"),
    _text("seller_id"),
    _text("url"),
    UniqueConstraint("scan_id", "position"),
    # Hashed on PostgreSQL, whose ordered index refuses long text: a listing_id may be of any length.
    Index("ix_listings_listing_id", "listing_id", postgresql_using="hash"),
    Index("ix_listings_seller_id", "seller_id", postgresql_using="hash"),
    sqlite_autoincrement=True,
)

photos = Table(
    "photos",
    metadata,
    _number("photo_id"),
    _owner(),
    _belongs("listing_row", "listings.listing_row"),
    _count("position"),
    _text("source"),
    _hash("content_hash", index=True),
    # Empty where the photo's bytes are not kept (the listing is clear).
    _hash("stored_hash"),
    _count("width"),
    _count("height"),
    UniqueConstraint("listing_row", "position"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column(
        "listing_row",
        RowId,
        ForeignKey("listings.listing_row", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    _owner(),
    _belongs("scan_id", "scans.scan_id"),
    Column("verdict", String(16), nullable=False),
    Column("score", Float, nullable=False),
    _text("brand"),
    _text("text"),
    CheckConstraint("verdict IN ('clear', 'review', 'counterfeit')", name="verdict"),
    Index("ix_verdicts_scan_id_verdict_score", "scan_id", "verdict", "score"),
    Index("ix_verdicts_owner_id_verdict", "owner_id", "verdict"),
)

failures = Table(
    "failures",
    metadata,
    _number("failure_id"),
    _owner(),
    _belongs("scan_id", "scans.scan_id", index=True),
    _text("source"),
    Column("line", RowId, nullable=False),
    _text("listing_id"),
    _text("reason"),
)

reviews = Table(
    "reviews",
    metadata,
    _number("review_id"),
    _owner(),
    _belongs("listing_row", "listings.listing_row", index=True),
    Column("answer", String(16), nullable=False),
    _text("reviewer"),
    _text("note"),
    Column("time", UtcTime, nullable=False),
    # An answer that was taken back stays on record and does not count.
    Column("withdrawn", UtcTime),
    CheckConstraint("answer IN ('confirm', 'reject', 'unsure')", name="answer"),
    sqlite_autoincrement=True,
)

api_keys = Table(
    "api_keys",
    metadata,
    _number("key_id"),
    _belongs("owner_id", "owners.owner_id", index=True),
    Column("prefix", String(32), nullable=False, unique=True),
    _hash("secret_hash"),
    _text("label"),
    Column("scopes", Text, nullable=False),
    _count("requests_per_minute"),
    Column("created", UtcTime, nullable=False),
    Column("expires", UtcTime),
    Column("revoked", UtcTime),
)

audit = Table(
    "audit",
    metadata,
    _number("audit_id"),
    # No foreign key: what was done outlives the owner and the key it was done with.
    Column("owner_id", RowId, nullable=False, index=True),
    _text("actor"),
    Column("action", String(64), nullable=False),
    _text("target"),
    Column("request_id", String(64), nullable=False),
    Column("time", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    _number("job_id"),
    _belongs("owner_id", "owners.owner_id", index=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    _text("terms"),
    Column("done", RowId, nullable=False),
    _text("result"),
    _text("error"),
    _count("attempts"),
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
    _number("account_id"),
    _belongs("owner_id", "owners.owner_id", index=True),
    _text("name"),
    # People sign in by name alone, so it is unique among all owners.
    Column("name_key", ExactText, nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False),
    _count("failures"),
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
    _belongs("account_id", "accounts.account_id", index=True),
    Column("created", UtcTime, nullable=False),
    Column("seen", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
)
