"""`python -m benchmarks` from the command line to the results file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.report import markdown
from matcher.errors import UsageError
from tests.benchmarks.drawings import drawn_photo, folder_of_photos, save
from tests.benchmarks.histogram_finder import histogram_finder


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments], make_finder=histogram_finder)


def test_copies_of_twelve_photos_end_in_a_table_and_a_results_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = folder_of_photos(tmp_path / "photos", 12), tmp_path / "new" / "results.json"
    assert run("accuracy", "--task", "copies", "--dataset", photos, "--resamples", 10, "--out", out) == 0
    found = json.loads(out.read_text())
    assert set(found) >= {
        "task",
        "metrics",
        "by",
        "settings",
        "model",
        "seconds",
        "machine",
        "versions",
        "counts",
    }
    assert found["counts"]["queries"] > found["counts"]["distractors"] > 0
    assert found["metrics"]["uAP_ci"][0] <= found["metrics"]["uAP"] <= found["metrics"]["uAP_ci"][1]
    assert (found["settings"]["verify"], found["settings"]["seed"], found["dataset"]["name"]) == (
        True,
        0,
        "photos",
    )
    screen = capsys.readouterr().out
    assert "overall" in screen
    assert "12 distinct photos" in screen


def test_the_same_command_gives_the_same_figures(tmp_path: Path) -> None:
    photos = folder_of_photos(tmp_path / "photos", 12)
    for name in ("a.json", "b.json"):
        run(
            "accuracy",
            "--task",
            "copies",
            "--dataset",
            photos,
            "--resamples",
            10,
            "--seed",
            7,
            "--out",
            tmp_path / name,
        )
    first, again = (json.loads((tmp_path / name).read_text()) for name in ("a.json", "b.json"))
    assert (first["metrics"], first["by"]) == (again["metrics"], again["by"])


def test_products_without_verification_on_a_part_of_the_queries(tmp_path: Path) -> None:
    for number in range(6):
        save(drawn_photo(number), tmp_path / "set" / "references" / f"p{number}" / "shop.png")
        save(drawn_photo(number, (150, 120)), tmp_path / "set" / "queries" / f"p{number}" / "phone.png")
    out = tmp_path / "products.json"
    task = (
        "accuracy",
        "--task",
        "products",
        "--dataset",
        tmp_path / "set",
        "--no-verify",
        "--part",
        "report",
        "--out",
        out,
    )
    assert run(*task, "--limit", 3) == 0
    found = json.loads(out.read_text())
    assert found["counts"]["queries"] == 3
    assert (found["settings"]["verify"], found["settings"]["part"], found["by"]) == (False, "report", {})
    assert "| products.json | products | set | report | histogram@1 | no | 3 |" in markdown(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--task", "copies", "--dataset", "absent"), "absent: is not a folder"),
        (("--task", "products", "--dataset", "."), "no known layout"),
        (("--task", "copies", "--dataset", ".", "--config", "absent.toml"), "absent.toml"),
        (("--task", "verdicts", "--dataset", "demo:seven"), "say which demo by its seed"),
        (("--task", "logos", "--dataset", "absent"), "absent: is not a folder"),
        (("--task", "dedup", "--dataset", "."), "duplicates need 2 or more"),
    ],
)
def test_a_wrong_argument_is_one_line_and_code_2(
    arguments: tuple[str, ...], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert run("accuracy", *arguments, "--out", "out.json") == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1
    assert said.startswith("error: ")
    assert not Path("out.json").exists()


@pytest.mark.parametrize("arguments", [("accuracy",), ("accuracy", "--seed", "-1"), ("fly",), ()])
def test_a_misspelt_command_is_one_line_and_code_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        run(*arguments)
    assert left.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_cannot_be_the_results_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("accuracy", "--task", "copies", "--dataset", tmp_path, "--out", tmp_path) == 2
    assert "name a file to write" in capsys.readouterr().err


def test_the_report_passes_over_what_is_no_results_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.json").write_text("[1, 2]")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(UsageError, match="holds no results file"):
        markdown(tmp_path)
    (tmp_path / "peer.json").write_text(
        '{"task": "copies", "metrics": {"uAP": 0.5}, "settings": {}, "model": "a|b", "seconds": 3, "by": {}}'
    )
    assert run("report", tmp_path) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line == r"| peer.json | copies |  |  | a\|b | yes |  | 0.500 | – | – | – | – | – | 3 |"
