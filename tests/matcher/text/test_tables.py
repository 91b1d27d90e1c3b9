"""What the tables of words are named by changes with any of them, and with the libraries behind them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from matcher.text import tables


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    shipped = Path(tables.__file__).parent
    for path in shipped.glob("*.toml"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(tables, "files", lambda _: tmp_path)
    tables.fingerprint.cache_clear()
    yield tmp_path
    tables.fingerprint.cache_clear()


def named() -> str:
    tables.fingerprint.cache_clear()
    return tables.fingerprint()


def test_the_same_tables_have_the_same_name(folder: Path) -> None:
    (folder / "tables.py").write_text("no table")
    assert named() == named()


@pytest.mark.parametrize("table", ["categories", "claims", "everyday", "titles"])
def test_a_word_more_in_any_table_is_another_name(folder: Path, table: str) -> None:
    before = named()
    with (folder / f"{table}.toml").open("a", encoding="utf-8") as file:
        file.write("\n# another word\n")
    assert named() != before


def test_another_table_is_another_name(folder: Path) -> None:
    before = named()
    (folder / "colours.toml").write_text('words = ["red"]\n')
    assert named() != before


def test_another_version_of_a_library_is_another_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = named()
    monkeypatch.setattr(tables, "version", lambda name: f"{name} of tomorrow")
    assert named() != before
