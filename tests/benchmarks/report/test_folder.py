"""A run's folder is read with care: what is broken is told of, and nothing outside the folder is shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.__main__ import main
from benchmarks.report.folder import LARGEST_PICTURE, picture, picture_type, read_run
from benchmarks.report.groups import grouped
from benchmarks.report.markdown import markdown
from benchmarks.report.page import write_page
from tests.benchmarks.drawings import drawn_photo
from tests.benchmarks.report.made_run import FEW, NOT_RUN, made_run, save_jpeg, write

PART: dict[str, Any] = {"task": "copies", "metrics": {"uAP": 0.5}, "settings": {}, "model": "m", "seconds": 3}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)

NUMBERS = st.integers(-(10**400), 10**400) | st.floats()
KEYS = (
    "metrics", "by", "without", "by_listing", "settings", "curves", "scores", "mistakes", "counts", "dataset",
    "model", "state", "why", "fingerprints", "versions", "machine", "seconds", "images_per_second",
)  # fmt: skip


def test_every_part_is_there_with_its_state(tmp_path: Path) -> None:
    run = read_run(made_run(tmp_path, mistakes=2))
    assert (run.title, len(run.done), run.notes) == ("made models", 11, ())
    assert {part.name: (part.state, part.why) for part in run.left} == {
        "copies-clothing-clip": ("not run", NOT_RUN),
        "verdicts-made": ("failed", "no listings.csv"),
    }
    part = next(part for part in run.done if part.name == "copies-clothing-builtin")
    assert part.intervals["R@1"][0] < part.metrics["R@1"] < part.intervals["R@1"][1]
    assert (part.subset, part.queries, len(part.mistakes), len(part.by)) == ("report", 600, 2, 6)
    assert part.pairs is not None
    assert part.pairs.hits(1).mean() == pytest.approx(part.metrics["R@1"], abs=1e-4)


def test_loose_results_files_are_a_run_without_a_plan(tmp_path: Path) -> None:
    write(tmp_path / "one.json", PART)
    assert [part.name for part in read_run(tmp_path).done] == ["one"]


def test_a_part_that_does_not_say_how_long_it_took_is_shown_too(tmp_path: Path) -> None:
    logos = {"task": "logos", "metrics": {"AP50": 0.4, "R@1": 0.9}, "settings": {}, "model": "m"}
    write(tmp_path / "run" / "results" / "logos.json", logos)
    run = read_run(tmp_path / "run")
    assert ([part.name for part in run.done], run.notes) == (["logos"], ())
    write(tmp_path / "loose" / "logos.json", logos)
    write(tmp_path / "loose" / "copies.json", PART)
    first, _, second = markdown(tmp_path / "loose").partition("\n\n")
    assert "| copies.json | copies |" in first
    assert second.splitlines()[0] == "| file, logos | dataset | part | model | R@1 | AP50 | seconds |"
    assert second.splitlines()[2] == "| logos.json |  |  | m | 0.900 | 0.400 | – |"


def test_a_fingerprint_among_the_settings_is_shown_by_its_first_digits(tmp_path: Path) -> None:
    for name, digit in (("one", "a"), ("two", "b")):
        write(tmp_path / f"{name}.json", PART | {"settings": {"verify": {"similarity": digit * 64}}})
    write_page(tmp_path / "page.html", read_run(tmp_path))
    (group,) = grouped(read_run(tmp_path).done)
    assert {row.chips for row in group.rows} == {("similarity " + "a" * 12,), ("similarity " + "b" * 12,)}
    assert "a" * 64 in (tmp_path / "page.html").read_text(), "whole under the settings"


@pytest.mark.parametrize(
    ("extra", "note"),
    [
        ({"scores": {"edges": [0, 1], "true": [1, 2], "false": [1]}}, "histogram"),
        ({"scores": 7}, "histogram"),
        ({"curves": {"precision_recall": [[0.5, "x", 1], [0.5, 1, 1]]}}, "1 points of its curve"),
        ({"mistakes": [{"query": ["no"]}, {"query": "q"}]}, "1 mistake cannot be read"),
    ],
)
def test_what_is_malformed_is_told_and_the_rest_is_shown(
    tmp_path: Path, extra: dict[str, Any], note: str
) -> None:
    write(tmp_path / "results" / "one.json", {**PART, **extra})
    run = read_run(tmp_path)
    assert [part.metrics["uAP"] for part in run.done] == [0.5]
    assert note in " ".join(run.notes)


def test_files_that_are_no_results_are_told(tmp_path: Path) -> None:
    made_run(tmp_path, mistakes=0)
    (tmp_path / "results" / "broken.json").write_text("{")
    (tmp_path / "results" / "list.json").write_text("[1]")
    assert [note.partition(":")[0] for note in read_run(tmp_path).notes] == ["broken.json", "list.json"]


def test_pairs_that_hold_objects_are_not_unpickled(tmp_path: Path) -> None:
    made_run(tmp_path, mistakes=0)
    bad = np.array([{"a": 1}], dtype=object)
    np.savez(
        tmp_path / "pairs" / "copies-clothing-pdq.npz",
        queries=bad,
        kinds=bad,
        rank_of_truth=bad,
        distractor=bad,
    )
    (tmp_path / "pairs" / "products-grocery-pdq.npz").write_bytes(b"PK no archive")
    parts = {part.name: part for part in read_run(tmp_path).done}
    assert parts["copies-clothing-pdq"].pairs is None
    assert parts["products-grocery-pdq"].pairs is None


def test_pictures_are_small_and_inside_the_folder(tmp_path: Path) -> None:
    run = read_run(made_run(tmp_path / "run", mistakes=1))
    outside, inside = tmp_path / "secret.jpg", tmp_path / "run" / "mistakes"
    save_jpeg(drawn_photo(1), outside)
    (inside / "link.jpg").symlink_to(outside)
    (inside / "text.jpg").write_text("no picture")
    (inside / "large.jpg").write_bytes(b"\xff\xd8\xff" + bytes(LARGEST_PICTURE))
    assert picture_type(picture(run, run.done[0].mistakes[0].images.query) or b"") == "image/jpeg"
    drawn_photo(2).save(inside / "new.webp")
    assert picture_type(picture(run, "mistakes/new.webp") or b"") == "image/webp"
    names = ("link", "text", "large", "absent")
    for path in (
        "../secret.jpg",
        str(outside),
        *(f"mistakes/{one}.jpg" for one in names),
        "mistakes",
        "\0",
        None,
    ):
        assert picture(run, path) is None, path


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(extra=st.dictionaries(st.sampled_from(KEYS), ANYTHING), point=st.lists(NUMBERS, max_size=4))
def test_no_results_file_stops_the_report(tmp_path: Path, extra: dict[str, Any], point: list[float]) -> None:
    curves = {key: [point, [0.5, 0.5, 5]] for key in ("precision_recall", "recall_speed", "reliability")}
    scores = {"edges": [0, *point], "true": point, "false": point}
    made = {**PART, "curves": curves, "scores": scores, "images_per_second": 3, **extra}
    write(tmp_path / "results" / "one.json", made)
    figures = dict(zip(("uAP", "images_per_second", "x_ms"), point, strict=False))
    write(tmp_path / "results" / "two.json", {**PART, "metrics": {**figures, "uAP_ci": point[:2]}})
    write(tmp_path / "run.json", {"parts": [extra], **extra})
    run = read_run(tmp_path)
    write_page(tmp_path / "page.html", run)
    assert markdown(tmp_path)


# The command


def test_the_command_prints_markdown_and_writes_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = made_run(tmp_path / "before", models=FEW, queries=120, mistakes=0)
    after = made_run(tmp_path / "after", models=FEW, queries=120, mistakes=1)
    page = tmp_path / "new" / "page.html"
    assert main(["report", str(after), "--against", str(before), "--html", str(page)]) == 0
    said = capsys.readouterr().out
    assert "No difference exceeds noise." in said
    assert "| pdq | 0." in said
    assert "- copies-clothing-clip (not run): its weights are not at hand" in said
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    made_run(tmp_path / "run", mistakes=1)
    command = [sys.executable, "-m", "benchmarks", "report", str(tmp_path / "run")]
    page = tmp_path / "page.html"
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        done = subprocess.run([*command, "--html", page], stdout=out, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, f"wrote {page}\n")
    assert page.is_file()


def test_the_figures_of_a_run_leave_as_one_file(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", models=FEW, queries=120, mistakes=1)
    assert main(["report", str(run), "--json", str(tmp_path / "figures.json")]) == 0
    parts = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["parts"]
    copies = parts["copies-clothing-builtin"]
    assert {"metrics", "by", "seconds"} < set(copies)
    assert not {"curves", "mistakes", "queries"} & set(copies)
    assert parts["copies-clothing-clip"] == {
        "task": "copies", "model": "clip", "state": "not run", "why": NOT_RUN,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(("absent",), "absent: is not a folder"), ((".",), "holds no results file"),
     ((".", "--html", "x.html"), "holds no results file"), ((".", "--mistakes", "-1"), "--mistakes -1"),
     (("made", "--html", "made"), "made: is a folder"), (("made", "--json", "made"), "made: is a folder"),
     (("made", "--against", "absent"), "absent: is not")],
)  # fmt: skip
def test_a_wrong_argument_is_one_line_and_code_2(
    arguments: tuple[str, ...], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    write(tmp_path / "made" / "results" / "one.json", PART)
    monkeypatch.chdir(tmp_path)
    assert main(["report", *arguments]) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1


def test_markdown_of_a_name_with_markup_stays_text(tmp_path: Path) -> None:
    write(tmp_path / "results" / "one.json", {**PART, "model": "a|b <b>*x*"})
    assert r"| a\|b \<b\>\*x\* |" in markdown(tmp_path)


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", models=FEW, queries=120, mistakes=2)
    for name in ("one.html", "two.html"):
        write_page(tmp_path / name, read_run(run))
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    assert json.loads((run / "run.json").read_text())["plan"]["name"] in (tmp_path / "one.html").read_text()
