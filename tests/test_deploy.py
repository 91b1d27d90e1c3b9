"""What is in deploy/ names only commands, settings, files and extras that there are."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from matcher.cli import app
from matcher.config import ENVIRONMENT, Settings, load_settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted(path.name for path in DEPLOY.glob("matcher*.*") if path.suffix in (".service", ".timer"))
yaml = pytest.importorskip("yaml", reason="pyyaml is not installed")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file, its merged parts filled in."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


def command_words() -> list[tuple[str, list[str]]]:
    """Every `matcher …` that a file of deploy/ runs or shows, by file."""
    found = []
    for path in sorted(DEPLOY.iterdir()):
        text = path.read_text(encoding="utf-8")
        for line in re.findall(
            r"(?:^ExecStart=.*?|exec |compose exec service )\S*\bmatcher +(\w.*)$", text, re.M
        ):
            found.append((path.name, shlex.split(re.sub(r"\$\(.*?\)|['\"]", "", line))))
        for words in re.findall(r"^CMD (\[.*\])$", text, re.M):
            found.append((path.name, json.loads(words)[1:]))
    return found


def test_every_command_that_is_run_exists() -> None:
    words = command_words()
    assert {name for name, _ in words} == {
        "Dockerfile", "compose.yaml", "matcher.service", "matcher-backup.service"
    }  # fmt: skip
    for name, (first, *rest) in words:
        command: Any = get_command(app).commands[first]  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            command = command.commands[rest.pop(0)]
        options = {opt for one in command.params for opt in one.opts}
        unknown = [word for word in rest if word.startswith("--") and word not in options]
        assert not unknown, f"{name}: {first} has no {', '.join(unknown)}"


def test_every_setting_that_is_named_exists(compose: dict[str, Any]) -> None:
    for service in ("service", "worker"):
        settings = load_settings(None, compose["services"][service]["environment"])
        assert settings.database.url == "postgresql://matcher@database/matcher"
        assert settings.service.run_jobs == (service == "worker")
    for path in DEPLOY.iterdir():
        for name in re.findall(rf"\b{ENVIRONMENT}[A-Z_]+", path.read_text(encoding="utf-8")):
            section, key = name.removeprefix(ENVIRONMENT).lower().split("__")
            assert key in type(getattr(Settings(), section)).model_fields, f"{path.name}: {name}"


def test_the_compose_file_builds_what_is_there_and_publishes_on_this_machine_alone(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    assert (DEPLOY / services["service"]["build"]["context"]).resolve() == ROOT
    assert (ROOT / services["service"]["build"]["dockerfile"]).is_file()
    ports = [port for one in services.values() for port in one.get("ports", ())]
    assert ports == ["127.0.0.1:8400:8400"]
    named = {volume.split(":")[0] for one in services.values() for volume in one["volumes"]}
    assert named == set(compose["volumes"])


def test_the_image_copies_what_is_there_and_installs_extras_that_there_are() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.M):
        for source in sources.split():
            assert (ROOT / source).exists(), f"Dockerfile copies {source}, which is not there"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (extras,) = re.findall(r"'\.\[(.*)\]'", text)
    assert set(extras.split(",")) <= set(project["project"]["optional-dependencies"])
    shipped = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert all(re.search(rf"^COPY {name} ", text, re.M) for name in shipped)
    known = {"FROM", "ARG", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL"}
    known |= {"HEALTHCHECK", "CMD"}
    words = {line.split()[0] for line in text.splitlines() if line and not line.startswith("#")}
    assert words <= known


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_one_that_systemd_takes(name: str, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    for unit in UNITS:
        text = (DEPLOY / unit).read_text(encoding="utf-8")
        # The program is not where it will be, and systemd looks.
        (tmp_path / unit).write_text(
            text.replace("/opt/matcher/bin/matcher serve", f"{sys.executable} serve")
        )
    command = [program, "verify", "--man=no", "--recursive-errors=no", str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if name in line]
    assert not said, "\n".join(said)


def test_the_unit_lets_the_service_write_nothing_but_its_workspace() -> None:
    unit = configparser.RawConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(DEPLOY / "matcher.service", encoding="utf-8")
    service = unit["Service"]
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert not service["CapabilityBoundingSet"]
    assert f"/var/lib/{service['StateDirectory']}" in service["Environment"]
    assert int(service["TimeoutStopSec"]) > Settings().service.drain_seconds
    assert "--host 127.0.0.1" in service["ExecStart"]


def test_the_unit_is_found_little_exposed(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    shutil.copy(DEPLOY / "matcher.service", tmp_path)
    command = [program, "security", "--offline=yes", "--threshold=30", str(tmp_path / "matcher.service")]
    done = subprocess.run(command, capture_output=True, text=True)
    if "nknown" in done.stderr or "ailed to" in done.stderr:
        pytest.skip(f"systemd-analyze cannot judge a file here: {done.stderr.strip()[:200]}")
    assert done.returncode == 0, done.stdout
