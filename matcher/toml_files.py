"""Reads TOML files, and says of a bad one what is wrong and where."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from matcher.errors import ConfigError


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """The text of a TOML file, without a byte order mark, and what it says; raises `ConfigError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(str(path), "", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "", "is not TOML: it holds bytes that are no UTF-8 text") from error
    return text, parse_toml(text, str(path))


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """What TOML text says; raises `ConfigError` naming `source`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(source, "", f"is not TOML: {error}") from error
