"""An answer to a review can be taken back; it stays on record and does not count."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say of each answer when it was taken back."""
    op.add_column("reviews", sa.Column("withdrawn", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Not offered: answers that were taken back would count again."""
    raise NotImplementedError
