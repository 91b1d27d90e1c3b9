"""A plan is measured part by part; what is done stays done, and what cannot run says why."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from benchmarks.__main__ import main
from benchmarks.judged import load_judged
from benchmarks.part_worker import write_picture
from benchmarks.runs import DONE, FAILED, NOT_RUN, files_digest, run_plan
from matcher.errors import ConfigError, UsageError
from tests.benchmarks.failing_finders import WAIT_FOR

FINDERS = "python:tests.benchmarks.failing_finders"
HEAD = """
name = "trial"
resamples = 20
mistakes = 3
[sets.drawn]
made = { photos = 75, size = [96, 72] }
references = 5
edited = 5
distractors = 5
[sets.absent]
path = "nowhere"
[models.histogram]
finder = "python:tests.benchmarks.histogram_finder:histogram_finder"
"""


def plan(folder: Path, *models: str, task: str = "copies", of: str = "drawn", head: str = HEAD) -> Path:
    """A plan of the histogram finder and of failing ones by name, written to `folder`."""
    tables = "".join(
        f'[models.{name}]\nfinder = "{FINDERS}:{name}"\n' for name in models if name != "histogram"
    )
    path = folder / "plan.toml"
    path.write_text(
        f'{head}{tables}[[run]]\ntasks = ["{task}"]\nmodels = {json.dumps(models)}\nsets = ["{of}"]\n',
        "utf-8",
    )
    return path


def states(source: Path, folder: Path, **options: Any) -> list[tuple[str, str, bool]]:
    return [(one.part.name, one.state, one.kept) for one in run_plan(source, folder, **options)]


def read(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results" / f"{name}.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two parts that are done and three that are not."""
    place = tmp_path_factory.mktemp("runs")
    told = states(plan(place, "histogram", "backwards", "unable", "broken", "dying"), place / "run")
    assert told == [
        ("copies-drawn-histogram", DONE, False),
        ("copies-drawn-backwards", DONE, False),
        ("copies-drawn-unable", NOT_RUN, False),
        ("copies-drawn-broken", FAILED, False),
        ("copies-drawn-dying", FAILED, False),
    ]
    return place / "run"


def test_a_part_leaves_its_results_with_all_that_is_needed_to_judge_them(folder: Path) -> None:
    found = read(folder, "copies-drawn-histogram")
    assert found["metrics"]["uAP_ci"][0] <= found["metrics"]["uAP"] <= found["metrics"]["uAP_ci"][1]
    assert (found["task"], found["model"], found["seed"], found["state"]) == (
        "copies",
        "histogram",
        0,
        "done",
    )
    assert found["dataset"]["name"] == "drawn"
    assert found["peak_mib"] > 10
    assert found["images_per_second"] > 0
    assert found["versions"]["numpy"] == np.__version__
    assert found["machine"]["cores"] >= 1
    assert sum(found["scores"]["false"]) == found["counts"]["queries"]
    assert len(found["scores"]["edges"]) == 51
    recalls = [recall for _, _, recall in found["curves"]["precision_recall"]]
    assert recalls == sorted(recalls)
    assert sum(count for *_, count in found["curves"]["reliability"]) == found["counts"]["queries"]


def test_mistakes_are_kept_with_small_pictures(folder: Path) -> None:
    mistakes = read(folder, "copies-drawn-backwards")["mistakes"]
    assert len(mistakes) == 3
    for mistake in mistakes:
        assert mistake["said"][0]["reference_id"] not in mistake["truth"]
        assert (mistake["images"]["truth"] is None) == (mistake["kind"] == "distractor")
        places = [mistake["images"]["query"], *mistake["images"]["said"], mistake["images"]["truth"]]
        for place in filter(None, places):
            with Image.open(folder / place) as picture:
                assert picture.format == "WEBP"
                assert max(picture.size) <= 256


def test_pairs_hold_what_each_query_came_to(folder: Path) -> None:
    judged, found = (
        load_judged(folder / "pairs" / "copies-drawn-histogram.npz"),
        read(folder, "copies-drawn-histogram"),
    )
    once = np.ones(len(judged.queries), np.int64)
    assert len(judged.queries) == found["counts"]["queries"]
    for name, measure in judged.measures().items():
        assert round(measure(once), 4) == found["metrics"][name]


