"""Admins among the people who sign in, accounts that one closed, and invitations to choose a password."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ROLES = "role IN ('viewer', 'reviewer', 'manager', 'admin')"


def upgrade() -> None:
    """Allow the role, say of each account since when it is closed, and make the table of invitations."""
    if op.get_bind().dialect.name == "sqlite":
        _make_accounts_anew()
    else:
        op.drop_constraint("ck_accounts_role", "accounts", type_="check")
        op.create_check_constraint(op.f("ck_accounts_role"), "accounts", ROLES)
        op.add_column("accounts", sa.Column("closed", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "invitations",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name="fk_invitations_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("secret_hash", name="pk_invitations"),
    )
    op.create_index("ix_invitations_account_id", "invitations", ["account_id"])


def downgrade() -> None:
    """Not offered: admins would have no role."""
    raise NotImplementedError


def _make_accounts_anew() -> None:
    """SQLite changes no constraint; sessions go with the old table, so they are put back."""
    connection = op.get_bind()
    sessions = sa.Table("sessions", sa.MetaData(), autoload_with=connection)
    kept = [dict(row._mapping) for row in connection.execute(sa.select(sessions))]
    # The table is told, not looked at: whether a look finds constraints depends on the library's version.
    with op.batch_alter_table("accounts", recreate="always", copy_from=_accounts()) as batch:
        batch.add_column(sa.Column("closed", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_accounts_owner_id", "accounts", ["owner_id"])
    if kept:
        connection.execute(sa.insert(sessions), kept)


def _accounts() -> sa.Table:
    return sa.Table(
        "accounts",
        sa.MetaData(),
        sa.Column("account_id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(ROLES, name="ck_accounts_role"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.owner_id"], name="fk_accounts_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_accounts"),
        sa.UniqueConstraint("name_key", name="uq_accounts_name_key"),
        sqlite_autoincrement=True,
    )
