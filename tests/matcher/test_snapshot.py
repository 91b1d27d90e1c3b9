"""A snapshot is named by all that verdicts rest on, and stays as long as a scan may need it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from matcher.assembly import build_examiner, build_galleries, freeze
from matcher.catalog import DEFAULT_OWNER, add_brand, add_owner, finish_scan, remove_product, start_scan
from matcher.catalog.tables import licensed_sellers
from matcher.config import DatabaseSettings, ScanSettings
from matcher.errors import MatcherError
from matcher.galleries import Galleries
from matcher.photo_cache import NoCache
from matcher.policy import load_policy, parse_policy
from matcher.records import Brand, ImageRole, Listing
from matcher.snapshot import DESCRIPTION, FACTS, POLICY, Snapshot
from matcher.snapshot_taking import KEPT_SNAPSHOTS
from matcher.text.lexicon import INDEX, Lexicon
from matcher.workspace import Workspace
from tests.matcher import drawn
from tests.matcher.drawn import SETTINGS


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(drawn.workspace_folder(tmp_path / "workspace"), SETTINGS) as opened:
        yield opened


@pytest.fixture
def galleries(workspace: Workspace) -> Galleries:
    return build_galleries(workspace)


@pytest.fixture
def snapshot(workspace: Workspace, galleries: Galleries) -> Snapshot:
    return freeze(workspace, galleries, load_policy())


def test_the_same_state_gives_the_same_folder(
    workspace: Workspace, galleries: Galleries, snapshot: Snapshot
) -> None:
    again = freeze(workspace, galleries, load_policy())
    assert again.folder == snapshot.folder
    assert [path.name for path in snapshot.folder.parent.iterdir()] == [snapshot.folder.name]


def test_two_threads_of_a_server_may_freeze_the_same_state_at_once(
    workspace: Workspace, galleries: Galleries, monkeypatch: pytest.MonkeyPatch
) -> None:
    saves, found = Lexicon.save, list[Snapshot]()

    def meanwhile(lexicon: Lexicon, path: Path) -> None:
        if not found:  # as a check does while a scan begins
            found.append(None)  # type: ignore[arg-type]
            other = threading.Thread(target=lambda: found.append(freeze(workspace, galleries, load_policy())))
            other.start()
            other.join()
            assert path.parent.is_dir(), "what one writes is not the other's to take"
        saves(lexicon, path)

    monkeypatch.setattr(Lexicon, "save", meanwhile)
    mine = freeze(workspace, galleries, load_policy())
    assert found[1].folder == mine.folder
    assert [path.name for path in mine.folder.parent.iterdir()] == [mine.folder.name]


def test_read_for_one_owner_it_is_as_if_there_were_no_other(
    workspace: Workspace, snapshot: Snapshot, tmp_path: Path
) -> None:
    listing = Listing(listing_id="L", images=("a",), title="Aurelio, not Imposter", price=Decimal(9))
    photo = (drawn.catalogs_folder() / "Aurelio" / "p2.png").read_bytes()
    before = examined(workspace, snapshot, listing, photo)
    assert before["brand"] == "Aurelio"
    with workspace.database.write() as connection:
        other = add_owner(connection, "other")
        add_brand(connection, Brand(name="Imposter", wordmarks=("Imposter",)), owner_id=other)
        # The same brand and the very same pictures, more often than there are places for candidates.
        add_brand(connection, Brand(name="Aurelio", licensed_sellers=("shop-9",)), owner_id=other)
    for number in range(12):
        manifest = drawn.write_catalog(tmp_path / str(number), (2,))
        text = manifest.read_text(encoding="utf-8").replace("R-2", f"X-{number}")
        manifest.write_text(text, encoding="utf-8")
        picture = drawn.product(2)
        picture.putpixel((0, 0), (number, 0, 0))
        picture.save(manifest.parent / "p2.png")
        drawn.imported(workspace, manifest, "Imposter", owner_id=other)
    taken = freeze(workspace, build_galleries(workspace), load_policy())
    after = examined(workspace, Snapshot(taken.folder, DEFAULT_OWNER), listing, photo)
    assert after == before
    theirs = examined(workspace, Snapshot(taken.folder, other), listing, photo)
    assert {match["brand"] for match in theirs["matches"]} == {"Imposter"}
    assert "Imposter" in str(examined(workspace, taken, listing, photo)), "seen by all, it is in the way"


def examined(workspace: Workspace, snapshot: Snapshot, listing: Listing, photo: bytes) -> dict[str, Any]:
    """The verdict, without the number that every change of the catalog raises."""
    examiner = build_examiner(workspace, snapshot, cache=NoCache(), keep=False)
    result = examiner.examine(listing, lambda _: photo).result
    assert result is not None
    return result.verdict.model_dump(mode="json", exclude={"snapshot"})


def test_facts_are_those_of_the_catalog(snapshot: Snapshot) -> None:
    facts = snapshot.of(1)
    assert facts is not None
    assert (facts.brand, facts.reference_id, facts.role) == ("Aurelio", "R-0", ImageRole.REFERENCE)
    assert (facts.title, str(facts.price), facts.currency) == ("Product 0", "80.00", "EUR")
    assert snapshot.of(0) is None
    assert snapshot.of(10_000) is None
    brand = snapshot.brand("Borealis")
    assert brand is not None
    assert brand.licensed_sellers == {drawn.LICENSED}
    assert snapshot.brand("Unheard of") is None
    assert snapshot.folder.name == f"{snapshot.description.number:08d}-{snapshot.digest}"


def test_a_brand_of_two_owners_is_what_both_say_of_it(workspace: Workspace) -> None:
    with workspace.database.write() as connection:
        other = add_owner(connection, "other")
        theirs = Brand(name="Borealis", licensed_sellers=("shop-9",), wordmarks=("Boreal",))
        add_brand(connection, theirs, owner_id=other)
    taken = freeze(workspace, build_galleries(workspace), load_policy())
    brand = taken.brand("Borealis")
    assert brand is not None
    assert brand.licensed_sellers == {drawn.LICENSED, "shop-9"}
    assert "Boreal" in brand.wordmarks
    alone = Snapshot(taken.folder, DEFAULT_OWNER).brand("Borealis")
    assert alone is not None
    assert alone.licensed_sellers == {drawn.LICENSED}


def test_a_seller_stored_with_blanks_is_known_by_the_id_that_listings_carry(
    workspace: Workspace, galleries: Galleries
) -> None:
    with workspace.database.write() as connection:  # as they were stored once
        rows = [{"owner_id": DEFAULT_OWNER, "brand_id": 1, "seller_id": text} for text in ("shop-1 ", "  ")]
        connection.execute(insert(licensed_sellers), rows)
    brand = freeze(workspace, galleries, load_policy()).brand("Aurelio")
    assert brand is not None
    assert brand.licensed_sellers == {drawn.LICENSED, "shop-1"}


def change_price(workspace: Workspace, folder: Path) -> None:
    drawn.imported(workspace, drawn.write_catalog(folder, drawn.BRANDS["Aurelio"], price="95.00"), "Aurelio")


def license_seller(workspace: Workspace, folder: Path) -> None:
    with workspace.database.write() as connection:
        add_brand(connection, Brand(name="Aurelio", licensed_sellers=("another",)))


def remove_reference(workspace: Workspace, folder: Path) -> None:
    with workspace.database.write() as connection:
        remove_product(connection, "Aurelio", "R-0")


@pytest.mark.parametrize("change", [change_price, license_seller, remove_reference])
def test_whatever_a_verdict_rests_on_makes_another_snapshot(
    workspace: Workspace, galleries: Galleries, snapshot: Snapshot, tmp_path: Path, change
) -> None:
    change(workspace, tmp_path / "changed")
    later = freeze(workspace, galleries, load_policy())
    assert later.digest != snapshot.digest
    # The first one still says what it said.
    before = Snapshot(snapshot.folder)
    assert str(before.of(1).price) == "80.00"
    assert before.brand("Aurelio").licensed_sellers == {drawn.LICENSED}


def test_a_changed_price_is_in_the_next_snapshot(
    workspace: Workspace, galleries: Galleries, snapshot: Snapshot, tmp_path: Path
) -> None:
    change_price(workspace, tmp_path / "changed")
    later = freeze(workspace, galleries, load_policy())
    assert later.description.number == snapshot.description.number  # no image came or went
    assert str(later.of(1).price) == "95.00"


def test_another_policy_makes_another_snapshot(
    workspace: Workspace, galleries: Galleries, snapshot: Snapshot
) -> None:
    text = load_policy().policy_text + "\n# reviewed\n"
    later = freeze(workspace, galleries, parse_policy(text, "policy.toml"))
    assert later.digest != snapshot.digest


def test_other_tables_of_words_make_another_snapshot(
    workspace: Workspace, galleries: Galleries, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.text.tables.fingerprint", lambda: "another")
    assert freeze(workspace, galleries, load_policy()).digest != snapshot.digest


def next_snapshots(workspace: Workspace, galleries: Galleries, count: int) -> list[Snapshot]:
    made = []
    for number in range(count):
        with workspace.database.write() as connection:
            add_brand(connection, Brand(name="Aurelio", licensed_sellers=(f"seller-{number}",)))
        made.append(freeze(workspace, galleries, load_policy()))
    return made


def test_old_snapshots_go_but_not_one_that_an_unfinished_scan_needs(
    workspace: Workspace, galleries: Galleries, snapshot: Snapshot
) -> None:
    with workspace.database.write() as connection:
        scan_id = start_scan(
            connection,
            out="/out",
            manifest="listings.csv",
            manifest_fingerprint="f",
            snapshot=snapshot.description.number,
            settings={"snapshot": snapshot.folder.name, "limit": None},
        )
    made = next_snapshots(workspace, galleries, KEPT_SNAPSHOTS + 2)
    kept = {path.name for path in snapshot.folder.parent.iterdir()}
    assert kept == {snapshot.folder.name} | {one.folder.name for one in made[-KEPT_SNAPSHOTS:]}
    build_examiner(workspace, Snapshot(snapshot.folder), cache=NoCache())

    with workspace.database.write() as connection:
        finish_scan(connection, scan_id, 0)
        add_brand(connection, Brand(name="Aurelio", licensed_sellers=("the last",)))
    freeze(workspace, galleries, load_policy())
    assert not snapshot.folder.exists()
    assert len(list(snapshot.folder.parent.iterdir())) == KEPT_SNAPSHOTS


def test_a_snapshot_is_on_the_disk_before_it_gets_its_name_and_the_name_before_a_scan_needs_it(
    workspace: Workspace, galleries: Galleries, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    at_rename: set[int] = set()
    fsync = os.fsync

    def recorded(number: int) -> None:
        synced.add(os.fstat(number).st_ino)
        fsync(number)

    def reached(point: str) -> None:
        if point == "snapshot:written":
            at_rename.update(synced)

    monkeypatch.setattr(os, "fsync", recorded)
    monkeypatch.setattr("matcher.snapshot_taking.commit_point", reached)
    made = freeze(workspace, galleries, load_policy())
    for name in (FACTS, POLICY, DESCRIPTION, INDEX, "descriptors/manifest.json", "votes/manifest.json", "."):
        assert (made.folder / name).stat().st_ino in at_rename, name
    assert made.folder.parent.stat().st_ino in synced
    assert made.folder.parent.parent.stat().st_ino in synced  # where the folder of all snapshots is new


@pytest.mark.parametrize("name", ["snapshot.json", "policy.toml", FACTS])
@pytest.mark.parametrize("damage", ["gone", "empty", "garbage"])
def test_a_broken_snapshot_is_one_line(snapshot: Snapshot, name: str, damage: str) -> None:
    path = snapshot.folder / name
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(b"" if damage == "empty" else b"\0\xff" * 200)
    with pytest.raises(MatcherError) as raised:
        Snapshot(snapshot.folder)
    assert "\n" not in str(raised.value)


def test_the_wordmarks_of_all_brands_are_in_it(snapshot: Snapshot) -> None:
    assert (snapshot.folder / INDEX).exists()
    assert {one.brand for one in snapshot.lexicon.wordmarks} == {one.name for one in snapshot.brands}


def test_a_broken_index_of_wordmarks_is_one_line(snapshot: Snapshot) -> None:
    (snapshot.folder / INDEX).write_bytes(b"damaged")
    with pytest.raises(MatcherError, match="start a new scan") as caught:
        _ = Snapshot(snapshot.folder).lexicon
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", ["descriptors", "votes"])
def test_a_snapshot_without_a_gallery_is_one_line(
    workspace: Workspace, snapshot: Snapshot, part: str
) -> None:
    (snapshot.folder / part / "manifest.json").unlink()
    with pytest.raises(MatcherError) as raised:
        build_examiner(workspace, Snapshot(snapshot.folder), cache=NoCache())
    assert "\n" not in str(raised.value)


def test_only_settings_that_verdicts_rest_on_are_written_down(
    workspace: Workspace, galleries: Galleries, snapshot: Snapshot
) -> None:
    secret = DatabaseSettings(url="postgresql://someone:secret@example.invalid/matcher")
    workspace.settings = workspace.settings.model_copy(
        update={"database": secret, "scan": ScanSettings(workers=7)}
    )
    assert freeze(workspace, galleries, load_policy()).folder == snapshot.folder
    assert "secret" not in (snapshot.folder / DESCRIPTION).read_text(encoding="utf-8")
