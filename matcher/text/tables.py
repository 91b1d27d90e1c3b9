"""The tables of words in this folder, and what names them together with the libraries' own."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

LIBRARIES = ("anyascii", "confusable_homoglyphs", "opencc", "rapidfuzz", "wordfreq")
"""What folding, frequencies and edits are taken from: another version of one may judge words otherwise."""


def read_table(name: str) -> dict[str, Any]:
    """The table `name`.toml; for callers that keep what they make of it."""
    return tomllib.loads(files("matcher.text").joinpath(f"{name}.toml").read_text(encoding="utf-8"))


@cache
def fingerprint() -> str:
    """Names every table's content and the libraries' versions; loads none of them."""
    found = hashlib.sha256()
    for table in sorted(files("matcher.text").iterdir(), key=lambda file: file.name):
        if table.name.endswith(".toml"):
            found.update(table.name.encode() + b"\0" + hashlib.sha256(table.read_bytes()).digest())
    found.update(" ".join(f"{name}=={version(name)}" for name in LIBRARIES).encode())
    return found.hexdigest()
