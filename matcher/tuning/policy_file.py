"""Writes a tuned policy as TOML: the file it began with, its comments kept, with the new figures in it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from matcher.policy import Policy, parse_policy

_SECTION = re.compile(r"^\s*\[+\s*([^\]]*?)\s*\]+\s*(#.*)?$")
_VALUE = re.compile(r"^(\s*([A-Za-z0-9_-]+)\s*=\s*)([^#\"']*?|\"[^\"]*\"|'[^']*')(\s*(?:#.*)?)$")


def tuned_text(before: Policy, after: Policy, notes: Iterable[str] = ()) -> str:
    """The TOML of `after`, which differs from `before` in name, version, prior, thresholds and weights.

    Everything else of the file stays, what brands have of their own too. `notes` go on top as comments.
    """
    wanted = _table(before) | {"name": after.name, "version": after.version, "prior": after.prior}
    for part in ("thresholds", "weights"):
        wanted[part] = getattr(after, part).model_dump(by_alias=True)
    text = _edited(before.policy_text, wanted)
    try:
        as_wanted = tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        as_wanted = False
    if not as_wanted:  # a file too unlike the shipped one to be edited line by line
        text = "\n".join(_written(wanted)) + "\n"
    head = "".join(f"# {_one_line(note)}\n" for note in notes)
    whole = f"{head}\n{text}" if head else text
    parse_policy(whole, "the tuned policy")  # refused here rather than when it is used
    return whole


def _table(policy: Policy) -> dict[str, Any]:
    if policy.policy_text:
        return tomllib.loads(policy.policy_text)
    return policy.model_dump(by_alias=True)


def _edited(text: str, wanted: Mapping[str, Any]) -> str:
    """`text` with each figure that differs replaced where it stands."""
    lines, section = [], ""
    for line in text.splitlines():
        if found := _SECTION.match(line):
            section = found[1]
        elif found := _VALUE.match(line):
            place = wanted.get(section, {}) if section else wanted
            value = place.get(found[2]) if isinstance(place, Mapping) else None
            if isinstance(value, int | float | str):
                line = f"{found[1]}{_value(value)}{found[4]}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def _written(table: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The table as TOML, plain values before tables."""
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    if path and (len(inner) < len(table) or not table):
        yield from ("", f"[{path}]")
    for key, value in table.items():
        if key not in inner and value is not None:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in inner.items():
        yield from _written(value, f"{path}.{_key(key)}" if path else _key(key))


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(text: str) -> str:
    """A basic string; JSON's escapes are TOML's, but for the one control character that JSON lets stand."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    return "".join(" " if sign < " " or sign == "\x7f" else sign for sign in " ".join(text.split()))
