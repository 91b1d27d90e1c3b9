"""Webhooks, and what is to be sent to them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make both tables."""
    _make_webhooks()
    _make_deliveries()


def downgrade() -> None:
    """Not offered: it would drop what is still to be sent."""
    raise NotImplementedError


def _make_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("webhook_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(length=128), nullable=False),
        sa.Column("old_secret", sa.String(length=128), nullable=False),
        sa.Column("old_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("off", TEXT, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_webhooks_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("webhook_id", name="pk_webhooks"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhooks_owner_id", "webhooks", ["owner_id"])


def _make_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("webhook_id", ROW_ID, nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name="ck_deliveries_state"),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.webhook_id"], name="fk_deliveries_webhook_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_deliveries"),
        sa.UniqueConstraint("webhook_id", "message_id", name="uq_deliveries_webhook_id_message_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deliveries_state_next_try", "deliveries", ["state", "next_try"])
