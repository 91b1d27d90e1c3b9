"""Keys for the service, and the record of what was done with them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make both tables."""
    _make_api_keys()
    _make_audit()


def downgrade() -> None:
    """Not offered: it would drop who did what."""
    raise NotImplementedError


def _make_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("prefix", sa.String(length=32), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("requests_per_minute", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_api_keys_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
        sa.UniqueConstraint("prefix", name="uq_api_keys_prefix"),
    )
    op.create_index("ix_api_keys_owner_id", "api_keys", ["owner_id"])


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("audit_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("target", TEXT, nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_owner_id", "audit", ["owner_id"])
