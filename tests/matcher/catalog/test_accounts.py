"""An account belongs to one owner, locks after too many failures, and its sessions end by themselves."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from matcher.catalog import (
    ROLE_SCOPES,
    Database,
    Role,
    Scope,
    add_owner,
    begin_session,
    end_other_sessions,
    end_session,
    find_account,
    find_session,
    forget_failures,
    list_accounts,
    note_failure,
    note_use,
    put_account,
    remove_account,
    sweep_sessions,
)
from matcher.catalog.tables import sessions
from matcher.errors import MissingError, UsageError

HOUR = timedelta(hours=1)
MOMENT = timedelta(milliseconds=30)


def test_an_account_is_found_by_its_name_in_any_case(database: Database) -> None:
    with database.write() as connection:
        owner = add_owner(connection, "Acme")
        made, is_new = put_account(connection, owner, "Kim", Role.REVIEWER, "hash")
        assert is_new
        assert find_account(connection, "kim") == find_account(connection, "KIM") == (made, "hash")
        assert find_account(connection, "kim2") is None
    assert (made.owner, made.role, made.locked) == ("Acme", Role.REVIEWER, False)


def test_a_name_belongs_to_one_owner(database: Database) -> None:
    with database.write() as connection:
        put_account(connection, 1, "kim", Role.VIEWER, "hash")
        other = add_owner(connection, "Other")
        with pytest.raises(UsageError, match="another owner"):
            put_account(connection, other, "Kim", Role.MANAGER, "hash")
        assert list_accounts(connection, other) == []


@pytest.mark.parametrize("name", ["", " kim", "kim lee", "a\nb", "<kim>", "_kim", "x" * 101, "kim:1"])
def test_a_name_that_would_confuse_records_is_refused(database: Database, name: str) -> None:
    with database.write() as connection, pytest.raises(UsageError, match="cannot be a name"):
        put_account(connection, 1, name, Role.VIEWER, "hash")


def test_each_role_holds_what_the_one_before_does_and_only_admins_reach_beyond_their_owner() -> None:
    assert [role for role, scopes in ROLE_SCOPES.items() if Scope.ADMIN in scopes] == [Role.ADMIN]
    changing = [role for role, scopes in ROLE_SCOPES.items() if Scope.CATALOG_WRITE in scopes]
    assert changing == [Role.MANAGER, Role.ADMIN]
    held = [ROLE_SCOPES[role] for role in Role]
    assert all(less < more for less, more in pairwise(held))


def test_failures_lock_for_a_while_and_a_right_password_forgets_them(database: Database) -> None:
    with database.write() as connection:
        made, _ = put_account(connection, 1, "kim", Role.VIEWER, "hash")
        for _ in range(2):
            assert not note_failure(connection, made.account_id, 3, MOMENT).locked
        forget_failures(connection, made.account_id)
        for _ in range(2):
            assert not note_failure(connection, made.account_id, 3, MOMENT).locked
        assert note_failure(connection, made.account_id, 3, MOMENT).locked
        time.sleep(0.05)
        found = find_account(connection, "kim")
        assert found is not None
        assert not found[0].locked


def test_a_new_password_ends_lock_and_sessions(database: Database) -> None:
    with database.write() as connection:
        made, _ = put_account(connection, 1, "kim", Role.VIEWER, "hash")
        secret = begin_session(connection, made.account_id, HOUR)
        note_failure(connection, made.account_id, 1, HOUR)
        changed, is_new = put_account(connection, 1, "kim", Role.MANAGER, "other")
        assert (changed.role, changed.locked, is_new) == (Role.MANAGER, False, False)
        assert find_session(connection, secret, HOUR) is None


def test_a_session_is_found_by_its_secret_which_is_not_kept(database: Database) -> None:
    with database.write() as connection:
        made, _ = put_account(connection, 1, "kim", Role.VIEWER, "hash")
        secret = begin_session(connection, made.account_id, HOUR)
        found = find_session(connection, secret, HOUR)
        assert found is not None
        assert found[0] == made
        assert find_session(connection, secret[:-1], HOUR) is None
        assert secret not in str(connection.execute(select(sessions)).all())
        end_session(connection, secret)
        assert find_session(connection, secret, HOUR) is None


def test_a_session_ends_when_it_lies_idle_and_at_its_end_though_used(database: Database) -> None:
    with database.write() as connection:
        made, _ = put_account(connection, 1, "kim", Role.VIEWER, "hash")
        idle = begin_session(connection, made.account_id, HOUR)
        short = begin_session(connection, made.account_id, MOMENT)
        time.sleep(0.05)
        note_use(connection, short)
        assert find_session(connection, short, HOUR) is None
        assert find_session(connection, idle, MOMENT) is None
        assert find_session(connection, idle, HOUR) is not None
        note_use(connection, idle)
        assert find_session(connection, idle, MOMENT) is not None
        sweep_sessions(connection, HOUR)
        assert len(connection.execute(select(sessions)).all()) == 1


def test_other_sessions_end_while_this_one_stays(database: Database) -> None:
    with database.write() as connection:
        made, _ = put_account(connection, 1, "kim", Role.VIEWER, "hash")
        here, there = (begin_session(connection, made.account_id, HOUR) for _ in range(2))
        end_other_sessions(connection, made.account_id, here)
        assert find_session(connection, here, HOUR) is not None
        assert find_session(connection, there, HOUR) is None


def test_a_removed_account_is_gone_with_its_sessions(database: Database) -> None:
    with database.write() as connection:
        made, _ = put_account(connection, 1, "kim", Role.VIEWER, "hash")
        secret = begin_session(connection, made.account_id, HOUR)
        remove_account(connection, "KIM")
        assert find_session(connection, secret, HOUR) is None
        with pytest.raises(MissingError, match="no account 'kim'"):
            remove_account(connection, "kim")
