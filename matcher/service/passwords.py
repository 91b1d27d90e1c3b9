"""Passwords: which are taken (NIST SP 800-63B-4, section 3.1.1), and how they are kept and compared."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from matcher.errors import UsageError

SHORTEST, LONGEST = 15, 256
"""Characters. The source asks for 15 where a password alone opens, and for 64 to be allowed at least."""
EASY = 2
"""A score of zxcvbn (0 to 4) up to which a password is refused: guessed within about 10^8 tries."""
_JUDGED = 72
_SERVICE = ("counterfeit", "image", "matcher", "counterfeit-image-matcher")
_hasher = PasswordHasher()
# Each comparison takes 64 MiB by design: a flood of them is to wait, not to fill the memory.
_at_once = threading.BoundedSemaphore(2)


def expect_good(password: str, about: Sequence[str] = ()) -> None:
    """Refuse a password that is short or easily guessed; `about` are words that others know of its owner.

    No mixture of characters is asked for. Raises `UsageError` with the reason and what would help.
    """
    text = _same(password)
    if len(text) < SHORTEST:
        raise UsageError(f"the password is shorter than {SHORTEST} characters: four or five words do well")
    if len(text) > LONGEST:
        raise UsageError(f"the password is longer than {LONGEST} characters")
    judged = zxcvbn(text[:_JUDGED], user_inputs=[*_SERVICE, *filter(None, about)])
    if judged["score"] <= EASY:
        why = judged["feedback"]["warning"].rstrip(".") or "it is made of common or repeated parts"
        raise UsageError(f"the password is easily guessed ({why}): take words that have nothing in common")


def hashed(password: str) -> str:
    """What is kept of the password: Argon2id with the parameters of RFC 9106, section 4, second choice."""
    with _at_once:
        return _hasher.hash(_same(password))


def is_right(password_hash: str, password: str) -> bool:
    """Whether the hash is the password's; takes as long either way."""
    if len(password) > 4 * LONGEST:
        password = ""
    with _at_once:
        try:
            return _hasher.verify(password_hash, _same(password))
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Whether the password would be kept in another way now."""
    return _hasher.check_needs_rehash(password_hash)


def made_up() -> str:
    """A new password that nobody guesses (99 random bits), in groups that can be read out."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def _same(password: str) -> str:
    """One spelling for what looks the same, whichever keyboard it came from."""
    return unicodedata.normalize("NFKC", password)
