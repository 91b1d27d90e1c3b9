"""A scan answers every row once, keeps no more than it must, and goes on after a kill."""

from __future__ import annotations

import json
import re
import shutil
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from PIL import Image

from matcher.assembly import build_galleries, freeze
from matcher.catalog import count_verdicts, iterate_judged, latest_scan, sweep_images, verify_catalog
from matcher.config import Settings
from matcher.errors import ManifestError, MatcherError, ScanError
from matcher.manifests import Row
from matcher.matching import PhotoMatcher
from matcher.policy import Policy, load_policy, parse_policy
from matcher.records import FailedRow, Listing, VerdictKind
from matcher.scan import CACHE, ScanRequest, ScanSummary, chunked, prepare_worker, run_scan
from matcher.snapshot import Snapshot
from matcher.workspace import Workspace
from tests.matcher import drawn, scanned
from tests.matcher.drawn import SETTINGS
from tests.matcher.malformed import write_malformed
from tests.matcher.scanned import ODD_IDS, files, lines


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scanned.write_listings(tmp_path_factory.mktemp("listings"))


@pytest.fixture(scope="module")
def done(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, ScanSummary]:
    """A workspace with a finished scan, its outputs and its summary; tests only read them."""
    folder = drawn.workspace_folder(tmp_path_factory.mktemp("scanned") / "workspace")
    out = folder.parent / "out"
    with Workspace.open(folder, SETTINGS) as workspace:
        return folder, out, run_scan(workspace, load_policy(), ScanRequest(manifest, out, csv=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return drawn.workspace_folder(tmp_path / "workspace")


def scan(folder: Path, manifest: Path, out: Path, **options: Any) -> ScanSummary:
    with Workspace.open(folder, SETTINGS) as workspace:
        return run_scan(workspace, load_policy(), ScanRequest(manifest, out, **options))


def test_every_row_has_its_answer(done: tuple[Path, Path, ScanSummary]) -> None:
    _, out, summary = done
    verdicts = {line["listing_id"]: line["verdict"] for line in lines(out / "verdicts.jsonl")}
    assert list(verdicts) == ["stolen", "clear", *ODD_IDS]
    flagged = {name for name, verdict in verdicts.items() if verdict != "clear"}
    assert flagged == {"stolen", ODD_IDS[1], ODD_IDS[4]}
    errors = [(line["listing_id"], line["line"]) for line in lines(out / "errors.jsonl")]
    assert errors == [("broken", 4), (ODD_IDS[1], 6), ("bad price", 8), ("no photo", 11)]
    assert summary.listings == len(verdicts)
    assert summary.failed == len(errors)


def test_the_outputs_agree_with_each_other(done: tuple[Path, Path, ScanSummary]) -> None:
    folder, out, summary = done
    assert {path.name for path in out.iterdir()} == {
        "verdicts.jsonl",
        "verdicts.parquet",
        "verdicts.csv",
        "errors.jsonl",
        "summary.json",
        "report.html",
    }
    verdicts = lines(out / "verdicts.jsonl")
    table = parquet.read_table(out / "verdicts.parquet").to_pylist()
    for name in ("listing_id", "verdict", "score", "brand", "snapshot"):
        assert [row[name] for row in table] == [line[name] for line in verdicts]
    facts = json.loads((out / "summary.json").read_text())
    assert facts["listings"] == len(verdicts)
    assert facts["failed_rows"] == len(lines(out / "errors.jsonl"))
    assert facts["failed_photos"] == 1
    counted = {kind.value: sum(line["verdict"] == kind.value for line in verdicts) for kind in VerdictKind}
    assert facts["verdicts"] == counted == {kind.value: count for kind, count in summary.counts.items()}
    with Workspace.open(folder, SETTINGS) as workspace, workspace.database.read() as connection:
        assert count_verdicts(connection, summary.scan_id) == summary.counts
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "stolen" in page


def test_only_photos_of_flagged_listings_are_kept_and_nothing_of_where_they_were_taken(
    done: tuple[Path, Path, ScanSummary], manifest: Path
) -> None:
    folder, _, summary = done
    assert b"Camera of an invented maker" in (manifest.parent / "stolen.jpg").read_bytes()
    with Workspace.open(folder, SETTINGS) as workspace, workspace.database.read() as connection:
        for judged in iterate_judged(connection, summary.scan_id):
            for photo in judged.photos:
                clear = judged.verdict.verdict is VerdictKind.CLEAR
                assert bool(photo.stored_hash) is not clear
                if not clear:
                    path = workspace.store.path(photo.content_hash)
                    assert b"invented maker" not in path.read_bytes()
                    with Image.open(path) as kept:
                        assert not kept.getexif().get_ifd(0x8825)
        report = verify_catalog(connection, workspace.store)
    assert report.problems == ()
    assert report.notes == ()


def test_a_zip_of_the_table_and_its_photos_is_scanned_as_they_are_in_a_folder(
    done: tuple[Path, Path, ScanSummary], folder: Path, manifest: Path, tmp_path: Path
) -> None:
    packed = Path(shutil.make_archive(str(tmp_path / "listings"), "zip", manifest.parent))
    scan(folder, packed, tmp_path / "packed")
    assert lines(tmp_path / "packed" / "verdicts.jsonl") == lines(done[1] / "verdicts.jsonl")
    errors, others = (lines(out / "errors.jsonl") for out in (tmp_path / "packed", done[1]))
    assert [(one["line"], one["listing_id"]) for one in errors] == [
        (one["line"], one["listing_id"]) for one in others
    ]
    assert {one["source"] for one in errors} == {str(packed)}


def test_a_finished_scan_resumed_writes_the_same_files(
    done: tuple[Path, Path, ScanSummary], manifest: Path
) -> None:
    folder, out, summary = done
    before = files(out)
    (out / "verdicts.jsonl").unlink()
    again = scan(folder, manifest, out, resume=True, csv=True)
    assert files(out) == before
    assert (again.scan_id, again.counts, again.photos) == (summary.scan_id, summary.counts, 0)


def test_a_purge_does_not_wait_for_the_end_of_a_scan_and_costs_it_nothing(
    done: tuple[Path, Path, ScanSummary], manifest: Path, folder: Path
) -> None:
    out, orphan = folder.parent / "out", "0" * 64
    swept: list[int] = []
    progressed: list[bool] = []

    def sweep() -> None:
        with Workspace.open(folder, SETTINGS) as workspace:
            swept.append(sweep_images(workspace.database, workspace.store))

    sweeper = threading.Thread(target=sweep)

    def purge(rows: int, photos: int) -> None:
        if not progressed:
            sweeper.start()
            while not workspace.store.sweep_waits() and sweeper.is_alive():
                time.sleep(0.001)
        progressed.append(bool(swept))

    with Workspace.open(folder, changed_settings("scan", chunk_photos=1)) as workspace:
        workspace.store.put(orphan, b"nothing names me")
        run_scan(workspace, load_policy(), ScanRequest(manifest, out), progress=purge)
        sweeper.join()
        assert progressed[0] is False
        assert progressed[-1] is True
        assert swept == [1]
        assert not workspace.store.has(orphan)
        with workspace.database.read() as connection:
            report = verify_catalog(connection, workspace.store)
    assert (report.problems, report.notes) == ((), ())
    assert files(out) == files(done[1])


def test_a_finished_scan_needs_no_snapshot_any_more(
    done: tuple[Path, Path, ScanSummary], manifest: Path, folder: Path
) -> None:
    out = folder.parent / "out"
    scan(folder, manifest, out)
    told = json.loads((out / "summary.json").read_text())
    assert told["policy"] == "default@1"
    assert told["models"]["keypoints"] == "rootsift"
    shutil.rmtree(folder / "snapshots")
    shutil.rmtree(out)
    scan(folder, manifest, out, resume=True)
    assert files(out) == files(done[1])
    again = json.loads((out / "summary.json").read_text())
    for name in ("policy", "models", "snapshot", "verdicts"):
        assert again[name] == told[name]


def test_an_unfinished_scan_whose_snapshot_is_gone_says_so(manifest: Path, folder: Path) -> None:
    out = folder.parent / "out"
    interrupted(folder, manifest, out)
    shutil.rmtree(folder / "snapshots")
    with pytest.raises(MatcherError, match=r"snapshot .* is not there any more; scan into another") as raised:
        scan(folder, manifest, out, resume=True)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "point",
    [
        "snapshot:written",
        pytest.param("snapshot:renamed", marks=pytest.mark.slow),
        "images:written",
        pytest.param("images:renamed:2", marks=pytest.mark.slow),
        "scan:rows-written:1",
        pytest.param("scan:rows-written:2", marks=pytest.mark.slow),
        "scan:chunk-committed:1",
        "scan:chunk-committed:2",
        "scan:finished",
        "outputs-written:2",
        pytest.param("outputs-renamed:5", marks=pytest.mark.slow),
        "outputs-renamed:8",
    ],
)
def test_killed_and_resumed_it_gives_the_same_bytes(
    done: tuple[Path, Path, ScanSummary], manifest: Path, folder: Path, point: str
) -> None:
    _, expected, _ = done
    out = folder.parent / "out"
    assert scanned.killed_at(point, "scan", folder, manifest, out)
    summary = scan(folder, manifest, out, resume=True)
    assert files(out) == files(expected)
    assert {path.name for path in out.iterdir() if path.name.startswith(("photos", "."))} == set()
    with Workspace.open(folder, SETTINGS) as workspace, workspace.database.read() as connection:
        assert len(list(iterate_judged(connection, summary.scan_id))) == summary.listings
        assert verify_catalog(connection, workspace.store).problems == ()


class InterruptError(Exception):
    """What stops a scan in these tests."""


def interrupted(folder: Path, manifest: Path, out: Path) -> None:
    """Begin the scan, and stop it after its first chunk."""

    def stop(done: int, photos: int) -> None:
        raise InterruptError

    with Workspace.open(folder, SETTINGS) as workspace, pytest.raises(InterruptError):
        run_scan(workspace, load_policy(), ScanRequest(manifest, out), progress=stop)


def changed_settings(section: str, **values: object) -> Settings:
    return SETTINGS.model_copy(
        update={section: type(getattr(SETTINGS, section))(**vars(getattr(SETTINGS, section)) | values)}
    )


def test_a_scan_is_not_resumed_with_settings_that_its_first_verdicts_did_not_know(
    done: tuple[Path, Path, ScanSummary], manifest: Path, folder: Path
) -> None:
    out = folder.parent / "out"
    interrupted(folder, manifest, out)
    with pytest.raises(ScanError, match="scan 1 already, which is not finished; give --resume to continue"):
        scan(folder, manifest, out)
    request = ScanRequest(manifest, out, resume=True)
    for section, key, value in (
        ("models", "keypoint_count", 300),
        ("models", "embed_side", 224),
        ("matching", "voting_keypoints", 100),
        ("images", "working_side", 256),
        ("scan", "max_photos_per_listing", 3),
    ):
        before = getattr(getattr(SETTINGS, section), key)
        said = f"began with {section}.{key} {before}, which is {value} now"
        with (
            Workspace.open(folder, changed_settings(section, **{key: value})) as workspace,
            pytest.raises(ScanError, match=re.escape(said)) as raised,
        ):
            run_scan(workspace, load_policy(), request)
        assert "\n" not in str(raised.value)
    with Workspace.open(folder, changed_settings("scan", chunk_photos=8, max_report_rows=9)) as workspace:
        run_scan(workspace, load_policy(), request)
    assert files(out) == files(done[1])
    # The verdicts of a finished scan stand, whatever is set now; its files can still be written again.
    with Workspace.open(folder, changed_settings("models", keypoint_count=300)) as workspace:
        run_scan(workspace, load_policy(), request)
    assert files(out) == files(done[1])


def stricter(label: str = "default") -> Policy:
    """The shipped policy with another threshold, under whatever name."""
    text = load_policy().policy_text.replace('name = "default"', f'name = "{label}"')
    return parse_policy(re.sub(r"(?m)^review = .*$", "review = 0.01", text, count=1), "other.toml")


def test_a_scan_is_not_resumed_under_a_policy_given_that_it_did_not_begin_with(
    done: tuple[Path, Path, ScanSummary], manifest: Path, folder: Path
) -> None:
    out = folder.parent / "out"
    interrupted(folder, manifest, out)
    given = ScanRequest(manifest, out, resume=True, policy_given=True)
    with Workspace.open(folder, SETTINGS) as workspace:
        for other in (stricter(), stricter("strict")):
            said = "--policy .* is not what scan 1 began with.*another --out.*leave --policy out"
            with pytest.raises(ScanError, match=said) as raised:
                run_scan(workspace, other, given)
            assert "\n" not in str(raised.value)
        commented = parse_policy(load_policy().policy_text + "\n# a note\n", "same.toml")
        run_scan(workspace, commented, given)
        assert files(out) == files(done[1])
        with pytest.raises(ScanError, match="--policy"):  # its verdicts are those of the other policy, too
            run_scan(workspace, stricter(), given)
        shutil.rmtree(workspace.folder / "snapshots")
        run_scan(workspace, load_policy(), given)
        with pytest.raises(ScanError, match="--policy"):
            run_scan(workspace, stricter("strict"), given)
        # Whoever names none goes on under that of the snapshot.
        run_scan(workspace, stricter("strict"), ScanRequest(manifest, out, resume=True))
    assert files(out) == files(done[1])


def test_what_cannot_be_resumed_is_said_in_one_line(
    done: tuple[Path, Path, ScanSummary], manifest: Path, tmp_path: Path
) -> None:
    folder, out, _ = done
    changed = scanned.write_listings(tmp_path / "listings")
    changed.write_bytes(changed.read_bytes() + b"more,unrelated-300.png,An offer,20,EUR,shop-9\n")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    refused = [
        (manifest, out, {}, "holds scan"),
        (manifest, out, {"resume": True, "limit": 3}, "began without --limit"),
        (changed, out, {"resume": True}, "is not what scan"),
        (manifest, tmp_path / "full", {}, "is not empty"),
        (manifest, tmp_path / "full", {"resume": True}, "is not empty"),
        (manifest, tmp_path / "file", {}, "cannot be made a folder"),
    ]
    before = files(out)
    for path, place, options, reason in refused:
        with pytest.raises(ScanError, match=re.escape(reason)) as raised:
            scan(folder, path, place, **options)
        assert "\n" not in str(raised.value)
    with pytest.raises(ManifestError):
        scan(folder, tmp_path / "absent.csv", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert files(out) == before
    assert (tmp_path / "full" / "note.txt").read_text() == "mine"


def test_of_two_scans_that_begin_at_once_into_one_folder_the_later_is_refused(
    folder: Path, manifest: Path
) -> None:
    out = folder.parent / "out"
    with Workspace.open(folder, SETTINGS) as workspace:

        def overtaken() -> Snapshot:
            scan(folder, manifest, out)
            return freeze(workspace, build_galleries(workspace), load_policy())

        with pytest.raises(ScanError, match="holds scan 1 already"):
            run_scan(workspace, load_policy(), ScanRequest(manifest, out), take=overtaken)
        with workspace.database.read() as connection:
            newest = latest_scan(connection, str(out.resolve()))
    assert newest is not None
    assert (newest.scan_id, newest.state) == (1, "finished")


def test_a_folder_that_was_cleared_takes_a_new_scan(folder: Path, manifest: Path) -> None:
    out = folder.parent / "out"
    first = scan(folder, manifest, out, limit=2)
    shutil.rmtree(out)
    second = scan(folder, manifest, out, limit=1)
    assert (first.scan_id, second.scan_id, second.listings) == (1, 2, 1)
    with pytest.raises(ScanError, match="holds scan 2 already"):
        scan(folder, manifest, out, limit=1)


def test_a_limit_counts_rows(folder: Path, manifest: Path, done: tuple[Path, Path, ScanSummary]) -> None:
    out = folder.parent / "out"
    scan(folder, manifest, out, limit=3)
    assert [line["listing_id"] for line in lines(out / "verdicts.jsonl")] == ["stolen", "clear"]
    whole = (done[1] / "verdicts.jsonl").read_bytes()
    assert whole.startswith((out / "verdicts.jsonl").read_bytes())


def test_identical_photos_are_examined_once(
    done: tuple[Path, Path, ScanSummary], manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _, _ = done
    looked: list[int] = []
    find = PhotoMatcher.find
    monkeypatch.setattr(PhotoMatcher, "find", lambda self, pixels: looked.append(1) or find(self, pixels))
    (place,) = (folder / "snapshots").iterdir()
    arguments = (folder, SETTINGS, place, manifest, tmp_path / CACHE)
    for number, examine in enumerate([prepare_worker(*arguments), prepare_worker(*arguments)]):
        listing = Listing(listing_id=str(number), images=("stolen.jpg", "stolen.jpg", "unrelated-300.png"))
        assert examine(Row(1, listing)).result is not None
    assert len(looked) == 2


def test_addresses_that_do_not_answer_cost_their_photos_and_not_the_listing(
    folder: Path, manifest: Path, tmp_path: Path
) -> None:
    photos = shutil.copytree(manifest.parent, tmp_path / "listings")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        dead = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        row = f"L-1,{dead}a.jpg|stolen.jpg|{dead}b.jpg,An offer,20,EUR,shop-9"
        given = drawn.written(photos / "dead.csv", [",".join(scanned.HEADER), row])
        settings = changed_settings("fetch", allow_hosts=("127.0.0.1",))
        short = type(settings.scan)(**vars(settings.scan) | {"listing_timeout_seconds": 12.0})
        with Workspace.open(folder, settings.model_copy(update={"scan": short})) as workspace:
            run_scan(workspace, load_policy(), ScanRequest(given, tmp_path / "out"))
    (verdict,) = lines(tmp_path / "out" / "verdicts.jsonl")
    assert verdict["matches"][0]["photo"] == 1
    reasons = [line["reason"] for line in lines(tmp_path / "out" / "errors.jsonl")]
    assert ["scan.listing_timeout_seconds" in reason for reason in reasons] == [True, True]


@pytest.mark.parametrize("count", [60, pytest.param(300, marks=pytest.mark.slow)])
def test_malformed_photos_are_error_rows_or_right_verdicts(folder: Path, tmp_path: Path, count: int) -> None:
    made = write_malformed(tmp_path / "photos", count)
    if count < 300:
        # Of the odd but sound files too, which come after the hostile ones.
        shutil.rmtree(tmp_path / "photos")
        made = write_malformed(tmp_path / "photos", 120)[::2]
    rows = ["listing_id,image", *(f"L-{n},{one.path.name}" for n, one in enumerate(made))]
    manifest = drawn.written(tmp_path / "photos" / "listings.csv", rows)
    out = tmp_path / "out"
    summary = scan(folder, manifest, out)
    answered = {line["listing_id"] for line in lines(out / "verdicts.jsonl")}
    refused = {line["listing_id"]: line["reason"] for line in lines(out / "errors.jsonl")}
    assert answered | set(refused) == {f"L-{n}" for n in range(len(made))}
    assert not answered & set(refused)
    assert summary.counts[VerdictKind.COUNTERFEIT] == 0
    for number, one in enumerate(made):
        if one.expectation != "either":
            assert (f"L-{number}" in answered) is (one.expectation == "accepted"), one.kind
    assert not any("could not be examined" in reason or "worker" in reason for reason in refused.values())


def entry(photos: int) -> Row[Listing]:
    return Row(1, Listing(listing_id="L", images=("a.png",) * photos))


def test_chunks_hold_whole_listings_and_end() -> None:
    entries = [entry(3), entry(3), entry(9), entry(1), *[entry(0)] * 20]
    chunks = list(chunked(iter(entries), 4))
    assert [len(chunk) for chunk in chunks] == [2, 1, 16, 5]
    assert [one for chunk in chunks for one in chunk] == entries
    failed = FailedRow(source="l.csv", line=2, reason="bad")
    assert list(chunked([failed], 4)) == [[failed]]
    assert list(chunked([], 4)) == []
