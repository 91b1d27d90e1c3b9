"""A ZIP of images as a manifest: what is read of it, and every way in which it may be hostile."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from matcher.errors import ImageError, ManifestError
from matcher.manifests import ArchiveLimits, ImageArchive, Row
from matcher.records import FailedRow

PICTURE = b"\xff\xd8\xff\xe0 a picture as far as its first bytes tell"
SMALL = ArchiveLimits(entries=5, total_bytes=10_000, file_bytes=5_000, ratio=20)
Add = Callable[[zipfile.ZipFile], None]


def packed(path: Path, *adds: Add) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile minds two entries of one name
        with zipfile.ZipFile(path, "w") as archive:
            for add in adds:
                add(archive)
    return path


def file(name: str, blob: bytes = PICTURE, *, attributes: int = 0, method: int = 0) -> Add:
    def add(archive: zipfile.ZipFile) -> None:
        entry = zipfile.ZipInfo(name)
        entry.external_attr, entry.compress_type = attributes << 16, method
        archive.writestr(entry, blob)

    return add


def reasons(path: Path, limits: ArchiveLimits = SMALL) -> dict[str, str]:
    """Why each entry that failed did."""
    with ImageArchive(path, limits) as archive:
        return {one.listing_id: one.reason for one in archive.rows() if isinstance(one, FailedRow)}


def test_each_image_is_a_reference_named_by_its_path(tmp_path: Path) -> None:
    path = packed(
        tmp_path / "a.zip", file("lamps/a.jpg"), file("lamps/a.png", PICTURE * 2), file("é/b.JPG"),
        file("__MACOSX/lamps/._a.jpg"), file("lamps/.DS_Store"), file("empty/", b""),
    )  # fmt: skip
    with ImageArchive(path, ArchiveLimits()) as archive:
        rows = [(row.line, row.value.reference_id) for row in archive.rows() if isinstance(row, Row)]
        assert rows == [(1, "lamps/a.jpg"), (2, "lamps/a.png"), (3, "é/b")]
        assert archive.read("lamps/a.png") == PICTURE * 2
        assert len(archive) == 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../a.jpg", "leads out"),
        ("a/../../b.jpg", "leads out"),
        ("..\\..\\b.jpg", "leads out"),
        ("/etc/a.jpg", "absolute"),
        ("\\\\host\\a.jpg", "absolute"),
        ("C:/a.jpg", "absolute"),
        ("a\nb.jpg", "characters"),
        ("x" * 600, "more than 500"),
    ],
)
def test_a_name_that_leads_elsewhere_is_one_bad_row(tmp_path: Path, name: str, said: str) -> None:
    path = packed(tmp_path / "a.zip", file("good.jpg"), file(name))
    found = reasons(path)
    assert len(found) == 1
    assert said in next(iter(found.values()))


def test_what_is_no_plain_file_is_one_bad_row(tmp_path: Path) -> None:
    path = packed(
        tmp_path / "a.zip",
        file("good.jpg", attributes=0o100644),
        file("link.jpg", b"/etc/passwd", attributes=0o120777),
        file("pipe.jpg", b"", attributes=0o010644),
        file("twice.jpg"),
        file("twice.jpg", b"other"),
    )
    found = reasons(path)
    assert found == {
        "link.jpg": "is a symbolic link",
        "pipe.jpg": "is no regular file",
        "twice.jpg": "occurs more than once in the archive",
    }


def test_what_is_packed_in_a_way_that_is_not_read_is_one_bad_row(tmp_path: Path) -> None:
    path = packed(
        tmp_path / "a.zip", file("good.jpg"), file("secret.jpg"), file("x.jpg", method=zipfile.ZIP_LZMA)
    )
    blob = bytearray(path.read_bytes())
    for magic, shift in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = blob.index(b"secret.jpg", blob.index(magic) if magic[2] == 3 else blob.index(b"PK\x01\x02"))
        blob[blob.rindex(magic, 0, at) + shift] |= 1
    path.write_bytes(blob)
    found = reasons(path)
    assert found["secret.jpg"] == "is encrypted"
    assert "not read" in found["x.jpg"]
    assert len(found) == 2


def test_an_entry_that_expands_too_far_is_one_bad_row_and_costs_no_memory(tmp_path: Path) -> None:
    bomb = b"\0" * 4_900
    path = packed(
        tmp_path / "a.zip", file("noise.jpg", bytes(range(256)) * 4), file("bomb.jpg", bomb, method=8),
        file("large.jpg", b"x" * 5_001),
    )  # fmt: skip
    found = reasons(path, ArchiveLimits(entries=5, total_bytes=20_000, file_bytes=5_000, ratio=20))
    assert "-fold" in found["bomb.jpg"]
    assert "at most 5,000" in found["large.jpg"]


def test_an_entry_that_lies_about_its_size_is_damaged(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", file("lies.jpg", b"\0" * 4_000, method=8))
    blob = bytearray(path.read_bytes())
    for magic, shift in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", blob, blob.index(magic) + shift, 10)
    path.write_bytes(blob)
    with ImageArchive(path, SMALL) as archive, pytest.raises(ImageError, match="damaged"):
        archive.read("lies.jpg")


def prefixed(blob: bytes) -> bytes:
    return b"GIF89a" + blob


def behind(blob: bytes) -> bytes:
    return blob + b"<script>"


def cut(blob: bytes) -> bytes:
    return blob[:-30]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (prefixed, "before its first entry"),
        (behind, "behind its end"),
        (cut, "no ZIP"),
        (lambda _: b"", "no ZIP"),
        (lambda _: b"Rar!\x1a\x07\x00", "no ZIP"),
        (lambda _: b"PK\x05\x06" + b"\xff" * 18, "behind its end"),
    ],
)
def test_a_file_of_two_kinds_or_none_is_refused_whole(
    tmp_path: Path, spoil: Callable[[bytes], bytes], said: str
) -> None:
    path = packed(tmp_path / "a.zip", file("good.jpg"))
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ManifestError, match=said):
        ImageArchive(path, SMALL)


def test_a_prefix_that_the_archive_accounts_for_is_refused_too(tmp_path: Path) -> None:
    buffer = io.BytesIO(b"#!/bin/sh\n")
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("good.jpg", PICTURE)
    path = tmp_path / "a.zip"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ManifestError, match="before its first entry"):
        ImageArchive(path, SMALL)


def test_an_archive_over_its_limits_is_refused_whole(tmp_path: Path) -> None:
    many = packed(tmp_path / "many.zip", *(file(f"{number}.jpg") for number in range(6)))
    with pytest.raises(ManifestError, match="holds 6 entries, at most 5"):
        ImageArchive(many, SMALL)
    large = packed(tmp_path / "large.zip", *(file(f"{number}.jpg", b"x" * 4_000) for number in range(3)))
    with pytest.raises(ManifestError, match="would expand to 12,000 bytes"):
        ImageArchive(large, SMALL)
    bomb = packed(tmp_path / "bomb.zip", *(file(f"{n}.jpg", b"\0" * 100_000, method=8) for n in range(4)))
    with pytest.raises(ManifestError, match="-fold"):
        ImageArchive(bomb, ArchiveLimits(entries=5, ratio=20))


def test_entries_that_share_their_bytes_are_refused_whole(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", file("aa.jpg", PICTURE), file("ab.jpg", PICTURE))
    blob = bytearray(path.read_bytes())
    second = blob.index(b"PK\x01\x02", blob.index(b"PK\x01\x02") + 4)
    struct.pack_into("<L", blob, second + 42, 0)
    path.write_bytes(blob)
    with pytest.raises(ManifestError, match="lie over one another"):
        ImageArchive(path, SMALL)


def test_a_directory_that_cannot_be_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 5, 5, 0, 0, 0))
    with pytest.raises(ManifestError, match="directory that cannot be"):
        ImageArchive(path, SMALL)


@pytest.mark.parametrize("hidden", [b"%PDF-1.7", b"Rar!\x1a\x07\x00", b"7z\xbc\xaf\x27\x1c"])
def test_an_image_that_is_also_something_else_is_one_bad_image(tmp_path: Path, hidden: bytes) -> None:
    path = packed(tmp_path / "a.zip", file("two.jpg", PICTURE + hidden), file("nested.jpg", PICTURE))
    with ImageArchive(path, SMALL) as archive, pytest.raises(ImageError, match="at once"):
        archive.read("two.jpg")


def test_an_image_that_is_also_an_archive_is_one_bad_image(tmp_path: Path) -> None:
    inner = packed(tmp_path / "inner.zip", file("x.html", b"<script>"))
    path = packed(tmp_path / "a.zip", file("two.jpg", PICTURE + inner.read_bytes()))
    with ImageArchive(path, SMALL) as archive, pytest.raises(ImageError, match="a ZIP archive at once"):
        archive.read("two.jpg")


def test_a_large_archive_is_read_by_its_own_record(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", file("good.jpg"))
    blob = path.read_bytes()
    at = blob.index(b"PK\x05\x06")
    _, _, _, _, entries, size, offset, _ = struct.unpack("<4s4H2LH", blob[at:])
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, size, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(blob[:at] + record + locator + end)
    with ImageArchive(path, SMALL) as archive:
        assert len(archive) == 1
    path.write_bytes(blob[:at] + b"X" * 56 + locator + end)
    with pytest.raises(ManifestError, match="directory that cannot be"):
        ImageArchive(path, SMALL)
