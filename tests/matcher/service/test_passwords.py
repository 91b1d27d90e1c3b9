"""A password is long and not easily guessed, whatever its characters, and is kept as a slow hash."""

from __future__ import annotations

import pytest

from matcher.errors import UsageError
from matcher.service.passwords import expect_good, hashed, is_outdated, is_right, made_up

GOOD = "violet tractor sings under copper rain"


@pytest.mark.parametrize(
    "password", [GOOD, "Здравствуй, мокрый апельсин!", "vj4kq-zt9mb-w2hxe-r7uep", "🦊" * 3 + GOOD]
)
def test_long_passwords_of_any_characters_are_taken(password: str) -> None:
    expect_good(password)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "shorter than 15"),
        ("Tr0ub4dor&3", "shorter than 15"),
        ("aaaaaaaaaaaaaaaaaaaa", "easily guessed"),
        ("passwordpassword1", "easily guessed"),
        ("qwertyuiopasdfgh", "easily guessed"),
        ("kim.lee@acme.example", "easily guessed"),
        ("x" * 300, "longer than 256"),
    ],
)
def test_short_and_common_ones_and_what_others_know_are_refused(password: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        expect_good(password, ("kim.lee@acme.example", "Acme"))


def test_a_password_is_told_by_its_hash_alone() -> None:
    kept = hashed(GOOD)
    assert kept.startswith("$argon2id$")
    assert kept != hashed(GOOD), "two people with one password do not show it"
    assert is_right(kept, GOOD)
    assert not is_right(kept, GOOD + " ")
    assert not is_right("no hash", GOOD)
    assert not is_right(kept, "x" * 1_000_000)
    assert not is_outdated(kept)


def test_two_spellings_of_one_letter_are_one_password() -> None:
    assert is_right(hashed("café " * 4), "café " * 4)


def test_a_made_password_is_good_and_never_the_same() -> None:
    first, second = made_up(), made_up()
    assert first != second
    expect_good(first)
