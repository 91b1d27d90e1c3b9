"""Brands are added, added to, shown and removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matcher.commands.brand import parse_trademark
from matcher.errors import UsageError
from matcher.records import Trademark
from tests.matcher.commands.conftest import HOSTILE, draw, matcher


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


def test_a_brand_keeps_all_that_is_said_of_it(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    draw(Path("logos/sun.png"), 1)
    words = (
        "--wordmark",
        "nordlys",
        "--wordmark",
        "ノルドリス",
        "--licensed-seller",
        "house-1",
        "--logo",
        "logos/sun.png",
    )
    added = matcher(workspace, "brand", "add", "Nordlys", *words, "--trademark", "em:0181:25,18")
    assert added.exit_code == 0, added.output
    again = matcher(workspace, "brand", "add", "NORDLYS", "--licensed-seller", "house-2")
    assert again.exit_code == 0, again.output
    shown = json.loads(matcher(workspace, "brand", "show", "nordlys", "--json").stdout)
    assert shown == {
        "name": "Nordlys",
        "wordmarks": ["nordlys", "ノルドリス"],
        "licensed_sellers": ["house-1", "house-2"],
        "trademarks": [{"number": "0181", "office": "EM", "nice_classes": [18, 25]}],
        "logos": ["sun"],
    }


def test_a_new_brand_without_a_wordmark_is_written_as_it_is_called(workspace: Path) -> None:
    matcher(workspace, "brand", "add", "Corvanne")
    matcher(workspace, "brand", "add", "Corvanne", "--licensed-seller", "house-1")
    assert json.loads(matcher(workspace, "brand", "list", "--json").stdout)[0]["wordmarks"] == ["Corvanne"]


def test_a_logo_that_cannot_be_read_is_told_and_the_brand_stays(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no image")
    added = matcher(workspace, "brand", "add", "Nordlys", "--logo", tmp_path / "broken.png")
    assert added.exit_code == 1
    assert "broken.png: " in added.stderr
    assert matcher(workspace, "brand", "show", "Nordlys").exit_code == 0


@pytest.mark.parametrize(("name", "reason"), [("none.png", "is not there"), (".", "is a folder, not a file")])
def test_a_mistyped_logo_is_wrong_use_and_changes_nothing(
    name: str, reason: str, workspace: Path, tmp_path: Path
) -> None:
    good = draw(tmp_path / "sun.png", 1)
    added = matcher(workspace, "brand", "add", "Nordlys", "--logo", good, "--logo", tmp_path / name)
    assert added.exit_code == 2
    assert f"--logo {tmp_path / name}: {reason}" in added.stderr
    assert not workspace.exists()


def test_what_a_terminal_would_obey_is_shown_as_text(workspace: Path) -> None:
    matcher(workspace, "brand", "add", HOSTILE)
    for words in (("list",), ("show", HOSTILE)):
        shown = matcher(workspace, "brand", *words)
        assert shown.exit_code == 0, shown.output
        assert "\x1b" not in shown.output
        assert "\x07" not in shown.output
        assert "[red]click[/red]" in shown.output


def test_removing_a_brand_asks_first(workspace: Path) -> None:
    matcher(workspace, "brand", "add", "Nordlys")
    assert matcher(workspace, "brand", "remove", "Nordlys", answer="n\n").exit_code == 1
    silent = matcher(workspace, "brand", "remove", "Nordlys")
    assert (silent.exit_code, "--yes" in silent.stderr) == (2, True)
    assert matcher(workspace, "brand", "remove", "nordlys", "--yes").exit_code == 0
    gone = matcher(workspace, "brand", "show", "Nordlys")
    assert gone.exit_code == 2
    assert "no brand 'Nordlys'" in gone.stderr


def test_a_trademark_is_office_number_and_classes() -> None:
    assert parse_trademark("US:123") == Trademark(number="123", office="US")
    assert parse_trademark("em:0181: 25, 18".replace(": 25", ":25")).nice_classes == (25, 18)


@pytest.mark.parametrize("text", ["", "EM", "EM:", "EMX:1", "EM:1:46", "EM:1:0", "EM:1:x", "E1:5"])
def test_another_trademark_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="OFFICE:NUMBER"):
        parse_trademark(text)