def test_a_part_without_figures_says_why_in_one_line(folder: Path) -> None:
    unable, broken, dying = (read(folder, f"copies-drawn-{name}") for name in ("unable", "broken", "dying"))
    assert (unable["state"], unable["why"]) == ("not run", "model unable: its weights are not here")
    assert (broken["state"], dying["state"]) == ("failed", "failed")
    assert broken["why"] == "ZeroDivisionError: one over nothing; see logs/copies-drawn-broken.txt"
    assert "failing_finders.py" in (folder / "logs" / "copies-drawn-broken.txt").read_text()
    assert dying["why"] == "its process ended with code 7; see logs/copies-drawn-dying.txt"


def test_run_json_tells_of_the_plan_and_of_every_part(folder: Path) -> None:
    found = json.loads((folder / "run.json").read_text())
    assert (found["name"], found["plan"]["resamples"], len(found["plan_sha256"])) == ("trial", 20, 64)
    assert found["started"] <= found["finished"]
    assert [(part["name"], part["state"], "why" in part) for part in found["parts"]] == [
        ("copies-drawn-histogram", "done", False),
        ("copies-drawn-backwards", "done", False),
        ("copies-drawn-unable", "not run", True),
        ("copies-drawn-broken", "failed", True),
        ("copies-drawn-dying", "failed", True),
    ]


def test_a_run_goes_on_where_it_was_and_repeats_to_the_last_digit(folder: Path, tmp_path: Path) -> None:
    source, name = plan(tmp_path, "histogram"), "copies-drawn-histogram"
    out = Path(shutil.copytree(folder, tmp_path / "run"))
    assert states(source, out) == [(name, DONE, True)]
    assert states(source, out, fresh=True) == [(name, DONE, False)]
    first, again = read(folder, name), read(out, name)
    assert first["measured_at"] < again["measured_at"]
    for key in ("metrics", "by", "curves", "scores", "mistakes", "settings", "counts", "plan", "threshold"):
        assert first[key] == again[key], key
    pairs = [(place / "pairs" / f"{name}.npz").read_bytes() for place in (folder, out)]
    assert pairs[0] == pairs[1]


def test_a_part_is_measured_again_when_the_plan_or_the_photos_changed(folder: Path, tmp_path: Path) -> None:
    out, name = Path(shutil.copytree(folder, tmp_path / "run")), "copies-drawn-histogram"
    changed = plan(tmp_path, "histogram", head=HEAD.replace("resamples = 20", "resamples = 10"))
    assert states(changed, out) == [(name, DONE, False)]
    (out / "sets" / "drawn-copies" / "00000.jpg").write_bytes(b"another photo")
    assert states(changed, out) == [(name, DONE, False)]
    assert states(changed, out) == [(name, DONE, True)]


def test_a_part_is_measured_again_when_the_weights_that_ship_changed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, source, name = tmp_path / "run", plan(tmp_path, "histogram"), "copies-drawn-histogram"
    weights = tmp_path / "weights" / "similarity.json"
    weights.parent.mkdir()
    weights.write_text("[0.5]")
    monkeypatch.setattr("benchmarks.runs.SHIPPED", weights.parent)
    assert states(source, out) == [(name, DONE, False)]
    assert states(source, out) == [(name, DONE, True)]
    weights.write_text("[0.7]")
    assert states(source, out) == [(name, DONE, False)]


def test_killed_in_its_second_part_a_run_loses_only_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, gate = tmp_path / "run", tmp_path / "gate"
    source = plan(tmp_path, "histogram", "waiting")
    monkeypatch.setenv(WAIT_FOR, str(gate))
    command = [sys.executable, "-m", "benchmarks", "run", str(source), "--out", str(out)]
    with subprocess.Popen(command, env=os.environ, stderr=subprocess.DEVNULL) as running:
        while not (out / "logs" / "copies-drawn-waiting.txt").exists():
            assert running.poll() is None
            time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
    assert not (out / "results" / "copies-drawn-waiting.json").exists()
    gate.touch()
    assert states(source, out) == [
        ("copies-drawn-histogram", DONE, True),
        ("copies-drawn-waiting", DONE, False),
    ]


def test_a_set_that_is_not_there_is_told_of_and_other_parts_go_on(tmp_path: Path) -> None:
    (one,) = run_plan(plan(tmp_path, "histogram", of="absent"), tmp_path / "run", photos=tmp_path)
    assert (one.state, one.why) == (
        NOT_RUN, f"{tmp_path / 'nowhere'}: is not a folder; name one that holds photos",
    )  # fmt: skip


