"""The directory of a ZIP: what its end tells of it must be so, before any of it is in memory."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import pytest

from matcher.config import ImageSettings
from matcher.errors import ImageError, ManifestError
from matcher.images import decode
from matcher.manifests import ArchiveLimits, ImageArchive
from tests.matcher.manifests.test_archive import SMALL, file, packed


@pytest.mark.parametrize("told", [1, 2, 4])
def test_a_directory_that_holds_other_than_it_tells_is_refused_before_it_is_read(
    tmp_path: Path, told: int
) -> None:
    path = packed(tmp_path / "a.zip", *(file(f"{number}.jpg") for number in range(3)))
    blob = bytearray(path.read_bytes())
    at = blob.index(b"PK\x05\x06")
    struct.pack_into("<2H", blob, at + 8, told, told)
    path.write_bytes(blob)
    with pytest.raises(ManifestError, match="directory that cannot be"):
        ImageArchive(path, SMALL)


def entries(path: Path, count: int, told: int | None = None) -> Path:
    """A ZIP of `count` empty entries, whose end tells of `told`."""
    one = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 9, 0)
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0)
    names = [f"{number:05}.png".encode()[-9:] for number in range(count)]
    begins = [len(one) + 9] * count
    blob = b"".join(one + name for name in names)
    offset, directory = 0, bytearray()
    for name, length in zip(names, begins, strict=True):
        directory += entry[:-4] + struct.pack("<L", offset) + name
        offset += length
    number = count if told is None else told
    wide = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, number, number, len(directory), len(blob)
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(blob) + len(directory), 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(blob + directory + wide + locator + end)
    return path


@pytest.mark.slow
def test_a_hundred_thousand_entries_are_listed_and_one_more_is_refused_unread(tmp_path: Path) -> None:
    most = entries(tmp_path / "most.zip", 100_000)
    tracemalloc.start()
    with ImageArchive(most, ArchiveLimits()) as archive:
        assert sum(1 for _ in archive.rows()) == 100_000
        with pytest.raises(ImageError):
            decode(archive.read("00000.png"), "00000.png", ImageSettings())
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    more = entries(tmp_path / "more.zip", 100_001)
    lies = entries(tmp_path / "lies.zip", 150_000, told=3)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    with pytest.raises(ManifestError, match="holds 100,001 entries, at most 100,000"):
        ImageArchive(more, ArchiveLimits())
    with pytest.raises(ManifestError, match="directory that cannot be"):
        ImageArchive(lies, ArchiveLimits())
    refused = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert held < 250 * 2**20
    assert refused < 4 * 2**20
