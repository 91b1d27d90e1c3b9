"""An account is opened by an invitation once, closed and opened, and all its sessions can be ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic import command, config
from sqlalchemy import create_engine, text

from matcher.catalog import (
    Account,
    Database,
    Role,
    accept_invitation,
    account_of,
    begin_session,
    change_role,
    close_account,
    count_sessions,
    end_invitation,
    end_sessions,
    find_account,
    find_invited,
    find_session,
    invite,
    newest_acts,
    note_failure,
    open_account,
    open_database,
    open_invitations,
    put_account,
    record_act,
)
from matcher.config import DatabaseSettings
from matcher.errors import MissingError

DAY = timedelta(days=1)
OLD = {
    "owner_id": "2", "name": "'kim'", "name_key": "'kim'", "role": "'manager'", "password_hash": "'hash'",
    "failures": "0", "created": ":now",
}  # fmt: skip
"""An account as an older version keeps it."""


@pytest.fixture
def kim(database: Database) -> Account:
    with database.write() as connection:
        return put_account(connection, 1, "kim", Role.VIEWER, "old hash")[0]


def test_an_invitation_opens_once_and_ends_what_was_before(database: Database, kim: Account) -> None:
    with database.write() as connection:
        session = begin_session(connection, kim.account_id, DAY)
        note_failure(connection, kim.account_id, 1, DAY)
        first, second = (invite(connection, kim.account_id, DAY) for _ in range(2))
        assert find_invited(connection, second).name == "kim"
        assert list(open_invitations(connection)) == [kim.account_id]
        with pytest.raises(MissingError):
            accept_invitation(connection, first, "a hash")
        accept_invitation(connection, second, "new hash")
        found = find_account(connection, "kim")
        assert found is not None
        assert (found[1], found[0].locked) == ("new hash", False)
        assert find_session(connection, session, DAY) is None
        assert open_invitations(connection) == {}
        for secret in (second, "no secret", "\ud800"):
            with pytest.raises(MissingError, match="ask for another"):
                find_invited(connection, secret)


def test_an_invitation_ends_by_itself_when_withdrawn_and_with_the_account(
    database: Database, kim: Account
) -> None:
    with database.write() as connection:
        late = invite(connection, kim.account_id, timedelta(seconds=-1))
        with pytest.raises(MissingError):
            find_invited(connection, late)
        taken_back = invite(connection, kim.account_id, DAY)
        end_invitation(connection, kim.account_id)
        with pytest.raises(MissingError):
            find_invited(connection, taken_back)
        closed = invite(connection, kim.account_id, DAY)
        close_account(connection, kim.account_id)
        with pytest.raises(MissingError):
            accept_invitation(connection, closed, "new hash")


def test_a_closed_account_has_no_session_until_it_is_opened(database: Database, kim: Account) -> None:
    with database.write() as connection:
        before = begin_session(connection, kim.account_id, DAY)
        close_account(connection, kim.account_id)
        during = begin_session(connection, kim.account_id, DAY)
        assert [find_session(connection, one, DAY) for one in (before, during)] == [None, None]
        assert account_of(connection, kim.account_id).locked
        open_account(connection, kim.account_id)
        assert not account_of(connection, kim.account_id).locked
        assert find_session(connection, during, DAY) is not None


def test_sessions_are_counted_and_ended_and_the_role_counts_at_once(database: Database, kim: Account) -> None:
    with database.write() as connection:
        secrets = [begin_session(connection, kim.account_id, DAY) for _ in range(3)]
        begin_session(connection, kim.account_id, timedelta(seconds=-1))
        assert count_sessions(connection, DAY) == {kim.account_id: 3}
        change_role(connection, kim.account_id, Role.ADMIN)
        found = find_session(connection, secrets[0], DAY)
        assert found is not None
        assert found[0].role is Role.ADMIN
        assert end_sessions(connection, kim.account_id) == 4
        assert count_sessions(connection, DAY) == {}
        with pytest.raises(MissingError):
            account_of(connection, 99)


def test_acts_come_newest_first_by_what_they_hold_and_of_others_only_who_may_do_what(
    database: Database,
) -> None:
    with database.write() as connection:
        for owner, actor, action, target in (
            (1, "person:kim", "brand.add", "100%_Acme"),
            (2, "person:lee", "brand.add", "Secret"),
            (2, "person:kim", "person.add", "lee (viewer)"),
            (1, "cim_1", "key.revoke", "cim_2"),
        ):
            record_act(connection, owner, actor=actor, action=action, target=target)
        assert [act.action for act in newest_acts(connection, 1)] == ["key.revoke", "brand.add"]
        everyones = newest_acts(connection, 1, access_of_all=True)
        assert [act.audit_id for act in everyones] == [4, 3, 1]
        assert [
            act.audit_id for act in newest_acts(connection, 1, before=4, limit=1, access_of_all=True)
        ] == [3]
        assert [act.target for act in newest_acts(connection, 1, text="%_ACME")] == ["100%_Acme"]
        assert newest_acts(connection, 1, text="_") == newest_acts(connection, 1, text="cim_") + [
            act for act in newest_acts(connection, 1) if act.target == "100%_Acme"
        ]


def test_accounts_and_sessions_of_an_older_workspace_stay(
    settings: DatabaseSettings, workspace: Path
) -> None:
    workspace.mkdir()
    url = (
        settings.url.replace("postgresql://", "postgresql+psycopg://") or f"sqlite:///{workspace}/matcher.db"
    )
    engine = create_engine(url)
    older = config.Config()
    older.set_main_option("script_location", "matcher.catalog:migrations")
    with engine.begin() as connection:
        older.attributes["connection"] = connection
        command.upgrade(older, "0009")
        connection.execute(text("INSERT INTO owners (name) VALUES ('Acme')"))
        now = {"now": datetime(2026, 3, 1), "later": datetime(2999, 3, 1)}
        connection.execute(
            text(f"INSERT INTO accounts ({', '.join(OLD)}) VALUES ({', '.join(OLD.values())})"), now
        )
        connection.execute(
            text("INSERT INTO sessions VALUES (:hash, 1, :later, :later, :later)"), {**now, "hash": "x"}
        )
    engine.dispose()
    with open_database(settings, workspace) as database:
        with database.write() as connection:
            found = find_account(connection, "kim")
            assert found is not None
            assert (found[0].role, found[0].owner, found[0].closed) == (Role.MANAGER, "Acme", None)
            assert count_sessions(connection, DAY) == {1: 1}
            change_role(connection, found[0].account_id, Role.ADMIN)
            secret = begin_session(connection, found[0].account_id, DAY)
        with database.read() as connection:
            assert find_session(connection, secret, DAY) is not None
