"""Listings are answered as they arrive: each once, with a scan's verdicts, also after a kill."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from matcher.catalog import list_brands, list_scans, replace_brand
from matcher.errors import ManifestError
from matcher.policy import load_policy
from matcher.scan import ScanRequest, ScanSummary, run_scan
from matcher.watching import Watch, answer_name
from matcher.watching.inbox import DONE, FAILED, Inbox
from matcher.workspace import Workspace
from tests.matcher import drawn
from tests.matcher.drawn import SETTINGS
from tests.matcher.scanned import files, lines
from tests.matcher.service.tenants import zipped
from tests.matcher.watching import watched
from tests.matcher.watching.watched import arrive

ROWS = (("stolen", "stolen.jpg"), ("clear", "other.png"))


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A workspace, an inbox with photos, and where answers go."""
    watched.put_photos(tmp_path / "inbox")
    return drawn.workspace_folder(tmp_path / "workspace"), tmp_path / "inbox", tmp_path / "out"


def test_what_arrives_while_it_runs_is_answered_until_it_is_told_to_stop(
    places: tuple[Path, Path, Path],
) -> None:
    folder, inbox, out = places
    answered: list[tuple[str, ScanSummary]] = []
    refused: list[str] = []
    with Workspace.open(folder, SETTINGS) as workspace:
        watch = Watch(
            workspace, load_policy(), Inbox(inbox), out,
            told=lambda manifest, summary: answered.append((manifest.name, summary)),
            refused=lambda manifest, error: refused.append(f"{manifest.name} {type(error) is ManifestError}"),
        )  # fmt: skip
        running = threading.Thread(target=watch.run)
        running.start()
        try:
            first = arrive(inbox, "first.csv", *ROWS)
            name = answer_name(first)
            wait_for(lambda: len(answered) == 1)
            (inbox / ".bad.csv").write_text("nothing,known\n1,2\n")
            (inbox / ".bad.csv").rename(inbox / "bad.csv")
            arrive(inbox, "second.csv", *ROWS[::-1])
            wait_for(lambda: len(answered) == 2 and bool(refused))
        finally:
            watch.stopping.set()
            running.join(60)
        assert not running.is_alive()
    assert refused == ["bad.csv True"]
    assert {path.name for path in (inbox / DONE).iterdir()} == {"first.csv", "second.csv"}
    assert {path.name for path in (inbox / FAILED).iterdir()} == {"bad.csv"}
    assert [one["verdict"] for one in lines(out / name / "verdicts.jsonl")] == ["counterfeit", "clear"]
    assert {one.name for one in (out / name).iterdir()} >= {"report.html", "summary.json", "verdicts.parquet"}


def test_a_zip_of_photos_is_answered_like_a_table(places: tuple[Path, Path, Path]) -> None:
    folder, inbox, out = places
    photos = {name: (inbox / name).read_bytes() for _, name in ROWS}
    (inbox / ".offers.zip").write_bytes(zipped(photos))
    (inbox / ".offers.zip").rename(inbox / "offers.zip")
    name = answer_name(inbox / "offers.zip")
    watched.watch(folder, inbox, out)
    told = {one["listing_id"]: one["verdict"] for one in lines(out / name / "verdicts.jsonl")}
    assert told == {"stolen": "review", "other": "clear"}
    assert (inbox / DONE / "offers.zip").exists()


def wait_for(done: object, seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    assert callable(done)
    while not done():
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.05)


def test_the_verdicts_are_those_of_a_scan_and_the_same_content_is_answered_once(
    places: tuple[Path, Path, Path],
) -> None:
    folder, inbox, out = places
    manifest = arrive(inbox, "a.csv", *ROWS)
    name = answer_name(manifest)
    with Workspace.open(folder, SETTINGS) as workspace:
        run_scan(workspace, load_policy(), ScanRequest(manifest, folder.parent / "scan"))
    watched.watch(folder, inbox, out)
    assert files(out / name) == files(folder.parent / "scan")
    arrive(inbox, "a.csv", *ROWS)
    watched.watch(folder, inbox, out)
    assert [path.name for path in out.iterdir()] == [name]
    assert Inbox(inbox).waiting() == []
    with Workspace.open(folder, SETTINGS) as workspace, workspace.database.read() as connection:
        assert len(list_scans(connection)) == 2  # the scan and the one watch


def test_a_newly_licensed_seller_counts_from_the_next_manifest_on(places: tuple[Path, Path, Path]) -> None:
    folder, inbox, out = places
    summaries: list[ScanSummary] = []
    with Workspace.open(folder, SETTINGS) as workspace:
        watch = Watch(
            workspace, load_policy(), Inbox(inbox), out,
            told=lambda _manifest, summary: summaries.append(summary),
        )  # fmt: skip
        arrive(inbox, "before.csv", ROWS[0])
        watch.run(once=True)
        with workspace.database.write() as connection:
            for brand in list_brands(connection):
                sellers = (*brand.licensed_sellers, "shop-9")
                replace_brand(connection, brand.model_copy(update={"licensed_sellers": sellers}))
        arrive(inbox, "after.csv", ROWS[0])
        watch.run(once=True)
    found = [lines(summary.out / "verdicts.jsonl")[0]["verdict"] for summary in summaries]
    assert found == ["counterfeit", "clear"]


POINTS = ("scan:rows-written", "scan:chunk-committed", "outputs-renamed", "watch:answered", "watch:settled")


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_point_loses_nothing_and_doubles_nothing(
    places: tuple[Path, Path, Path], point: str
) -> None:
    folder, inbox, out = places
    manifest = arrive(inbox, "a.csv", *ROWS, ("again", "stolen.jpg"), ("absent", "absent.jpg"))
    name = answer_name(manifest)
    assert watched.killed_at(point, folder, inbox, out)
    watched.watch(folder, inbox, out)
    listings = [one["listing_id"] for one in lines(out / name / "verdicts.jsonl")]
    assert listings == ["stolen", "clear", "again"]
    assert [one["listing_id"] for one in lines(out / name / "errors.jsonl")] == ["absent"]
    assert (inbox / DONE / "a.csv").exists()
    with Workspace.open(folder, SETTINGS) as workspace, workspace.database.read() as connection:
        assert [scan.state for scan in list_scans(connection)] == ["finished"]
