"""Damaged, tampered and foreign files are named, never searched."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexes.gallery import Gallery
from indexes.manifest import MANIFEST, Manifest, read_committed
from matcher.errors import GalleryError
from tests.indexes.conftest import DIMS, grouped, settings_for


@pytest.fixture
def filled(folder: Path) -> Path:
    """A gallery with a trained segment, a flat one and tombstones."""
    with Gallery.open_writer(folder, settings=settings_for("hnsw")) as writer:
        writer.apply(add_ids=range(1_200), add_vectors=grouped(1_200, seed=1), position=1)
        writer.apply(add_ids=[2_000], add_vectors=grouped(1, seed=2), remove_ids=[3], position=2)
    return folder


def files_of(folder: Path) -> list[Path]:
    return [folder / name for name in read_committed(folder, Manifest).names()]


def test_every_kind_of_file_is_there(filled: Path) -> None:
    endings = {path.name.split("-", 2)[2].rstrip("0123456789") for path in files_of(filled)}
    assert endings == {"vectors", "ids", "index", "dead-"}
    assert Gallery.open(filled).verify() == []


def test_truncated_and_missing_files_are_found_at_opening(filled: Path) -> None:
    for path in files_of(filled):
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(GalleryError, match=rf"{path.name} is damaged.*matcher index rebuild"):
            Gallery.open(filled)
        path.unlink()
        with pytest.raises(GalleryError, match=rf"{path.name} is missing; run `matcher index rebuild`"):
            Gallery.open(filled)
        path.write_bytes(whole)
    assert Gallery.open(filled).verify() == []


def test_a_flipped_bit_is_found_by_verifying(filled: Path) -> None:
    gallery = Gallery.open(filled)
    for path in files_of(filled):
        whole = path.read_bytes()
        path.write_bytes(whole[:-3] + bytes([whole[-3] ^ 4]) + whole[-2:])
        problems = gallery.verify()
        assert len(problems) == 1
        assert path.name in problems[0]
        path.write_bytes(whole)


def test_a_rewritten_index_is_refused(filled: Path) -> None:
    path = next(path for path in files_of(filled) if path.name.endswith("-index"))
    path.write_bytes(b"\0" * path.stat().st_size)
    with pytest.raises(GalleryError, match=rf"{path.name} is damaged"):
        Gallery.open(filled)


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links")
def test_a_link_in_place_of_a_file_is_refused(filled: Path, tmp_path: Path) -> None:
    path = files_of(filled)[0]
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(GalleryError, match="not a plain file"):
        Gallery.open(filled)


def test_a_damaged_gallery_can_be_rebuilt(filled: Path) -> None:
    (filled / MANIFEST).write_text("{")
    batches = [([1, 2], grouped(2, seed=3))]
    gallery = Gallery.rebuild(filled, batches, dims=DIMS, fingerprint="model@1", position=9)
    assert (gallery.count, gallery.position, gallery.verify()) == (2, 9, [])
    assert len(list(filled.glob("segment-*"))) == 2


def resealed(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Write the manifest with a change that someone hid by a new checksum."""
    table = json.loads((folder / MANIFEST).read_text())
    change(table)
    try:
        text = Manifest.model_validate(table).sealed().model_dump_json()
    except ValueError:
        text = json.dumps(table)
    (folder / MANIFEST).write_text(text)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/b", "..", "A", "a.b", "", "a\n", "é"])
def test_a_name_that_leads_out_of_the_folder_is_refused(filled: Path, name: str) -> None:
    for place in ("segment", "tombstones", "retired"):
        text = (filled / MANIFEST).read_text()

        def rename(table: dict[str, Any], place: str = place) -> None:
            if place == "segment":
                table["segments"][0]["name"] = name
            elif place == "tombstones":
                table["segments"][0]["dead"]["name"] = name
            else:
                table["retired"] = [name]

        resealed(filled, rename)
        with pytest.raises(GalleryError, match=r"manifest\.json is damaged"):
            Gallery.open(filled)
        (filled / MANIFEST).write_text(text)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table["segments"][0].update(count=5),
        lambda table: table["segments"][0].update(kind="flat"),
        lambda table: table["segments"][0]["files"].pop("index"),
        lambda table: table["segments"][0]["files"].update(extra=table["segments"][0]["files"]["ids"]),
        lambda table: table["segments"][0]["dead"].update(count=2),
        lambda table: table["segments"][0]["search"].update(held=1_000),
        lambda table: table.update(dims=DIMS + 1),
        lambda table: table.update(surprise=1),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(filled: Path, change: Callable[[Any], None]) -> None:
    resealed(filled, change)
    with pytest.raises(GalleryError, match="damaged"):
        Gallery.open(filled)


def test_a_changed_manifest_is_told_by_its_checksum(filled: Path) -> None:
    text = (filled / MANIFEST).read_text()
    (filled / MANIFEST).write_text(text.replace('"position": 2', '"position": 3'))
    with pytest.raises(GalleryError, match="checksum differs"):
        Gallery.open(filled)


def test_a_newer_format_asks_for_an_upgrade(folder: Path) -> None:
    resealed(folder, lambda table: table.update(format=2))
    with pytest.raises(GalleryError, match="newer version"):
        Gallery.open(folder)


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
        lambda value: json.dumps(value).encode()
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_in_place_of_a_manifest_give_one_line(tmp_path: Path, text: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(text)
    with pytest.raises(GalleryError) as caught:
        Gallery.open(tmp_path)
    assert "\n" not in str(caught.value)


def test_files_that_are_not_the_gallerys_are_left_alone(folder: Path) -> None:
    strangers = [folder / name for name in ("notes.txt", "segment-one-vectors", "segment-1-ids")]
    for path in strangers:
        path.write_text("mine")
    (folder / "segment-00000099-vectors").write_text("left by a killed writer")
    with Gallery.open_writer(folder) as writer:
        writer.apply(add_ids=[1], add_vectors=grouped(1, seed=1), position=1)
    assert all(path.exists() for path in strangers)
    assert not (folder / "segment-00000099-vectors").exists()
