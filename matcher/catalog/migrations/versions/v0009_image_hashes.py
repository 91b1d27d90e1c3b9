"""Perceptual hashes of the catalog's images, for exchange with other programs."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "image_hashes",
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", "kind", name="pk_image_hashes"),
    )


def downgrade() -> None:
    """Drop it: hashes can be made again."""
    op.drop_table("image_hashes")
