"""One listing: its photos are read once, bad ones are told beside the verdict, and little of it is kept."""

from __future__ import annotations

import errno
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile

import pytest
from PIL import Image
from sqlalchemy import update

from matcher.assembly import build_embedder, build_examiner, build_galleries, build_keypoints, freeze
from matcher.catalog import remove_brand, stored_hash_of, sweep_features, sweep_images
from matcher.catalog.tables import keypoints
from matcher.errors import CatalogError, GalleryError, ImageError, ScanError, StorageError
from matcher.examining import Examiner
from matcher.images import content_hash
from matcher.models.rootsift import RootSift
from matcher.photo_cache import NoCache, ScanCache
from matcher.policy import load_policy
from matcher.records import Listing, VerdictKind
from matcher.snapshot import Snapshot
from matcher.workspace import Workspace
from tests.matcher import drawn
from tests.matcher.drawn import SETTINGS


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = drawn.workspace_folder(tmp_path_factory.mktemp("examining") / "workspace")
    with Workspace.open(folder, SETTINGS) as opened:
        yield opened


@pytest.fixture(scope="module")
def snapshot(workspace: Workspace) -> Snapshot:
    return freeze(workspace, build_galleries(workspace), load_policy())


@pytest.fixture(scope="module")
def examiner(workspace: Workspace, snapshot: Snapshot) -> Examiner:
    return build_examiner(workspace, snapshot, cache=NoCache())


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


PHOTOS = {"copy.png": png(drawn.product(2)), "other.png": png(drawn.product(310)), "bad.png": b"GIF89a"}


def read(image: str) -> bytes:
    if image not in PHOTOS:
        raise ImageError(image, "is not there")
    return PHOTOS[image]


def offer(*images: str, price: str = "20", seller: str = "shop-9") -> Listing:
    return Listing(listing_id="L", images=images, price=price, currency="EUR", seller_id=seller)


def test_a_cheap_copy_is_flagged_with_its_reference_and_a_licensed_one_is_clear(examiner: Examiner) -> None:
    found = examiner.examine(offer("copy.png"), read).result
    assert found is not None
    assert found.verdict.verdict is not VerdictKind.CLEAR
    assert found.verdict.brand == "Aurelio"
    assert found.verdict.matches[0].reference_id == "R-2"
    assert {"copy", "price"} <= {evidence.signal for evidence in found.verdict.evidence}
    licensed = examiner.examine(offer("copy.png", price="80", seller=drawn.LICENSED), read).result
    assert licensed is not None
    assert licensed.verdict.verdict is VerdictKind.CLEAR


def test_bad_photos_are_told_beside_the_verdict_and_places_are_kept(examiner: Examiner) -> None:
    examined = examiner.examine(offer("absent.png", "bad.png", "copy.png"), read, source="l.csv", line=7)
    assert examined.result is not None
    assert [photo.position for photo in examined.result.photos] == [2]
    assert examined.result.verdict.matches[0].photo == 2
    assert [(row.source, row.line, row.listing_id) for row in examined.failed] == [("l.csv", 7, "L")] * 2


@pytest.mark.parametrize("images", [(), ("absent.png",), ("bad.png", "absent.png")])
def test_without_a_readable_photo_there_is_no_verdict_but_a_reason(
    examiner: Examiner, images: tuple[str, ...]
) -> None:
    examined = examiner.examine(offer(*images), read)
    assert examined.result is None
    assert len(examined.failed) == max(1, len(images))


