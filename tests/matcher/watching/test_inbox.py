"""What counts as arrived, in which order, and where it goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from matcher.commands.watch import _without_password
from matcher.errors import ManifestError, UsageError
from matcher.watching.inbox import DONE, FAILED, Inbox, is_manifest
from tests.matcher.commands.conftest import draw, matcher


@pytest.mark.parametrize(
    "name", ["a.csv", "A.CSV", "b.jsonl", "c.json.gz", "d.parquet", "e.xml", "f.xlsx", "g.ZIP"]
)
def test_tables_and_zips_count(name: str) -> None:
    assert is_manifest(name)


@pytest.mark.parametrize(
    "name", [".a.csv", ".a.csv.part", "photo.jpg", "a.csv.part", "notes", "x.gz", ".a.zip", "a.zip.gz"]
)
def test_what_is_still_written_and_photos_do_not(name: str) -> None:
    assert not is_manifest(name)


def test_manifests_come_in_the_order_they_were_written_and_folders_are_none(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    for turn, name in enumerate(("z.csv", "a.csv", "m.csv")):
        (tmp_path / name).write_text("listing_id\n")
        os.utime(tmp_path / name, ns=(turn, turn))
    (tmp_path / "folder.csv").mkdir()
    assert [path.name for path in inbox.waiting()] == ["z.csv", "a.csv", "m.csv"]


def test_what_is_settled_is_moved_and_waits_no_more(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    for place in (DONE, FAILED):
        (tmp_path / "a.csv").write_text(place)
        inbox.settle(tmp_path / "a.csv", place)
        assert (tmp_path / place / "a.csv").read_text() == place
    assert inbox.waiting() == []


@pytest.mark.parametrize("place", [DONE, FAILED])
def test_an_earlier_manifest_of_the_same_name_stays_and_the_same_content_is_kept_once(
    tmp_path: Path, place: str
) -> None:
    inbox = Inbox(tmp_path)
    for content in ("monday", "tuesday", "wednesday", "tuesday", "monday"):
        (tmp_path / "daily.csv.gz").write_text(content)
        inbox.settle(tmp_path / "daily.csv.gz", place)
    settled = sorted(path.name for path in (tmp_path / place).iterdir())
    assert settled == ["daily-d78d1a3f3bcf.csv.gz", "daily-e86421cb8ca4.csv.gz", "daily.csv.gz"]
    assert (tmp_path / place / "daily.csv.gz").read_text() == "monday"
    kept = sorted((tmp_path / place / name).read_text() for name in settled)
    assert kept == ["monday", "tuesday", "wednesday"]
    assert inbox.waiting() == []


def test_one_that_cannot_be_read_is_kept_beside_another_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> str:
        raise ManifestError(str(path), "cannot be read: Permission denied")

    monkeypatch.setattr("matcher.watching.inbox.content_mark", refused)
    inbox = Inbox(tmp_path)
    for turn in range(2):
        (tmp_path / "a.csv").write_text(str(turn))
        os.utime(tmp_path / "a.csv", ns=(turn, turn))
        inbox.settle(tmp_path / "a.csv", FAILED)
    assert sorted(path.read_text() for path in (tmp_path / FAILED).iterdir()) == ["0", "1"]


def test_a_file_cannot_be_watched(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be watched"):
        Inbox(tmp_path / "file")


def test_a_folder_that_the_watch_makes_is_told_and_another_address_is_refused(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    assert matcher(workspace, "brand", "add", "Nordlys").exit_code == 0
    words = ("--out", tmp_path / "answers", "--once")
    assert "inbox, a new folder" in matcher(workspace, "watch", tmp_path / "inbox", *words).stderr
    assert "a new folder" not in matcher(workspace, "watch", tmp_path / "inbox", *words).stderr
    refused = matcher(workspace, "watch", "https://shop.example/inbox", *words)
    assert (refused.exit_code, "no Redis stream" in refused.stderr) == (2, True)


@pytest.mark.parametrize("as_json", [False, True])
def test_once_ends_with_one_where_a_manifest_or_a_row_failed(tmp_path: Path, as_json: bool) -> None:
    workspace, inbox = tmp_path / "workspace", tmp_path / "inbox"
    assert matcher(workspace, "brand", "add", "Nordlys").exit_code == 0
    inbox.mkdir()
    draw(inbox / "ok.jpg", 1)
    for text, code in (
        ("nothing,known\n1,2\n", 1),
        ("listing_id,image\nL-1,absent.jpg\n", 1),
        ("listing_id,image\nL-1,ok.jpg\n", 0),
    ):
        (inbox / "a.csv").write_text(text)
        words = ("--out", tmp_path / "answers", "--once", "--workers", 1, *(["--json"] if as_json else []))
        ended = matcher(workspace, "watch", inbox, *words)
        assert ended.exit_code == code, ended.output


def test_a_password_in_a_stream_s_address_is_not_shown() -> None:
    assert _without_password("redis://:s3@cret@db:6379/0?stream=x") == "redis://db:6379/0?stream=x"
