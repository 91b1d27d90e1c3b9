"""`python -m benchmarks accuracy --task text` from the command line to its results file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

import matcher.assembly
from benchmarks.__main__ import main
from benchmarks.text.words import listed_words
from tests.benchmarks.text.fonts import latin_fonts
from tests.benchmarks.text.scripted_reader import ScriptedReader, blank
from tests.matcher.models.text_reader_contract import written

READ = {200: ["adidas"], 210: ["abibas"], 220: [], 230: ["reebok"]}


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> ScriptedReader:
    """What the command reads with, in place of the one in the settings."""
    scripted = ScriptedReader(READ)
    monkeypatch.setattr(matcher.assembly, "build_text_reader", lambda settings: scripted)
    return scripted


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Four photos: genuine, with something like a near miss, without text, and another brand's."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for width in READ:
        (folder / f"{width}.png").write_bytes(blank(width))
    return folder


@pytest.fixture
def brands(tmp_path: Path) -> Path:
    return saved(tmp_path / "brands.csv", "brand,wordmarks", "Adidas,アディダス", "Reebok,")


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    rows = ("200.png,Adidas,,tune", "210.png,,,report", "220.png,,,report", "230.png,Adidas,,report")
    return saved(tmp_path / "truth.csv", "image,brands,also,split", *rows)


def saved(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def run(*arguments: object) -> int:
    return main(["accuracy", "--task", "text", "--resamples", "20", *(str(one) for one in arguments)])


def test_photos_with_a_table_end_in_figures_and_each_error(
    reader: ScriptedReader,
    photos: Path,
    brands: Path,
    truth: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, sheet = tmp_path / "new" / "text.json", tmp_path / "sheet.png"
    asked = ("--dataset", photos, "--truth", truth, "--brands", brands, "--out", out, "--sheet", sheet)
    assert run(*asked) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert (found["task"], found["model"], found["dataset"]) == (
        "text",
        "scripted",
        {"name": "photos", "brands": 2},
    )
    metrics = found["metrics"]
    assert (metrics["precision"], metrics["recall"], metrics["alarms_per_500"]) == (0.5, 0.5, 125.0)
    assert found["settings"]["truth"] == "truth.csv"
    assert set(found) >= {"counts", "alarms", "wrong", "missed", "machine", "versions"}
    screen = capsys.readouterr().out
    assert "overall" in screen
    assert "210.png: 'abibas' called near miss of 'Adidas', " in screen
    assert "230.png: 'reebok' called wordmark 'Reebok', " in screen
    assert 'shows "Adidas"' in screen
    with Image.open(sheet) as drawn:
        assert drawn.width > 1000


def test_where_no_near_miss_can_be_only_alarms_are_counted(
    reader: ScriptedReader, photos: Path, brands: Path, tmp_path: Path
) -> None:
    out = tmp_path / "alarms.json"
    assert run("--dataset", photos, "--alarms-only", "--brands", brands, "--out", out) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["metrics"]["alarms_per_500"] == 125.0
    assert not {"precision", "recall"} & set(found["metrics"])


def test_a_part_and_a_limit_read_fewer_photos(
    reader: ScriptedReader, photos: Path, brands: Path, truth: Path, tmp_path: Path
) -> None:
    asked = ("--dataset", photos, "--truth", truth, "--brands", brands, "--out", tmp_path / "x.json")
    assert run(*asked, "--part", "report") == 0
    assert sorted(reader.read_widths) == [210, 220, 230]
    reader.read_widths.clear()
    assert run(*asked, "--limit", 2) == 0
    assert len(reader.read_widths) == 2


def test_kept_lines_are_matched_again_without_reading(
    reader: ScriptedReader, photos: Path, brands: Path, truth: Path, tmp_path: Path
) -> None:
    asked = ("--dataset", photos, "--truth", truth, "--brands", brands, "--lines", tmp_path / "lines")
    assert run(*asked, "--out", tmp_path / "first.json") == 0
    assert run(*asked, "--out", tmp_path / "again.json") == 0
    assert sorted(reader.read_widths) == [200, 210, 220, 230]
    first, again = (json.loads((tmp_path / f"{one}.json").read_text()) for one in ("first", "again"))
    assert first["metrics"] == again["metrics"]


def test_words_are_drawn_on_any_folder_of_photos(
    monkeypatch: pytest.MonkeyPatch, photos: Path, tmp_path: Path
) -> None:
    latin = [word for word in listed_words() if word.script == "Latin" and word.text.isascii()]
    monkeypatch.setattr("benchmarks.text.cases.listed_words", lambda: latin)
    monkeypatch.setattr(matcher.assembly, "build_text_reader", lambda settings: ScriptedReader({}))
    fonts, out = latin_fonts(tmp_path / "fonts"), tmp_path / "drawn.json"
    assert run("--dataset", photos, "--drawn", 6, "--fonts", fonts, "--out", out) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert (found["counts"]["photos"], found["settings"]["drawn"]) == (6, 6)
    assert found["metrics"]["recall_near_miss"] == 0.0
    names = saved(tmp_path / "names.csv", "brand,wordmarks", *(f"{word.text}," for word in latin[:40]))
    assert run("--dataset", photos, "--drawn", 6, "--fonts", fonts, "--brands", names, "--out", out) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["dataset"]["brands"] <= 40


# Bad input


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that is said when the command refuses."""
    assert run(*arguments) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert told[0].startswith("error: ")
    assert "Traceback" not in told[0]
    return told[0]


