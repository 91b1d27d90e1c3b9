"""The documentation is true: what it names exists, and what exists it names."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.main import get_command

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
REGENERATE = "run `make generate`"

FORBIDDEN = tuple(
    "".join(parts)
    for parts in (
        ("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("pypi", ".org"), ("python", "hosted.org"),
        ("npm", "js.org"), ("anaconda", ".org"), ("download.py", "torch.org"), ("extra-", "index-url"),
        ("find-", "links"), ("/opt/", "pypi"), ("/opt/", "wheels"),
    )
)  # fmt: skip
"""Folders of one machine and hosts of package registries; put together here, so that this file passes too."""


def loaded(name: str) -> ModuleType:
    """A file of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "docs")
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def generate() -> ModuleType:
    """docs/generate.py as a module."""
    return loaded("generate")


@pytest.fixture(scope="session")
def figures() -> ModuleType:
    """docs/figures.py as a module."""
    return loaded("figures")


@pytest.fixture(scope="session")
def commands(generate: ModuleType) -> dict[str, Any]:
    """Every command of `matcher` by its full name."""
    from matcher.cli import app

    return dict(generate.commands_of(get_command(app)))


# What is generated


@pytest.mark.parametrize("page", ["README.md", "docs/configuration.md", "docs/manifests.md", "docs/cli.md"])
def test_a_page_holds_what_would_be_generated(page: str, generate: ModuleType) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert text == generate.with_generated(text, generate.PAGES[page]()), REGENERATE


def test_default_toml_is_as_generated(generate: ModuleType) -> None:
    assert (ROOT / "configs" / "default.toml").read_text(encoding="utf-8") == generate.default_toml(), (
        REGENERATE
    )


def test_every_setting_says_what_it_means(generate: ModuleType) -> None:
    from pydantic import BaseModel

    from matcher.config import Settings

    def silent(section: BaseModel, path: str) -> Iterator[str]:
        for name, about in type(section).model_fields.items():
            value = getattr(section, name)
            if isinstance(value, BaseModel):
                yield from silent(value, f"{path}{name}.")
            elif not about.description:
                yield f"{path}{name}"

    without = list(silent(Settings(), ""))
    assert not without, f"give these a description in matcher/config.py: {', '.join(without)}"


