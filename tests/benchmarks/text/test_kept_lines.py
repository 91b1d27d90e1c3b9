"""Lines that were read once are kept, and no reader is asked for them again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.text.kept_lines import KeptLines
from tests.benchmarks.text.scripted_reader import ScriptedReader
from tests.matcher.signals.made import line

PHOTO = np.full((100, 200, 3), 90, np.uint8)
OTHER = np.full((100, 200, 3), 91, np.uint8)
TEXTS = {200: ["adidas", "ナイキ"]}


def test_a_photo_is_read_once_and_then_comes_from_the_file(tmp_path: Path) -> None:
    reader = ScriptedReader(TEXTS)
    kept = KeptLines(reader, tmp_path / "new" / "lines")
    first = kept.read([PHOTO])
    assert kept.read([PHOTO, PHOTO]) == first * 2
    assert [one.text for one in first[0]] == ["adidas", "ナイキ"]
    assert reader.read_widths == [200]


def test_another_run_finds_them_and_loses_nothing_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    first = KeptLines(ScriptedReader(TEXTS), path).read([PHOTO])
    later = ScriptedReader({})
    assert KeptLines(later, path).read([PHOTO]) == first
    assert later.read_widths == []


def test_a_photo_without_text_is_kept_too(tmp_path: Path) -> None:
    reader = ScriptedReader({})
    kept = KeptLines(reader, tmp_path / "lines")
    assert kept.read([PHOTO]) == kept.read([PHOTO]) == [[]]
    assert reader.read_widths == [200]


def test_another_photo_and_another_reader_are_read_anew(tmp_path: Path) -> None:
    reader = ScriptedReader(TEXTS)
    KeptLines(reader, tmp_path / "lines").read([PHOTO, OTHER])
    assert reader.read_widths == [200, 200]
    newer = ScriptedReader({200: ["puma"]}, fingerprint="scripted@2")
    (lines,) = KeptLines(newer, tmp_path / "lines").read([PHOTO])
    assert [one.text for one in lines] == ["puma"]


def test_a_second_look_at_a_line_is_kept_by_line(tmp_path: Path) -> None:
    reader = ScriptedReader(TEXTS)
    kept = KeptLines(reader, tmp_path / "lines")
    first = kept.look_again(PHOTO, line("abibas", 0.7))
    assert first.score == 0.99
    assert kept.look_again(PHOTO, line("abibas", 0.7)) == first
    kept.look_again(PHOTO, line("abibas", 0.6))
    kept.look_again(OTHER, line("abibas", 0.7))
    assert reader.again == ["abibas"] * 3


def test_it_goes_by_the_reader_s_name_and_fingerprint(tmp_path: Path) -> None:
    kept = KeptLines(ScriptedReader({}), tmp_path / "lines")
    assert (kept.name, kept.fingerprint) == ("scripted", "scripted@1")