def test_a_mistyped_folder_of_photos_and_a_run_of_nothing_are_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = plan(tmp_path, "histogram", of="absent"), tmp_path / "run"
    assert main(["run", str(source), "--out", str(out), "--data", str(tmp_path / "typo")]) == 2
    assert "typo: is not a folder; name with --data" in capsys.readouterr().err
    assert not out.exists()
    assert main(["run", str(source), "--out", str(out), "--data", str(tmp_path)]) == 1
    assert "nothing was measured" in capsys.readouterr().err


def test_made_products_are_looked_up_too(tmp_path: Path) -> None:
    head = HEAD.replace("photos = 75", "photos = 12")
    source = plan(tmp_path, "histogram", task="products", head=head)
    assert states(source, tmp_path / "run") == [("products-drawn-histogram", DONE, False)]
    counts = read(tmp_path / "run", "products-drawn-histogram")["counts"]
    assert (counts["references"], counts["queries"], counts["distractors"]) == (9, 24, 6)


def test_an_option_that_the_task_does_not_have_is_named(tmp_path: Path) -> None:
    head = HEAD.replace("[sets.drawn]", "[sets.drawn]\noptions = { tone = 3 }")
    (one,) = run_plan(plan(tmp_path, "histogram", head=head), tmp_path / "run")
    assert (one.state, one.why) == (NOT_RUN, "sets.drawn.options: copies has no option 'tone'")


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with FileLock(tmp_path / "run" / ".lock"), pytest.raises(UsageError, match="another run writes here"):
        run_plan(plan(tmp_path, "histogram"), tmp_path / "run")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        run_plan(plan(tmp_path, "histogram"), tmp_path / "file")


def test_a_wrong_plan_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = plan(tmp_path, "histogram", task="flights")
    with pytest.raises(ConfigError, match="flights"):
        run_plan(source, tmp_path / "run")
    assert main(["run", str(source), "--out", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_check_stops_a_worse_model_and_lets_the_same_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, baseline = tmp_path / "run", tmp_path / "baseline.json"
    head = HEAD.replace("photos = 75", "photos = 135").replace("= 5", "= 25")
    source = plan(tmp_path, "histogram", head=head)
    assert main(["run", str(source), "--out", str(out)]) == 0
    assert main(["baseline", str(out), "--out", str(baseline)]) == 0
    assert main(["run", str(source), "--out", str(out), "--check", str(baseline)]) == 0
    assert "nothing is worse beyond noise" in capsys.readouterr().out
    worse = plan(
        tmp_path,
        "histogram",
        head=head.replace("histogram_finder:histogram_finder", "failing_finders:backwards"),
    )
    assert main(["run", str(worse), "--out", str(tmp_path / "worse"), "--check", str(baseline)]) == 1
    assert "worse beyond noise" in capsys.readouterr().out
    broken = plan(
        tmp_path,
        "histogram",
        head=head.replace("histogram_finder:histogram_finder", "failing_finders:broken"),
    )
    assert main(["run", str(broken), "--out", str(tmp_path / "broken"), "--check", str(baseline)]) == 1
    assert "lost: copies-drawn-histogram: failed" in capsys.readouterr().out


def test_files_are_told_apart_by_name_and_size(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.jpg").write_bytes(b"one")
    known = files_digest(tmp_path / "set")
    assert files_digest(tmp_path / "set") == known
    (tmp_path / "set" / "a.jpg").write_bytes(b"three")
    assert len({known, files_digest(tmp_path / "set"), files_digest(tmp_path / "absent")}) == 3
    (tmp_path / "policy.toml").write_bytes(b"one")
    known = files_digest(tmp_path / "policy.toml")
    (tmp_path / "policy.toml").write_bytes(b"two")
    assert files_digest(tmp_path / "policy.toml") != known


def test_a_picture_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    assert write_picture(tmp_path, "a.jpg", lambda: b"no image") is None
    file = io.BytesIO()
    Image.new("RGBA", (900, 300), (200, 10, 10, 128)).save(file, "PNG")
    assert write_picture(tmp_path, "mistakes/b.webp", file.getvalue) == "mistakes/b.webp"
    with Image.open(tmp_path / "mistakes" / "b.webp") as picture:
        assert picture.size == (256, 85)