def test_photos_that_wait_in_a_file_are_kept_as_those_that_wait_in_memory(
    workspace: Workspace, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = ("other.png", "copy.png", "bad.png", "copy.png")
    keeping = build_examiner(workspace, snapshot, cache=NoCache())
    in_memory = keeping.examine(offer(*images), read).result
    monkeypatch.setattr("matcher.examining.SPOOL_BYTES", 100)
    in_a_file = keeping.examine(offer(*images), read).result
    assert in_memory == in_a_file
    assert in_a_file is not None
    for photo in in_a_file.photos:
        kept = workspace.store.path(photo.content_hash).read_bytes()
        assert (stored_hash_of(kept), content_hash(kept)) == (photo.stored_hash, photo.content_hash)


@pytest.mark.parametrize("step", ["write", "seek"])
def test_a_full_disk_under_the_waiting_photos_is_no_trouble_of_the_listing(
    workspace: Workspace, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SpooledTemporaryFile, step, full)
    keeping = build_examiner(workspace, snapshot, cache=NoCache())
    with pytest.raises(StorageError, match=r"temporary file in \S+: No space left on device") as raised:
        keeping.examine(offer("copy.png"), read)
    assert "\n" not in str(raised.value)


def without_handles(image: str) -> bytes:
    raise ImageError(image, "cannot be read") from OSError(errno.EMFILE, "Too many open files")


def from_a_bad_sector(image: str) -> bytes:
    raise ImageError(image, "cannot be read") from OSError(errno.EIO, "Input/output error")


def test_a_photo_that_no_file_handle_was_left_for_is_no_bad_photo(examiner: Examiner) -> None:
    with pytest.raises(OSError, match="Too many open files"):
        examiner.examine(offer("copy.png"), without_handles)
    assert len(examiner.examine(offer("copy.png"), from_a_bad_sector).failed) == 1


def test_photos_beyond_the_limit_are_left_and_said(workspace: Workspace, snapshot: Snapshot) -> None:
    few = build_examiner(workspace, snapshot, cache=NoCache())
    few.settings = SETTINGS.model_copy(
        update={"scan": SETTINGS.scan.model_copy(update={"max_photos_per_listing": 2})}
    )
    examined = few.examine(offer("other.png", "other.png", "copy.png"), read)
    assert examined.result is not None
    assert len(examined.result.photos) == 2
    assert "has 3 photos; the first 2 were examined" in examined.failed[0].reason


def test_the_limit_is_the_snapshots_so_that_a_resumed_scan_cannot_differ(
    workspace: Workspace, snapshot: Snapshot
) -> None:
    scan = SETTINGS.scan.model_copy(update={"max_photos_per_listing": 1})
    with Workspace.open(workspace.folder, SETTINGS.model_copy(update={"scan": scan})) as other:
        examiner = build_examiner(other, snapshot, cache=NoCache())
    assert examiner.settings.scan.max_photos_per_listing == SETTINGS.scan.max_photos_per_listing


def test_other_weights_than_the_snapshots_are_refused(
    workspace: Workspace, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = snapshot.description.fingerprints.model_copy(update={"scorer": "another"})
    other = snapshot.description.model_copy(update={"fingerprints": taken})
    monkeypatch.setattr(snapshot, "description", other)
    with pytest.raises(ScanError, match="other weights; start a new scan"):
        build_examiner(workspace, snapshot, cache=NoCache())


def test_other_tables_of_words_than_the_snapshots_are_refused(
    workspace: Workspace, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.text.tables.fingerprint", lambda: "another")
    with pytest.raises(ScanError, match="other tables of words; start a new scan"):
        build_examiner(workspace, snapshot, cache=NoCache())


def test_a_detector_other_than_the_snapshots_is_refused(
    workspace: Workspace, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, verifier = build_keypoints(SETTINGS)
    later = RootSift(side=SETTINGS.models.keypoint_side, count=SETTINGS.models.keypoint_count, contrast=0.02)
    monkeypatch.setattr("matcher.assembly.models.build_keypoints", lambda settings: (later, verifier))
    with pytest.raises(ScanError, match="another keypoint detector; start a new scan"):
        build_examiner(workspace, snapshot, cache=NoCache())


def test_an_embedder_other_than_the_snapshots_is_refused(
    workspace: Workspace, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = build_embedder(SETTINGS.models.model_copy(update={"embed_side": 224}))
    monkeypatch.setattr("matcher.assembly.models.build_embedder", lambda settings: later)
    with pytest.raises(ScanError, match="another embedder; start a new scan"):
        build_examiner(workspace, snapshot, cache=NoCache())


@pytest.mark.parametrize("part", ["descriptors", "votes"])
def test_a_gallery_of_other_models_is_no_part_of_a_snapshot(
    workspace: Workspace, snapshot: Snapshot, tmp_path: Path, part: str
) -> None:
    models = SETTINGS.models.model_copy(update={"embed_side": 224, "keypoint_count": 100})
    with Workspace.open(workspace.folder, SETTINGS.model_copy(update={"models": models})) as other:
        stranger = freeze(other, build_galleries(other), load_policy())
    mixed = shutil.copytree(snapshot.folder, tmp_path / snapshot.folder.name)
    shutil.rmtree(mixed / part)
    shutil.copytree(stranger.folder / part, mixed / part)
    with pytest.raises(GalleryError, match="was built with the model"):
        build_examiner(workspace, Snapshot(mixed), cache=NoCache())


def test_what_the_cache_remembers_gives_the_same_verdict(
    workspace: Workspace, snapshot: Snapshot, tmp_path: Path
) -> None:
    cache = ScanCache(tmp_path / "out" / "photos.cache")
    examiner = build_examiner(workspace, snapshot, cache=cache)
    first = examiner.examine(offer("copy.png", "other.png"), read)
    examiner.matcher = None  # type: ignore[assignment]  # nothing is looked at again
    assert examiner.examine(offer("copy.png", "other.png"), read) == first
    cache.close()


@pytest.mark.parametrize("row", ["", "{", '{"width": 7}', "\x00\x00"])
def test_a_row_of_the_cache_that_cannot_be_read_is_computed_again(
    workspace: Workspace, snapshot: Snapshot, tmp_path: Path, row: str
) -> None:
    cache = ScanCache(tmp_path / "photos.cache")
    cache.put(content_hash(PHOTOS["copy.png"]), row)
    examiner = build_examiner(workspace, snapshot, cache=cache)
    plain = build_examiner(workspace, snapshot, cache=NoCache())
    assert examiner.examine(offer("copy.png"), read) == plain.examine(offer("copy.png"), read)
    cache.close()


@pytest.fixture
def damaged(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace whose cached keypoints are all damaged."""
    with Workspace.open(drawn.workspace_folder(tmp_path / "workspace"), SETTINGS) as opened:
        with opened.database.write() as connection:
            connection.execute(update(keypoints).values(features=b"KPT1 and no more"))
        yield opened


def test_damaged_keypoints_of_references_are_computed_again(damaged: Workspace, examiner: Examiner) -> None:
    snapshot = freeze(damaged, build_galleries(damaged), load_policy())
    renewed = build_examiner(damaged, snapshot, cache=NoCache())
    assert renewed.examine(offer("copy.png"), read) == examiner.examine(offer("copy.png"), read)


def test_a_reference_that_is_damaged_altogether_is_named_with_what_to_do(damaged: Workspace) -> None:
    snapshot = freeze(damaged, build_galleries(damaged), load_policy())
    examiner = build_examiner(damaged, snapshot, cache=NoCache())
    for name in damaged.store.iterate():
        damaged.store.path(name).write_bytes(b"no image")
    with pytest.raises(CatalogError, match=r"reference 'R-\d+' of Aurelio: .*import it again") as raised:
        examiner.examine(offer("copy.png"), read)
    assert "\n" not in str(raised.value)


def test_a_reference_that_has_left_the_catalog_is_not_compared(damaged: Workspace) -> None:
    snapshot = freeze(damaged, build_galleries(damaged), load_policy())
    examiner = build_examiner(damaged, snapshot, cache=NoCache())
    with damaged.database.write() as connection:
        remove_brand(connection, "Aurelio")
        remove_brand(connection, "Borealis")
    sweep_features(damaged.database)
    sweep_images(damaged.database, damaged.store)
    found = examiner.examine(offer("copy.png"), read).result
    assert found is not None
    assert found.verdict.verdict is VerdictKind.CLEAR


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3000])


def scramble(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


@pytest.mark.parametrize("damage", [cut, scramble])
def test_a_damaged_cache_only_forgets(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = tmp_path / "photos.cache"
    cache = ScanCache(path)
    for number in range(200):
        cache.put(f"hash-{number}", "findings " * 20)
    assert cache.get("hash-7") == "findings " * 20
    cache.put("hash-7", "something else")
    assert cache.get("hash-7") == "findings " * 20
    cache.close()
    damage(path)
    again = ScanCache(path)
    assert again.get("hash-7") in (None, "findings " * 20)
    again.put("new", "findings")
    again.close()
