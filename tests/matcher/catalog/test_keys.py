"""Keys open only what they are for, while they last, and nothing stored would let anyone in."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from matcher.catalog import (
    Database,
    Scope,
    add_owner,
    find_key,
    issue_key,
    list_acts,
    list_keys,
    record_act,
    revoke_key,
    rotate_key,
)
from matcher.catalog.service_tables import api_keys
from matcher.errors import MissingError, UsageError


def test_a_key_is_found_by_its_secret_alone(database: Database) -> None:
    with database.write() as connection:
        owner = add_owner(connection, "Acme")
        key, secret = issue_key(connection, owner, [Scope.CHECK], label="robot")
        assert find_key(connection, secret) == key
        wrong = ("", "cim", key.prefix, f"{key.prefix}_", secret[:-1], f"{secret}x", f"x{secret}", "_" * 99)
        for other in wrong:
            assert find_key(connection, other) is None
    assert (key.owner, key.scopes, key.label) == ("Acme", {Scope.CHECK}, "robot")


def test_a_secret_is_not_kept(database: Database) -> None:
    with database.write() as connection:
        key, secret = issue_key(connection, 1, [Scope.CHECK])
        assert secret.removeprefix(f"{key.prefix}_") not in str(connection.execute(select(api_keys)).all())


def test_a_key_that_expired_or_was_revoked_opens_nothing(database: Database) -> None:
    with database.write() as connection:
        soon = datetime.now(UTC) + timedelta(milliseconds=400)
        lasting, lasting_secret = issue_key(connection, 1, [Scope.CHECK])
        _, short = issue_key(connection, 1, [Scope.CHECK], expires=soon)
        revoke_key(connection, 1, lasting.prefix)
        assert find_key(connection, lasting_secret) is None
        time.sleep(0.45)
        assert find_key(connection, short) is None
        assert len(list_keys(connection, 1)) == 2


def test_a_rotated_key_gives_way_to_one_like_it(database: Database) -> None:
    with database.write() as connection:
        old, old_secret = issue_key(connection, 1, [Scope.CHECK, Scope.KEYS], requests_per_minute=7)
        new, new_secret = rotate_key(connection, 1, old.prefix, grace=timedelta(hours=1))
        found = find_key(connection, old_secret)
        assert found is not None
        assert found.expires is not None
        assert (new.scopes, new.requests_per_minute) == (old.scopes, 7)
        _, last_secret = rotate_key(connection, 1, new.prefix)
        assert find_key(connection, new_secret) is None
        assert find_key(connection, last_secret) is not None
        with pytest.raises(UsageError, match="has ended"):
            rotate_key(connection, 1, new.prefix)


def test_keys_of_another_owner_are_not_there(database: Database) -> None:
    with database.write() as connection:
        other = add_owner(connection, "Other")
        key, _ = issue_key(connection, 1, [Scope.CHECK])
        for change in (revoke_key, rotate_key):
            with pytest.raises(MissingError, match="there is no key"):
                change(connection, other, key.prefix)
        assert list_keys(connection, other) == []
        with pytest.raises(MissingError, match="there is no owner 99"):
            issue_key(connection, 99, [Scope.CHECK])


def test_a_key_without_use_is_refused(database: Database) -> None:
    with database.write() as connection:
        with pytest.raises(UsageError, match="no scope"):
            issue_key(connection, 1, [])
        with pytest.raises(UsageError, match="expired already"):
            issue_key(connection, 1, [Scope.CHECK], expires=datetime(2020, 1, 1, tzinfo=UTC))


def test_what_was_done_is_read_back_in_order_by_its_owner(database: Database) -> None:
    with database.write() as connection:
        for number in range(3):
            record_act(connection, 1, actor="cim_1", action="brand.put", target=f"B{number}", request_id="r")
        record_act(connection, 2, actor="cim_2", action="brand.put", target="secret")
        first = list_acts(connection, 1, limit=2)
        rest = list_acts(connection, 1, after=first[-1].audit_id)
    assert [act.target for act in (*first, *rest)] == ["B0", "B1", "B2"]
