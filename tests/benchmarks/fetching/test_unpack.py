"""Archives are unpacked below their folder, whatever their members are called."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from benchmarks.fetching.unpack import Space, unpack
from matcher.errors import UsageError


def tar_of(path: Path, *members: tuple[str, bytes | str]) -> Path:
    """A gzipped tar; bytes are a file's content, a text the target of a link."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return path


def zip_of(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return path


def test_a_tar_in_two_parts_is_read_as_one(tmp_path: Path) -> None:
    whole = tar_of(tmp_path / "a.tar.gz", ("deep/1.png", b"one"), ("2.png", b"two" * 999)).read_bytes()
    parts = [tmp_path / "a.tar.gz.1", tmp_path / "a.tar.gz.2"]
    for part, blob in zip(parts, (whole[:40], whole[40:]), strict=True):
        part.write_bytes(blob)
    assert unpack(parts, tmp_path / "out") == 2
    assert (tmp_path / "out" / "deep" / "1.png").read_bytes() == b"one"
    assert (tmp_path / "out" / "2.png").read_bytes() == b"two" * 999


def test_a_zip_overwrites_what_an_earlier_try_left(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", **{"set/list.txt": b"whole", "set/1.jpg": b"photo"})
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "list.txt").write_bytes(b"half of it and more")
    assert unpack([archive], tmp_path) == 2
    assert (tmp_path / "set" / "list.txt").read_bytes() == b"whole"


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt", "a/../../out.txt"])
def test_a_member_that_leads_out_is_refused(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for archive in (tar_of(tmp_path / "a.tar.gz", (name, b"x")), zip_of(tmp_path / "a.zip", **{name: b"x"})):
        with pytest.raises(UsageError, match="leads out of"):
            unpack([archive], folder)
    assert not list(tmp_path.glob("*.txt"))


def test_links_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'a' is no plain file"):
        unpack([tar_of(tmp_path / "a.tar.gz", ("a", "/etc"), ("a/passwd", b"x"))], tmp_path / "in")
    linked = zipfile.ZipInfo("link")
    linked.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped:
        zipped.writestr(linked, "/etc")
    with pytest.raises(UsageError, match="'link' is no plain file"):
        unpack([tmp_path / "a.zip"], tmp_path / "in")


@pytest.mark.parametrize("cut", [10, 60])
def test_a_damaged_archive_is_one_line(cut: int, tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar.gz", ("1.png", bytes(range(256)) * 9))
    archive.write_bytes(archive.read_bytes()[:cut])
    with pytest.raises(UsageError, match=r"a\.tar\.gz: cannot be unpacked") as caught:
        unpack([archive], tmp_path / "in")
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_seen_before_it_is_full(tmp_path: Path) -> None:
    space = Space(10, tmp_path / "a.zip")
    space.take(10)
    with pytest.raises(UsageError, match="there is no space"):
        space.take(1)
