"""`fetch` says what it will get, asks, gets it, and never does so by surprise."""

from __future__ import annotations

import argparse
import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.adapters import BOX_SETS, TRUTH_SETS
from benchmarks.fetching import add_fetch
from benchmarks.fetching.command import run_fetch
from benchmarks.fetching.download import RemoteFile
from benchmarks.fetching.sources import SOURCES, Archive, Source, markdown
from matcher.errors import UsageError
from tests.benchmarks.adapters.made import photos
from tests.benchmarks.fetching.server import Files, serving

ROOT = Path(__file__).parents[3]


def packed(folder: Path, names: tuple[str, ...], **more: bytes) -> bytes:
    """A gzipped tar of drawn photos."""
    photos(folder, *names)
    blob = io.BytesIO()
    with tarfile.open(fileobj=blob, mode="w:gz") as tar:
        for name in names:
            tar.add(folder / name, name)
        for name, content in more.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return blob.getvalue()


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    content = {
        "original.tar.gz": packed(tmp_path / "made", ("200000.jpg", "200100.jpg")),
        "strong.tar.gz": packed(tmp_path / "made", ("200001.jpg",)),
        "list.txt": b"a list",
    }
    with serving(Files(content)) as served:
        yield served


@pytest.fixture
def sources(files: Files) -> tuple[Source, ...]:
    def archive(name: str) -> Archive:
        digest = hashlib.sha256(files.content[f"{name}.tar.gz"]).hexdigest()
        return Archive((RemoteFile(f"{files.url}/{name}.tar.gz", f"{name}.tar.gz", digest),), into=name)

    return (
        Source(
            "copydays", "INRIA Copydays", "copies", "3 photos", "as is", "https://copydays.example",
            (archive("original"), archive("strong")),
        ),
        Source(
            "listed", "A list", "products", "6 bytes", "CC0", "https://list.example",
            (Archive((RemoteFile(f"{files.url}/list.txt", "in/list.txt"),), packed=False),),
        ),
        Source("metu", "METU", "products", "many", "research", "https://metu.example",
               instead="write to them"),
    )  # fmt: skip


def chosen(*arguments: object) -> argparse.Namespace:
    top = argparse.ArgumentParser()
    add_fetch(top.add_subparsers())
    return top.parse_args(["fetch", *(str(argument) for argument in arguments)])


