"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make every table, the default owner and the counter of changes."""
    _make_owners()
    _make_brands()
    _make_wordmarks()
    _make_licensed_sellers()
    _make_trademarks()
    _make_products()
    _make_images()
    _make_counters()
    _make_changes()
    _make_descriptors()
    _make_keypoints()
    _make_scans()
    _make_listings()
    _make_photos()
    _make_verdicts()
    _make_failures()
    _make_reviews()
    op.execute("INSERT INTO owners (name) VALUES ('default')")
    op.execute("INSERT INTO counters (name, value) VALUES ('changes', 0)")


def downgrade() -> None:
    """Not offered: it would drop what people entered."""
    raise NotImplementedError


def _make_owners() -> None:
    op.create_table(
        "owners",
        sa.Column("owner_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("owner_id", name="pk_owners"),
        sa.UniqueConstraint("name", name="uq_owners_name"),
    )


def _make_brands() -> None:
    op.create_table(
        "brands",
        sa.Column("brand_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("name_key", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_brands_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("brand_id", name="pk_brands"),
        sa.UniqueConstraint("owner_id", "name_key", name="uq_brands_owner_id_name_key"),
    )


def _make_wordmarks() -> None:
    op.create_table(
        "wordmarks",
        sa.Column("wordmark_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("brand_id", ROW_ID, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brands.brand_id"], name="fk_wordmarks_brand_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_wordmarks_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("wordmark_id", name="pk_wordmarks"),
        sa.UniqueConstraint("brand_id", "text", name="uq_wordmarks_brand_id_text"),
    )


def _make_licensed_sellers() -> None:
    op.create_table(
        "licensed_sellers",
        sa.Column("licensed_seller_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("brand_id", ROW_ID, nullable=False),
        sa.Column("seller_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brands.brand_id"], name="fk_licensed_sellers_brand_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_licensed_sellers_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("licensed_seller_id", name="pk_licensed_sellers"),
        sa.UniqueConstraint("brand_id", "seller_id", name="uq_licensed_sellers_brand_id_seller_id"),
    )


def _make_trademarks() -> None:
    op.create_table(
        "trademarks",
        sa.Column("trademark_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("brand_id", ROW_ID, nullable=False),
        sa.Column("number", TEXT, nullable=False),
        sa.Column("office", TEXT, nullable=False),
        sa.Column("nice_classes", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brands.brand_id"], name="fk_trademarks_brand_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_trademarks_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trademark_id", name="pk_trademarks"),
        sa.UniqueConstraint("brand_id", "office", "number", name="uq_trademarks_brand_id_office_number"),
    )


def _make_products() -> None:
    op.create_table(
        "products",
        sa.Column("product_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("brand_id", ROW_ID, nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("reference_id", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("price", sa.Text(), nullable=True),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("gtin", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brands.brand_id"], name="fk_products_brand_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_products_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", name="pk_products"),
        sa.UniqueConstraint(
            "brand_id", "role", "reference_id", name="uq_products_brand_id_role_reference_id"
        ),
    )


def _make_images() -> None:
    op.create_table(
        "images",
        sa.Column("image_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("brand_id", ROW_ID, nullable=False),
        sa.Column("product_id", ROW_ID, nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("stored_hash", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.CheckConstraint("role IN ('reference', 'logo', 'known-counterfeit')", name="ck_images_role"),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brands.brand_id"], name="fk_images_brand_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_images_owner_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.product_id"], name="fk_images_product_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("image_id", name="pk_images"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_images_brand_id", "images", ["brand_id"])
    op.create_index("ix_images_content_hash", "images", ["content_hash"])
    op.create_index("ix_images_product_id", "images", ["product_id"])


def _make_counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )


def _make_changes() -> None:
    op.create_table(
        "changes",
        sa.Column("number", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("brand_id", ROW_ID, nullable=False),
        sa.Column("image_id", ROW_ID, nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=8), nullable=False),
        sa.CheckConstraint("action IN ('add', 'remove')", name="ck_changes_action"),
        sa.PrimaryKeyConstraint("number", name="pk_changes"),
    )


def _make_descriptors() -> None:
    op.create_table(
        "descriptors",
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("view_set", TEXT, nullable=False),
        sa.Column("dims", sa.Integer(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("vectors", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", "fingerprint", "view_set", name="pk_descriptors"),
    )


def _make_keypoints() -> None:
    op.create_table(
        "keypoints",
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", "fingerprint", name="pk_keypoints"),
    )


def _make_scans() -> None:
    op.create_table(
        "scans",
        sa.Column("scan_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("out", TEXT, nullable=False),
        sa.Column("manifest", TEXT, nullable=False),
        sa.Column("manifest_fingerprint", TEXT, nullable=False),
        sa.Column("snapshot", ROW_ID, nullable=False),
        sa.Column("settings", TEXT, nullable=False),
        sa.Column("position", ROW_ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('running', 'finished')", name="ck_scans_state"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_scans_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("scan_id", name="pk_scans"),
        sqlite_autoincrement=True,
    )


def _make_listings() -> None:
    op.create_table(
        "listings",
        sa.Column("listing_row", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("scan_id", ROW_ID, nullable=False),
        sa.Column("position", ROW_ID, nullable=False),
        sa.Column("listing_id", TEXT, nullable=False),
        sa.Column("images", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("price", sa.Text(), nullable=True),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("seller_id", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_listings_owner_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["scan_id"], ["scans.scan_id"], name="fk_listings_scan_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listing_row", name="pk_listings"),
        sa.UniqueConstraint("scan_id", "position", name="uq_listings_scan_id_position"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_listings_listing_id", "listings", ["listing_id"], postgresql_using="hash")
    op.create_index("ix_listings_seller_id", "listings", ["seller_id"], postgresql_using="hash")


def _make_photos() -> None:
    op.create_table(
        "photos",
        sa.Column("photo_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("listing_row", ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("stored_hash", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_row"], ["listings.listing_row"], name="fk_photos_listing_row", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_photos_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("photo_id", name="pk_photos"),
        sa.UniqueConstraint("listing_row", "position", name="uq_photos_listing_row_position"),
    )
    op.create_index("ix_photos_content_hash", "photos", ["content_hash"])


def _make_verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("listing_row", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("scan_id", ROW_ID, nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("brand", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.CheckConstraint("verdict IN ('clear', 'review', 'counterfeit')", name="ck_verdicts_verdict"),
        sa.ForeignKeyConstraint(
            ["listing_row"], ["listings.listing_row"], name="fk_verdicts_listing_row", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_verdicts_owner_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["scan_id"], ["scans.scan_id"], name="fk_verdicts_scan_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listing_row", name="pk_verdicts"),
    )
    op.create_index("ix_verdicts_scan_id_verdict_score", "verdicts", ["scan_id", "verdict", "score"])
    op.create_index("ix_verdicts_owner_id_verdict", "verdicts", ["owner_id", "verdict"])


def _make_failures() -> None:
    op.create_table(
        "failures",
        sa.Column("failure_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("scan_id", ROW_ID, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("line", ROW_ID, nullable=False),
        sa.Column("listing_id", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_failures_owner_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["scan_id"], ["scans.scan_id"], name="fk_failures_scan_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("failure_id", name="pk_failures"),
    )
    op.create_index("ix_failures_scan_id", "failures", ["scan_id"])


def _make_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("review_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("listing_row", ROW_ID, nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=False),
        sa.Column("reviewer", TEXT, nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("answer IN ('confirm', 'reject', 'unsure')", name="ck_reviews_answer"),
        sa.ForeignKeyConstraint(
            ["listing_row"], ["listings.listing_row"], name="fk_reviews_listing_row", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_reviews_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("review_id", name="pk_reviews"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reviews_listing_row", "reviews", ["listing_row"])
