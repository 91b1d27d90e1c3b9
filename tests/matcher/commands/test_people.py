"""People get an account at the command line: with a password that is made, or their own."""

from __future__ import annotations

import json
from pathlib import Path

from matcher.catalog import find_account, list_acts
from matcher.service.passwords import is_right
from matcher.workspace import Workspace
from tests.matcher.commands.conftest import matcher

OWN = "violet tractor sings under copper rain"


def kept_hash(folder: Path, name: str) -> str:
    with Workspace.open(folder) as workspace, workspace.database.read() as connection:
        found = find_account(connection, name)
    assert found is not None
    return found[1]


def test_a_made_password_is_printed_once_and_opens_the_account(tmp_path: Path) -> None:
    made = matcher(tmp_path / "w", "admin", "person", "kim", "--owner", "Acme", "--role", "manager")
    assert made.exit_code == 0, made.output
    assert is_right(kept_hash(tmp_path / "w", "kim"), made.stdout.strip())
    shown = json.loads(matcher(tmp_path / "w", "admin", "people", "--json").stdout)
    assert [(one["name"], one["owner"], one["role"], one["locked"]) for one in shown] == [
        ("kim", "Acme", "manager", False)
    ]
    assert "Acme" in matcher(tmp_path / "w", "admin", "people").stdout


def test_a_password_of_ones_own_comes_from_standard_input_and_must_be_good(tmp_path: Path) -> None:
    words = ("admin", "person", "kim", "--password-stdin")
    made = matcher(tmp_path / "w", *words, answer=f"{OWN}\n")
    assert (made.exit_code, made.stdout) == (0, "")
    assert is_right(kept_hash(tmp_path / "w", "kim"), OWN)
    for answer, why in (("short\n", "shorter than 15"), ("", "holds no password")):
        refused = matcher(tmp_path / "w", *words, answer=answer)
        assert refused.exit_code == 2
        assert why in refused.stderr
    assert is_right(kept_hash(tmp_path / "w", "kim"), OWN)


def test_a_person_is_changed_and_removed_on_record(tmp_path: Path) -> None:
    for role in ("viewer", "reviewer"):
        matcher(tmp_path / "w", "admin", "person", "kim", "--role", role)
    assert matcher(tmp_path / "w", "admin", "remove-person", "kim").exit_code == 0
    gone = matcher(tmp_path / "w", "admin", "remove-person", "kim")
    assert (gone.exit_code, "no account 'kim'" in gone.stderr) == (2, True)
    with Workspace.open(tmp_path / "w") as workspace, workspace.database.read() as connection:
        acts = [(act.action, act.target) for act in list_acts(connection, 1)]
    assert acts == [
        ("person.add", "kim (viewer)"), ("person.change", "kim (reviewer)"), ("person.remove", "kim")
    ]  # fmt: skip
