"""Answers that are kept, so that a request which is sent again is not carried out again."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "answers",
        sa.Column("prefix", sa.String(length=32), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('running', 'effected', 'done')", name="ck_answers_state"),
        sa.PrimaryKeyConstraint("prefix", "key_hash", name="pk_answers"),
    )
    op.create_index("ix_answers_created", "answers", ["created"])


def downgrade() -> None:
    """Not offered: it would let requests be carried out again."""
    raise NotImplementedError