def test_a_table_needs_a_lexicon(
    reader: ScriptedReader, photos: Path, truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ("--dataset", photos, "--out", tmp_path / "x.json")
    for asked in (("--truth", truth), ("--alarms-only",)):
        assert "--brands: name a CSV file" in refusal(capsys, *out, *asked)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("image,brands", "200.png,Adibas"), "names 'Adibas', which is no brand of the lexicon"),
        (("image,brands", "nowhere.png,Adidas"), "nowhere.png: is not there"),
        (("image,marks", "200.png,Adidas"), "has no column 'brands'"),
        (("image,brands,split", "200.png,Adidas,tune"), "has no row for part 'report'"),
    ],
)
def test_a_wrong_table_is_refused(
    reader: ScriptedReader,
    photos: Path,
    brands: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    lines: tuple[str, ...],
    told: str,
) -> None:
    table = saved(tmp_path / "wrong.csv", *lines)
    asked = ("--dataset", photos, "--truth", table, "--brands", brands, "--part", "report")
    assert told in refusal(capsys, *asked, "--out", tmp_path / "x.json")
    assert not (tmp_path / "x.json").exists()


def test_missing_files_are_named(
    reader: ScriptedReader,
    photos: Path,
    brands: Path,
    truth: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    none, out = tmp_path / "none", ("--out", tmp_path / "x.json")
    asked = ("--dataset", photos, *out)
    assert "none: cannot be read" in refusal(capsys, *asked, "--truth", none, "--brands", brands)
    assert "none: cannot be read" in refusal(capsys, *asked, "--truth", truth, "--brands", none)
    assert "none: is not a folder" in refusal(
        capsys, "--dataset", none, *out, "--alarms-only", "--brands", brands
    )
    assert "none: holds no font for" in refusal(capsys, *asked, "--fonts", none)


def test_settings_without_a_reader_are_refused(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = saved(tmp_path / "no-text.toml", "[models]", 'text = "none"')
    asked = ("--dataset", photos, "--config", config, "--out", tmp_path / "x.json")
    assert "the task text needs a reader" in refusal(capsys, *asked)


# With the reader that ships


def test_a_clear_word_is_read_and_matched_end_to_end(brands: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "sheets", tmp_path / "x.json"
    folder.mkdir()
    Image.fromarray(written("Reebok")).save(folder / "clear.png")
    truth = saved(tmp_path / "one.csv", "image,brands", "clear.png,Reebok")
    assert run("--dataset", folder, "--truth", truth, "--brands", brands, "--out", out) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    metrics = {name: found["metrics"][name] for name in ("precision", "recall", "alarms_per_500")}
    assert metrics == {"precision": 1.0, "recall": 1.0, "alarms_per_500": 0.0}
