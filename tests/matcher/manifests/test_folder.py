"""A folder of images as a manifest, and what identifies any manifest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from matcher.errors import ManifestError
from matcher.manifests import manifest_fingerprint, manifest_folder, read_listings, read_references
from matcher.records import FailedRow, Listing, ReferenceRow
from tests.matcher.manifests.contract import lines, told


def filled(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder


def ids(folder: Path) -> list[str]:
    return [row.listing_id for row in told(read_listings(folder))]


def test_each_image_is_a_listing_or_a_reference(tmp_path: Path) -> None:
    filled(tmp_path, "b.JPG", "a b.png", "sub/deep/c.webp", "notes.txt", "Thumbs.db")
    rows = list(read_listings(tmp_path))
    assert told(rows) == [
        Listing(listing_id="a b", images=("a b.png",)),
        Listing(listing_id="b", images=("b.JPG",)),
        Listing(listing_id="sub/deep/c", images=("sub/deep/c.webp",)),
    ]
    assert lines(rows) == [1, 2, 3]
    assert told(read_references(tmp_path))[2] == ReferenceRow(
        reference_id="sub/deep/c", images=("sub/deep/c.webp",)
    )
    assert manifest_folder(tmp_path) == tmp_path


def test_the_extension_stays_where_two_ids_would_be_the_same(tmp_path: Path) -> None:
    filled(tmp_path, "a.jpg", "a.png", "b.jpg", "sub/a.jpg")
    assert ids(tmp_path) == ["a.jpg", "a.png", "b", "sub/a"]


def test_an_extension_that_stays_may_push_out_another(tmp_path: Path) -> None:
    filled(tmp_path, "a.jpg", "a.png", "a.jpg.png")
    assert ids(tmp_path) == ["a.jpg", "a.jpg.png", "a.png"]


def test_hidden_files_and_ways_out_are_passed_over(tmp_path: Path) -> None:
    outside = filled(tmp_path / "outside", "secret.jpg")
    inside = filled(tmp_path / "inside", "a.jpg", ".hidden.jpg", ".git/b.jpg", "._a.jpg", "folder.jpg/c.jpg")
    (inside / "link.jpg").symlink_to(outside / "secret.jpg")
    (inside / "links").symlink_to(outside, target_is_directory=True)
    (inside / "loop").symlink_to(inside, target_is_directory=True)
    (inside / "dangling.jpg").symlink_to(inside / "nothing.jpg")
    (inside / "twin.jpg").symlink_to(inside / "a.jpg")
    assert ids(inside) == ["a", "folder.jpg/c", "twin"]


def test_names_that_look_like_syntax_are_just_names(tmp_path: Path) -> None:
    filled(tmp_path, "a|b.jpg", "=cmd.jpg", "x y\nz.jpg")
    assert [row.images for row in told(read_listings(tmp_path))] == [
        ("=cmd.jpg",),
        ("a|b.jpg",),
        ("x y\nz.jpg",),
    ]


def test_a_name_that_is_no_text_fails_alone(tmp_path: Path) -> None:
    filled(tmp_path, "a.jpg")
    try:
        (tmp_path / os.fsdecode(b"\xff.jpg")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    rows = list(read_listings(tmp_path))
    assert [isinstance(row, FailedRow) for row in rows] == [False, True]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    filled(tmp_path, "notes.txt")
    with pytest.raises(ManifestError, match="holds no image"):
        read_listings(tmp_path)


def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ManifestError, match="neither a file nor a folder"):
        read_listings(tmp_path / "pipe")


def test_a_files_fingerprint_is_that_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(b"listing_id\n1\n")
    assert manifest_fingerprint(path) == hashlib.sha256(b"listing_id\n1\n").hexdigest()
    with pytest.raises(ManifestError, match="cannot be read"):
        manifest_fingerprint(tmp_path / "nowhere.csv")


def test_a_folders_fingerprint_changes_with_names_and_sizes_of_images(tmp_path: Path) -> None:
    filled(tmp_path, "a.jpg", "b.jpg")
    before = manifest_fingerprint(tmp_path)
    filled(tmp_path, "notes.txt")
    assert manifest_fingerprint(tmp_path) == before
    (tmp_path / "a.jpg").write_bytes(b"longer than before")
    changed = manifest_fingerprint(tmp_path)
    (tmp_path / "b.jpg").rename(tmp_path / "c.jpg")
    assert len({before, changed, manifest_fingerprint(tmp_path)}) == 3
