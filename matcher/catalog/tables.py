"""The tables of the database; the migrations create them, and a test holds the two together."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from matcher.catalog.columns import (
    ExactDecimal,
    ExactText,
    RowId,
    UtcTime,
    belonging_column,
    count_column,
    hash_column,
    number_column,
    owner_column,
    text_column,
)

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


owners = Table(
    "owners",
    metadata,
    number_column("owner_id"),
    Column("name", ExactText, nullable=False, unique=True),
)

brands = Table(
    "brands",
    metadata,
    number_column("brand_id"),
    owner_column(),
    text_column("name"),
    text_column("name_key"),
    UniqueConstraint("owner_id", "name_key"),
)

wordmarks = Table(
    "wordmarks",
    metadata,
    number_column("wordmark_id"),
    owner_column(),
    belonging_column("brand_id", "brands.brand_id"),
    text_column("text"),
    UniqueConstraint("brand_id", "text"),
)

licensed_sellers = Table(
    "licensed_sellers",
    metadata,
    number_column("licensed_seller_id"),
    owner_column(),
    belonging_column("brand_id", "brands.brand_id"),
    text_column("seller_id"),
    UniqueConstraint("brand_id", "seller_id"),
)

trademarks = Table(
    "trademarks",
    metadata,
    number_column("trademark_id"),
    owner_column(),
    belonging_column("brand_id", "brands.brand_id"),
    text_column("number"),
    text_column("office"),
    Column("nice_classes", Text, nullable=False),
    UniqueConstraint("brand_id", "office", "number"),
)

products = Table(
    "products",
    metadata,
    number_column("product_id"),
    owner_column(),
    belonging_column("brand_id", "brands.brand_id"),
    Column("role", String(32), nullable=False),
    text_column("reference_id"),
    text_column("title"),
    Column("price", ExactDecimal),
    text_column("currency"),
    text_column("gtin"),
    # A genuine product, a logo and a counterfeit of it may bear one name, so the role is part of the key.
    UniqueConstraint("brand_id", "role", "reference_id"),
)

images = Table(
    "images",
    metadata,
    number_column("image_id"),
    owner_column(),
    belonging_column("brand_id", "brands.brand_id", index=True),
    belonging_column("product_id", "products.product_id", index=True),
    Column("role", String(32), nullable=False),
    count_column("position"),
    text_column("source"),
    hash_column("content_hash", index=True),
    hash_column("stored_hash"),
    count_column("width"),
    count_column("height"),
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
    count_column("dims"),
    count_column("views"),
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
    number_column("scan_id"),
    owner_column(),
    text_column("out"),
    text_column("manifest"),
    text_column("manifest_fingerprint"),
    Column("snapshot", RowId, nullable=False),
    text_column("settings"),
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
    number_column("listing_row"),
    owner_column(),
    belonging_column("scan_id", "scans.scan_id"),
    Column("position", RowId, nullable=False),
    text_column("listing_id"),
    text_column("images"),
    text_column("title"),
    text_column("description"),
    Column("price", ExactDecimal),
    text_column("currency"),
    text_column("seller_id"),
    text_column("url"),
    UniqueConstraint("scan_id", "position"),
    # Hashed on PostgreSQL, whose ordered index refuses long text: a listing_id may be of any length.
    Index("ix_listings_listing_id", "listing_id", postgresql_using="hash"),
    Index("ix_listings_seller_id", "seller_id", postgresql_using="hash"),
    sqlite_autoincrement=True,
)

photos = Table(
    "photos",
    metadata,
    number_column("photo_id"),
    owner_column(),
    belonging_column("listing_row", "listings.listing_row"),
    count_column("position"),
    text_column("source"),
    hash_column("content_hash", index=True),
    # Empty where the photo's bytes are not kept (the listing is clear).
    hash_column("stored_hash"),
    count_column("width"),
    count_column("height"),
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
    owner_column(),
    belonging_column("scan_id", "scans.scan_id"),
    Column("verdict", String(16), nullable=False),
    Column("score", Float, nullable=False),
    text_column("brand"),
    text_column("text"),
    CheckConstraint("verdict IN ('clear', 'review', 'counterfeit')", name="verdict"),
    Index("ix_verdicts_scan_id_verdict_score", "scan_id", "verdict", "score"),
    Index("ix_verdicts_owner_id_verdict", "owner_id", "verdict"),
)

failures = Table(
    "failures",
    metadata,
    number_column("failure_id"),
    owner_column(),
    belonging_column("scan_id", "scans.scan_id", index=True),
    text_column("source"),
    Column("line", RowId, nullable=False),
    text_column("listing_id"),
    text_column("reason"),
)

reviews = Table(
    "reviews",
    metadata,
    number_column("review_id"),
    owner_column(),
    belonging_column("listing_row", "listings.listing_row", index=True),
    Column("answer", String(16), nullable=False),
    text_column("reviewer"),
    text_column("note"),
    Column("time", UtcTime, nullable=False),
    # An answer that was taken back stays on record and does not count.
    Column("withdrawn", UtcTime),
    CheckConstraint("answer IN ('confirm', 'reject', 'unsure')", name="answer"),
    sqlite_autoincrement=True,
)