# Figures


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_figure_is_as_in_its_results_file(page: Path, figures: ModuleType) -> None:
    text = page.read_text(encoding="utf-8")
    assert figures.filled(text) == text, REGENERATE
    assert not figures.broken(text), (
        "these marks stand after no number; docs/figures.py tells how they are written"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_measured_figure_is_marked_with_its_results_file(page: Path, figures: ModuleType) -> None:
    found = figures.unmarked(page.read_text(encoding="utf-8"))
    assert not found, f"{page.name}: mark {', '.join(found)} as docs/figures.py tells"


def test_a_figure_is_written_from_its_results_file(figures: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '{"metrics": {"R@1": 0.98765, "R@1_ci": [0.97, 1]}, "by": {"x": 1}, "n": 1234}'
    )
    shown = (
        "0.1<!--= a.json metrics/R@1 .3f --> 0<!--= a.json metrics/R@1_ci/0 .1% --> 7<!--= a.json n ,d -->"
    )
    assert re.sub("<!--.*?-->", "", figures.filled(shown, tmp_path)) == "0.988 97.0% 1,234"
    assert figures.filled("2<!--= a.json by# d -->", tmp_path).startswith("1<!--")
    for way in ("a.json metrics/R@5 .3f", "a.json metrics .3f", "a.json by/x .3q", "absent.json n d"):
        with pytest.raises(ValueError, match=re.escape(way)):
            figures.filled(f"0.5<!--= {way} -->", tmp_path)


def test_what_looks_measured_needs_a_mark(figures: ModuleType) -> None:
    cell = "R@1 22 of 90 % precision, 3<!--= a.json n d -->, 4<!--typed: x -->"
    table = f"| what | figure |\n| --- | --- |\n| 5 photos | {cell} |"
    assert figures.unmarked(f"It finds 0.93 of them, see 1.25.0 and `0.55`.\n\n{table}\n") == ["0.93", "22"]
    broken = ["<!--= a.json n d -->", "<!--= a.json -->"]
    assert figures.broken(f"none{broken[0]} 3{broken[1]}") == broken


def test_the_tables_of_peers_show_what_ran_and_say_why_the_rest_did_not(tmp_path: Path) -> None:
    ours = {"task": "copies", "model": "matcher", "metrics": {"uAP": 0.9, "uAP_ci": [0.8, 0.95]}}
    pace = {"recall": 1.0, "queries_per_second": 1234.4}
    index = {"task": "search", "model": "faiss-flat", "metrics": pace}
    absent = {"task": "copies", "model": "imagededup-cnn", "state": "not run", "why": "no weights"}
    (tmp_path / "run.json").write_text(json.dumps({"parts": {"a": ours, "b": index, "c": absent}}))
    said = loaded("peer_tables").peer_tables(tmp_path / "run.json")
    assert "| this matcher | 0.900 (0.80–0.95) | – | – | – | – |" in said
    assert "| FAISS, flat | 1.000 | 1,234 | – | – | – |" in said
    assert said.endswith("Not run: MobileNetV3 (`imagededup`): no weights.")
    assert said.count("imagededup") == 1


# The command line


def test_every_command_and_option_has_help(commands: dict[str, Any], generate: ModuleType) -> None:
    silent = [path for path, command in commands.items() if not (command.help or "").strip()]
    silent += [
        f"{path} {generate.parameter_name(one)}"
        for path, command in commands.items()
        for one in generate.shown_parameters(command)
        if not (getattr(one, "help", "") or "").strip()
    ]
    assert not silent, f"without help: {', '.join(silent)}"


def test_every_command_and_option_is_in_the_reference(commands: dict[str, Any], generate: ModuleType) -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for path, command in commands.items():
        _, found, section = page.partition(f"\n### {path}\n")
        assert found, f"docs/cli.md has no section {path}: {REGENERATE}"
        section = section.partition("\n### ")[0]
        for one in generate.shown_parameters(command):
            assert generate.parameter_name(one) in section, f"{path}: {REGENERATE}"


def shown_commands() -> list[tuple[str, str]]:
    """(page, command line) of every `matcher …` in a fenced block, continued lines joined."""
    found = []
    for page in PAGES:
        for block in fenced(page.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                if re.match(r"(\.venv/bin/)?matcher [a-z]", line.strip()):
                    found.append((page.relative_to(ROOT).as_posix(), line.strip()))
    return found


def fenced(text: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("page", "line"), shown_commands())
def test_a_command_that_is_shown_exists(page: str, line: str, commands: dict[str, Any]) -> None:
    words = shlex.split(line, comments=True)[1:]
    path = "matcher"
    while words and f"{path} {words[0]}" in commands:
        path = f"{path} {words.pop(0)}"
    command = commands[path]
    assert not getattr(command, "commands", None), f"{page}: {line}: {path} is no whole command"
    options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
    assert not unknown, f"{page}: {line}: {path} has no {', '.join(unknown)}"


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= targets, f"{page.name}: make {', '.join(sorted(named - targets))}"


# Links and paths


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        aim = page.parent / name if name else page
        assert aim.exists(), f"{page.name} links to {target}, which is not there"
        if anchor and aim.suffix == ".md":
            assert anchor in anchors(aim.read_text(encoding="utf-8")), f"{page.name}: no heading {target}"


def anchors(text: str) -> set[str]:
    """The names that headings can be linked by."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    """Names in backticks that begin with a folder of the project."""
    folders = "matcher|indexes|benchmarks|training|configs|docs|tests"
    text = page.read_text(encoding="utf-8")
    for name in re.findall(rf"`((?:{folders})/[\w./-]*)`", text):
        assert (ROOT / name).exists() or "docs/_build" in name, (
            f"{page.name} names {name}, which is not there"
        )


# The README's map


def readme_map() -> list[str]:
    """The paths in the README's map: a line each, the path first."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.search(r"^## Map\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, "README.md has no section 'Map'"
    return [
        name
        for block in fenced(section[1])
        for line in block.splitlines()
        for name in re.split(r"\s{2,}", line.strip())[0].split()
    ]


def test_the_map_names_only_what_exists() -> None:
    missing = [name for name in readme_map() if not (ROOT / name).exists()]
    assert not missing, f"README.md maps {', '.join(missing)}, which is not there"


def test_the_map_leaves_nothing_out() -> None:
    tops = {name.split("/")[0] for name in tracked()}
    parts = {"/".join(name.split("/")[:2]) for name in tracked() if name.startswith("matcher/")}
    wanted = {name for name in tops | parts if not name.startswith(".") and not name.endswith("__init__.py")}
    mapped = {name.rstrip("/") for name in readme_map()}
    assert wanted <= mapped, f"give these a line in README.md's map: {', '.join(sorted(wanted - mapped))}"


# Everything that is tracked


def tracked() -> list[str]:
    """The files under version control that are there; skips where this is no clone."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return [name for name in ran.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for name in tracked():
        blob = (ROOT / name).read_bytes()
        found += [f"{name}: {word}" for word in FORBIDDEN if word.encode() in blob]
    assert not found, "\n".join(found)


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_constraints_name_versions_and_nothing_else() -> None:
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"#.*|[\w.-]+==[\w.!]+", line), f"constraints.txt: {line}"
        assert not re.match(r"(nvidia|cuda|triton)", line), f"constraints.txt: {line}: leave it to torch"
