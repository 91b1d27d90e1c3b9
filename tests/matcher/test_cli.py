"""The command line as a whole: help, errors in one line, exit codes, settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from matcher import __version__
from matcher.cli import app
from matcher.commands import about, screen
from matcher.commands.about import _without_password
from matcher.commands.progress import Meter, count_within
from matcher.config import Settings
from matcher.errors import ConfigError
from matcher.policy import load_policy


def run(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def test_help_and_version_are_there() -> None:
    shown = run("--help")
    assert shown.exit_code == 0
    for name in (
        "demo",
        "brand",
        "catalog",
        "check",
        "scan",
        "report",
        "review",
        "policy",
        "index",
        "purge",
        "config",
    ):
        assert name in shown.stdout
    assert run("--version").stdout.strip() == __version__
    assert json.loads(run("version", "--json").stdout)["matcher"] == __version__


def test_completion_can_be_installed() -> None:
    assert "--install-completion" in run("--help").stdout


def test_wrong_use_is_two() -> None:
    assert run("brand", "add").exit_code == 2
    assert run("no-such-command").exit_code == 2
    assert run("serve", "--port", "no-number").exit_code == 2


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ("scan", "x.csv", "--out", "x", "--engine", "moon"),
            "Invalid value for '--engine': 'moon' is not one of 'local', 'ray'; see `matcher scan --help`",
        ),
        (("brand", "ad"), "No such command 'ad'. Did you mean 'add'? See `matcher brand --help`"),
        (("scan", "x.csv"), "Missing option '--out'; see `matcher scan --help`"),
        (("--no-such\x1b",), "No such option: --no-such\\x1b; see `matcher --help`"),
    ],
)
def test_wrong_use_is_told_in_one_line_with_where_to_look(words: tuple[str, ...], line: str) -> None:
    refused = run(*words)
    assert (refused.exit_code, refused.stderr) == (2, f"error: {line}\n")
    assert refused.stdout == ""


def test_a_group_alone_shows_its_help() -> None:
    assert "Usage: matcher brand" in run("brand").output


def failing(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What `matcher version` gives when it fails with `error`."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(about, "platform", type("Broken", (), {"python_version": fail, "platform": fail}))
    return run("version")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (
            ConfigError("a[b].toml", "x\x1b", "[bold]bad\nline"),
            2,
            "error: a[b].toml: x\\u001b: [bold]bad line\n",
        ),
        (
            ValueError("surprise"),
            70,
            "error: internal error: ValueError: surprise; run again with MATCHER_DEBUG=1",
        ),
        (PermissionError(13, "Permission denied", "/x/y"), 2, "error: /x/y: Permission denied\n"),
        (
            OSError(28, "No space left on device"),
            2,
            "error: No space left on device; free some, then run the same command again\n",
        ),
        (OSError(24, "Too many open files"), 2, "error: Too many open files; allow more with `ulimit -n`\n"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (BrokenPipeError(), 141, ""),
        (typer.Abort(), 130, "nobody answered; nothing was changed\n"),
    ],
)
def test_an_error_is_one_line_without_traceback(
    error: BaseException, code: int, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MATCHER_DEBUG", raising=False)
    monkeypatch.setattr("matcher.cli._stop_printing", lambda: None)
    ended = failing(error, monkeypatch)
    assert ended.exit_code == code
    assert ended.stderr.startswith(line)
    assert ended.stderr.count("\n") <= 1
    assert "Traceback" not in ended.output


def test_the_traceback_is_there_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_DEBUG", "1")
    ended = failing(ValueError("surprise"), monkeypatch)
    assert ended.exit_code == 70
    assert "Traceback" in ended.stderr


def test_the_settings_in_force_are_toml_that_gives_the_same_settings(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[scan]\nworkers = 3\n")
    shown = run("--workspace", str(tmp_path), "--config", str(own), "config", "show")
    assert shown.exit_code == 0
    assert Settings.model_validate(tomllib.loads(shown.stdout)).scan.workers == 3
    (tmp_path / "matcher.toml").write_text("[scan]\nworker = 3\n")
    refused = run("--workspace", str(tmp_path), "config", "show")
    assert (refused.exit_code, "scan.worker: unknown key" in refused.stderr) == (2, True)


def test_settings_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[scan]\nworkers = 3\n", encoding="utf-8-sig")
    assert "workers = 3" in run("--config", str(own), "config", "show").stdout
    own.write_bytes(b"\xff\xfe")
    refused = run("--config", str(own), "config", "show")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "own.toml: is not TOML" in refused.stderr


def test_one_is_one_and_not_one_s() -> None:
    told = [screen.counted(number, "photo") for number in (0, 1, 2000)]
    assert told == ["0 photos", "1 photo", "2,000 photos"]


def test_a_database_password_is_not_shown() -> None:
    assert _without_password("postgresql://me:s3:c@r3t@db/x") == "postgresql://me:***@db/x"
    assert _without_password("postgresql://me@db/x") == "postgresql://me@db/x"


def test_the_policy_that_is_shown_is_the_policy(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(run("policy", "show").stdout, encoding="utf-8")
    assert load_policy(own).label == load_policy().label
    assert run("policy", "show", "--policy", str(own)).stdout == own.read_text(encoding="utf-8")


def test_the_policy_in_force_is_the_one_that_the_settings_name(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(load_policy().policy_text.replace('"default"', '"outlet"'), encoding="utf-8")
    (tmp_path / "matcher.toml").write_text('[policy]\nfile = "own.toml"\n', encoding="utf-8")
    shown = run("--workspace", str(tmp_path), "policy", "show")
    assert shown.stdout == own.read_text(encoding="utf-8")
    other = tmp_path / "other.toml"
    other.write_text(load_policy().policy_text, encoding="utf-8")
    shown = run("--workspace", str(tmp_path), "policy", "show", "--policy", str(other))
    assert shown.stdout == load_policy().policy_text
    assert (
        run("--workspace", str(tmp_path), "policy", "show", "--shipped").stdout == load_policy().policy_text
    )
    assert run("policy", "show", "--shipped", "--policy", str(own)).exit_code == 2
    own.unlink()
    refused = run("--workspace", str(tmp_path), "policy", "show")
    assert (refused.exit_code, refused.stderr) == (
        2, f"error: policy.file: {own}: cannot be read: No such file or directory\n",
    )  # fmt: skip


def test_text_from_outside_is_harmless_and_still_reads() -> None:
    assert (
        screen.plain("a\tb\r\nc \x1b[2J \u202e \udcff é 日本 👩‍🚀")
        == "a b  c \\u001b[2J \\u202e \\udcff é 日本 👩‍🚀"
    )


def test_rows_are_counted_only_while_that_is_quick() -> None:
    assert count_within([]) == 0
    assert count_within(range(100)) == 100
    assert count_within(iter(int, 1), 0.01) is None


def test_where_there_is_no_terminal_progress_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = [0.0]
    monkeypatch.setattr("matcher.commands.progress.time.monotonic", lambda: moment[0])
    with Meter() as meter:
        meter.begin("scanning", 100, resumed=True)
        for moment[0], done in ((1.0, 20), (6.0, 40), (7.0, 45), (12.0, 60)):
            meter.show(done, 100, counted=done, unit="photos")
    shown = capsys.readouterr().err.splitlines()
    assert shown == [
        "scanning: 40 of 100, 6.7 photos/s, 0:18 left",
        "scanning: 60 of 100, 5.0 photos/s, 0:12 left",
    ]


def test_the_program_ends_quietly_where_nobody_reads() -> None:
    """A process of its own: the pipe is closed before anything is printed."""
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, "-m", "matcher.cli", "version"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (141, "")