def test_what_is_fetched_is_announced_agreed_to_unpacked_and_recognised(
    files: Files, sources: tuple[Source, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def yes(question: str) -> str:
        asked.append(question)
        assert all(method == "HEAD" for method, _ in files.seen)
        said = capsys.readouterr().out
        size = len(files.content["strong.tar.gz"])
        assert f"{files.url}/strong.tar.gz: {size:,} bytes, SHA-256 is checked, not encrypted" in said
        assert "licence: as is" in said
        return "y"

    run_fetch(chosen("copydays", tmp_path / "set"), sources, ask=yes)
    assert asked == ["Fetch this under these terms? [y/N] "]
    assert (tmp_path / "set" / "strong" / "200001.jpg").is_file()
    assert not list((tmp_path / "set").glob("*.tar.gz"))
    assert "read as copydays" in capsys.readouterr().out
    seen = len(files.seen)
    run_fetch(chosen("copydays", tmp_path / "set"), sources)
    assert len(files.seen) == seen


@pytest.mark.parametrize("answer", ["", "n", "no thanks"])
def test_nothing_is_fetched_without_a_yes(
    answer: str, files: Files, sources: tuple[Source, ...], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="nothing was fetched"):
        run_fetch(chosen("copydays", tmp_path / "new" / "set"), sources, ask=lambda _: answer)
    assert files.asked == []
    assert not (tmp_path / "new").exists()


def test_where_nobody_can_be_asked_yes_must_be_said(
    files: Files, sources: tuple[Source, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(UsageError, match="say --yes"):
        run_fetch(chosen("copydays", tmp_path), sources)
    assert files.asked == []
    run_fetch(chosen("copydays", tmp_path, "--yes", "--only", "strong", "--keep-archives"), sources)
    assert sorted(path.name for path in tmp_path.glob("s*")) == ["strong", "strong.tar.gz"]
    assert not (tmp_path / "original").exists()


def test_without_a_folder_it_only_says_what_it_is(
    files: Files, sources: tuple[Source, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    run_fetch(chosen("copydays"), sources)
    assert "size is asked for first, SHA-256 is checked" in capsys.readouterr().out
    assert files.seen == []
    run_fetch(chosen(), sources)
    assert capsys.readouterr().out == markdown(sources)


def test_a_broken_download_is_gone_on_with_by_the_same_command(
    files: Files, sources: tuple[Source, ...], tmp_path: Path
) -> None:
    size = len(files.content["original.tar.gz"])
    files.breaks_after, files.ranges = size - 10, False
    with pytest.raises(UsageError, match="the same command goes on from there"):
        run_fetch(chosen("copydays", tmp_path, "--yes"), sources, pause=0)
    assert not (tmp_path / "original").exists()
    files.breaks_after, files.ranges, files.seen = None, True, []
    run_fetch(chosen("copydays", tmp_path, "--yes"), sources)
    assert files.asked == [f"bytes={size - 10}-", ""]
    assert (tmp_path / "original" / "200000.jpg").is_file()


def test_a_changed_archive_is_not_unpacked(files: Files, sources: tuple[Source, ...], tmp_path: Path) -> None:
    files.content["original.tar.gz"] = files.content["strong.tar.gz"]
    with pytest.raises(UsageError, match="SHA-256 is"):
        run_fetch(chosen("copydays", tmp_path, "--yes"), sources)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "made"]


def test_an_archive_in_an_archive_is_unpacked_where_it_lies(files: Files, tmp_path: Path) -> None:
    files.content["outer.tar.gz"] = packed(
        tmp_path / "made", ("set/1.jpg",), **{"set/inner.tar.gz": files.content["strong.tar.gz"]}
    )
    remote = RemoteFile(f"{files.url}/outer.tar.gz", "outer.tar.gz")
    nested = Source("x", "X", "logos", "", "", "", (Archive((remote,), nested="set/inner.tar.gz"),))
    run_fetch(chosen("x", tmp_path / "out", "--yes"), (nested,))
    names = sorted(path.name for path in (tmp_path / "out" / "set").iterdir())
    assert names == ["1.jpg", "200001.jpg"]


def test_a_plain_file_stays_as_it_is(
    files: Files, sources: tuple[Source, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_fetch(chosen("listed", tmp_path, "--yes"), sources)
    assert (tmp_path / "in" / "list.txt").read_bytes() == b"a list"
    assert "in no layout that is known here" in capsys.readouterr().out


def test_what_cannot_be_fetched_is_described_with_what_to_do_instead(
    sources: tuple[Source, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="metu: cannot be fetched by a program; write to them"):
        run_fetch(chosen("metu", tmp_path, "--yes"), sources)
    assert "licence: research" in capsys.readouterr().out
    with pytest.raises(UsageError, match="no set 'disk21'; there are copydays, listed, metu"):
        run_fetch(chosen("disk21", tmp_path), sources)
    with pytest.raises(UsageError, match="--only crops: is in no file of copydays: original"):
        run_fetch(chosen("copydays", tmp_path, "--only", "crops"), sources)


def test_a_disk_that_is_too_small_is_refused_before_the_download(
    files: Files, sources: tuple[Source, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = type("Usage", (), {"free": 100})
    monkeypatch.setattr("benchmarks.fetching.command.shutil.disk_usage", lambda _: full)
    with pytest.raises(UsageError, match="bytes are needed, 0 are free"):
        run_fetch(chosen("copydays", tmp_path, "--yes"), sources)
    assert files.asked == []


def test_every_published_layout_has_a_source_and_a_row_in_the_documentation() -> None:
    own = {"disc21-dev", "magento_luma"}
    names = {adapter.name for adapter in (*TRUTH_SETS, *BOX_SETS) if not adapter.general} - own
    assert {each.name for each in SOURCES} == names
    page = (ROOT / "docs" / "benchmark-sets.md").read_text(encoding="utf-8")
    assert markdown() in page, "paste what `python -m benchmarks fetch` prints into docs/benchmark-sets.md"


def test_every_source_can_be_fetched_or_says_what_to_do() -> None:
    for each in SOURCES:
        assert bool(each.archives) != bool(each.instead)
        assert all(file.url.startswith("http") and ".." not in file.name for file in each.files)
        assert len({file.name for file in each.files}) == len(each.files)
        assert "\n" not in each.instead + each.size + each.licence


def test_the_command_line_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch"]) == 0
    assert "python -m benchmarks fetch copydays DIR" in capsys.readouterr().out
    assert main(["fetch", "disc21"]) == 2
    assert "cannot be fetched by a program" in capsys.readouterr().err
