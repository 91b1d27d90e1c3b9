"""Environments are made with pinned versions; the list of peers says which can run, and why not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.peers import environments
from benchmarks.peers.environments import REQUIREMENTS, find_python, setup
from benchmarks.peers.registry import PEERS
from matcher.errors import UsageError


def test_each_environment_pins_every_version_and_names_no_place() -> None:
    names = {peer.environment for peer in PEERS.values() if peer.environment}
    assert {path.stem for path in REQUIREMENTS.glob("*.txt")} == names
    for path in REQUIREMENTS.glob("*.txt"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert re.fullmatch(r"#.*|[\w.-]+==[\w.!]+", line), f"{path.name}: {line}"
            assert not re.match(r"(nvidia|cuda|triton)", line), f"{path.name}: {line}: leave it to torch"


def test_every_peer_tells_its_licence_and_has_an_engine() -> None:
    for peer in PEERS.values():
        assert peer.licence
        assert peer.about
        module, _, kind = peer.engine.partition(":")
        if peer.gives != "search":
            source = Path(environments.__file__).with_name(f"{module}.py").read_text(encoding="utf-8")
            assert f"class {kind}" in source


def test_setup_makes_an_environment_and_installs_its_pins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def remember(command: list[object], check: bool) -> None:
        ran.append([str(part) for part in command])

    monkeypatch.setattr(subprocess, "run", remember)
    monkeypatch.setattr(environments, "version_of", lambda python: (3, 12))
    setup("sscd", tmp_path, tell=lambda _: None)
    assert ran[0][1:] == ["-m", "venv", "--clear", str(tmp_path / "immaculate")]
    assert ran[1][-2:] == ["-r", str(REQUIREMENTS / "immaculate.txt")]


def test_setup_that_fails_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "candidates", lambda: iter([sys.executable]))
    with pytest.raises(UsageError, match="needs no environment"):
        setup("orb", tmp_path)
    with pytest.raises(UsageError, match="no such peer"):
        setup("tineye", tmp_path)
    with pytest.raises(UsageError, match=r"no Python 3\.99 or later"):
        find_python((3, 99))
    with pytest.raises(UsageError, match="no Python"):
        find_python((3, 11), str(tmp_path / "no-python"))


def test_the_list_names_every_peer_with_the_reason_where_it_cannot_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {name: PEERS[name] for name in ("sscd", "autofaiss", "orb", "faiss-flat")}
    monkeypatch.setattr("benchmarks.peers.commands.PEERS", kept)
    assert main(["peers", "list", "--from", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines[::2]] == list(kept)
    assert "orb: can run" in lines
    assert any(line.startswith("sscd: not run: ") and "peers setup immaculate" in line for line in lines)
    assert any("proprietary" in line for line in lines)


def test_an_unknown_environment_ends_with_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["peers", "setup", "tineye"]) == 2
    assert "error: tineye: no such peer" in capsys.readouterr().err
