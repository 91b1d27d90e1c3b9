"""Drawn sets are the same for the same entry, and whole or absent."""

from __future__ import annotations

from pathlib import Path

from benchmarks.made_sets import make_set
from benchmarks.plan import MadeEntry
from benchmarks.products import products_from_folder

MADE = MadeEntry(photos=8, size=(96, 72), queries_each=2)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.jpg")}


def test_the_same_entry_draws_the_same_photos_and_another_seed_others(tmp_path: Path) -> None:
    for place, seed in (("a", 1), ("b", 1), ("c", 2)):
        make_set(tmp_path / place / "set", "copies", MADE, seed)
    first, again, other = (files(tmp_path / place / "set") for place in ("a", "b", "c"))
    assert first == again
    assert len(first) == len(set(first.values())) == 8
    assert not set(first.values()) & set(other.values())


def test_products_have_a_reference_and_photos_of_it_and_some_are_in_no_catalog(tmp_path: Path) -> None:
    make_set(tmp_path / "set", "products", MADE, 0)
    truth = products_from_folder(tmp_path / "set")
    assert (len(truth.references), len(truth.queries), truth.distractors) == (6, 16, 4)


def test_what_is_there_stays_and_what_was_cut_off_is_drawn_again(tmp_path: Path) -> None:
    (tmp_path / ".set.part").mkdir()
    (tmp_path / ".set.part" / "half.jpg").touch()
    make_set(tmp_path / "set", "copies", MADE, 0)
    assert "half.jpg" not in files(tmp_path / "set")
    (tmp_path / "set" / "00000.jpg").unlink()
    make_set(tmp_path / "set", "copies", MADE, 0)
    assert len(files(tmp_path / "set")) == 7
