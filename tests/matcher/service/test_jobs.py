"""Scans and imports as jobs: acknowledged, watched, read back, and not lost by a kill at any point."""

from __future__ import annotations

import io
import json
import math
import signal
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as parquet
import pytest

from matcher import describing
from matcher.assembly import build_galleries
from matcher.catalog import find_job
from matcher.config import FetchSettings, PolicySettings, ServiceSettings
from matcher.errors import ScanMovedError, StorageError
from matcher.faults import VARIABLE
from matcher.policy import load_policy
from matcher.scan import run_scan
from matcher.service.table_import import import_table
from tests.matcher import drawn
from tests.matcher.commands.conftest import matcher
from tests.matcher.drawn import SETTINGS
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import Tenant, png, service_behind, tenant, zipped
from tests.matcher.service.test_app import problem
from tests.matcher.service.test_catalog import add_brand, put
from tests.matcher.service.test_check import check, stolen
from tests.matcher.service.test_server import begin

BOTH_DATABASES = True

QUICK = SETTINGS.model_copy(
    update={
        "fetch": FetchSettings(allow_hosts=("127.0.0.1",)),
        "service": ServiceSettings(poll_seconds=0.05, lease_seconds=2),
    }
)
IDLE = QUICK.model_copy(update={"service": ServiceSettings(run_jobs=False)})
TOML = """
[models]
embed_side = 192
photo_tiles = [[0.5, 3]]
keypoint_side = 384
keypoint_count = 400
text = "none"
logo = "none"
[matching]
voting_keypoints = 250
by_descriptor = 5
by_vote = 6
[scan]
workers = 1
chunk_photos = 2
[fetch]
allow_hosts = ["127.0.0.1"]
[service]
lease_seconds = 1.0
poll_seconds = 0.1
"""
"""QUICK, as a workspace's own settings."""


def listings(server: str) -> bytes:
    """Six listings, the odd ones with a brand's picture, and two rows whose photos cannot be had."""
    rows = ["listing_id,image,title,price,currency,seller_id"]
    for number, product in enumerate((300, 2, 301, 7, 302, 3)):
        rows.append(f"L-{number},{server}/product-{product}.png,An offer,9,EUR,shop-9")
    rows += [f"gone,{server}/absent.png,An offer,9,EUR,shop-9", "none,,An offer,9,EUR,shop-9"]
    return "\n".join(rows).encode()


def ended(owner: Any, number: int) -> dict[str, Any]:
    """The job when it has ended."""
    for _ in range(600):
        job: dict[str, Any] = owner.get(f"/v1/jobs/{number}").json()
        if job["state"] in ("done", "failed", "cancelled"):
            return job
        time.sleep(0.1)
    raise AssertionError(f"the job never ended: {job}")


def begun(owner: Tenant, path: str, manifest: bytes, **fields: str) -> int:
    answer = owner.post(path, files=[("manifest", ("table", manifest))], data=fields)
    assert answer.status_code == 202, answer.text
    number: int = answer.json()["job_id"]
    return number


def test_checks_and_scans_are_decided_by_the_policy_that_the_settings_name(
    start: Start, tmp_path: Path, photo_server: str
) -> None:
    folder = drawn.workspace_folder(tmp_path / "filled")
    mine = (
        load_policy()
        .policy_text.replace('"default"', '"outlet"')
        .replace("counterfeit = 0.95", "counterfeit = 1")
    )
    (folder / "outlet.toml").write_text(mine, encoding="utf-8")
    settings = QUICK.model_copy(update={"policy": PolicySettings(file="outlet.toml")})
    owner = tenant(start(folder, settings))
    verdict = check(owner, stolen(2)).json()["verdict"]
    assert (verdict["policy"], verdict["verdict"]) == ("outlet@1", "review")
    number = begun(owner, "/v1/scans", listings(photo_server))
    assert ended(owner, number)["result"]["verdicts"] == {"clear": 3, "review": 3, "counterfeit": 0}


def test_a_scan_is_watched_and_read_back_and_sees_its_owners_catalog_alone(
    start: Start, tmp_path: Path, photo_server: str
) -> None:
    client = start(drawn.workspace_folder(tmp_path / "filled"), QUICK)
    owner = tenant(client)
    number = begun(owner, "/v1/scans", listings(photo_server))
    told = owner.get(f"/v1/jobs/{number}/events").text
    assert told.startswith("event: job\ndata: {")
    job = ended(owner, number)
    assert (job["state"], job["error"], job["attempts"], job["done"]) == ("done", "", 1, 8)
    assert job["result"]["verdicts"] == {"clear": 3, "review": 0, "counterfeit": 3}
    first = owner.get(f"/v1/jobs/{number}/verdicts", params={"limit": 4}).json()
    rest = owner.get(f"/v1/jobs/{number}/verdicts", params={"limit": 4, "after": first["next"]}).json()
    found = [*first["items"], *rest["items"]]
    assert [one["listing_id"] for one in found] == [f"L-{n}" for n in range(6)]
    assert [one["verdict"] for one in found] == ["clear", "counterfeit"] * 3
    lines = owner.get(f"/v1/jobs/{number}/verdicts.ndjson").text.splitlines()
    assert [json.loads(line)["listing_id"] for line in lines] == [f"L-{n}" for n in range(6)]
    table = parquet.read_table(io.BytesIO(owner.get(f"/v1/jobs/{number}/verdicts.parquet").content))
    assert table["listing_id"].to_pylist() == [f"L-{n}" for n in range(6)]
    failed = owner.get(f"/v1/jobs/{number}/failures").json()["items"]
    assert {one["listing_id"] for one in failed} == {"gone", "none"}
    assert str(tmp_path) not in str(failed)
    for wanted, count in ({"kind": "scan", "state": "done"}, 1), ({"kind": "import"}, 0):
        assert len(owner.get("/v1/jobs", params=wanted).json()["items"]) == count
    problem(owner.get("/v1/jobs", params={"state": "asleep"}), 422)
    assert len(owner.get("/v1/reviews").json()["items"]) == 3
    stranger = tenant(client, "stranger")
    other = ended(stranger, begun(stranger, "/v1/scans", listings(photo_server)))
    assert other["result"]["verdicts"] == {"clear": 6, "review": 0, "counterfeit": 0}


def test_a_row_with_several_photos_that_fail_is_one_row_done(start: Start, tmp_path: Path) -> None:
    owner = tenant(start(drawn.workspace_folder(tmp_path / "filled"), QUICK))
    table = b"listing_id,image\nL-1,a.png|gone.png|lost.png\nL-2,gone.png|lost.png\n"
    job = ended(owner, begun(owner, "/v1/scans", zipped({"offers.csv": table, "a.png": png(300)})))
    assert (job["state"], job["done"]) == ("done", 2)
    assert (job["result"]["listings"], job["result"]["failed"]) == (1, 4)


def test_a_zip_of_photos_is_scanned_with_or_without_a_table(start: Start, tmp_path: Path) -> None:
    owner = tenant(start(drawn.workspace_folder(tmp_path / "filled"), QUICK))
    photos = {"a.jpg": stolen(2), "b.png": png(300), "c.png": b"no picture"}
    job = ended(owner, begun(owner, "/v1/scans", zipped(photos)))
    assert (job["state"], job["result"]["listings"], job["result"]["failed"]) == ("done", 2, 1)
    table = (
        b"listing_id,image,price,currency,seller_id\nL-1,a.jpg|b.png,9,EUR,shop-9\nL-2,d.png,9,EUR,shop-9\n"
    )
    job = ended(owner, begun(owner, "/v1/scans", zipped({"offers.csv": table, **photos})))
    assert job["result"]["verdicts"] == {"clear": 0, "review": 0, "counterfeit": 1}
    (failed,) = owner.get(f"/v1/jobs/{job['job_id']}/failures").json()["items"]
    assert (failed["listing_id"], failed["line"]) == ("L-2", 3)
    assert "is not in the archive" in failed["reason"]
    assert str(tmp_path) not in str(failed)


def test_an_import_tells_its_bad_rows_and_counts_in_the_next_check(start: Start, photo_server: str) -> None:
    owner = tenant(start(settings=QUICK))
    brand = str(add_brand(owner, "Aurelio"))
    rows = [
        {"reference_id": "R-2", "image": f"{photo_server}/product-2.png", "price": "80", "currency": "EUR"},
        {"reference_id": "bad", "image": "../../matcher.db"},
    ]
    manifest = "\n".join(map(json.dumps, rows)).encode()
    job = ended(owner, begun(owner, "/v1/imports", manifest, brand_id=brand))
    assert (job["state"], job["result"]["added"], job["result"]["failed"]) == ("done", 1, 1)
    assert job["result"]["failures"][0]["reference_id"] == "bad"
    assert check(owner, stolen(2)).json()["verdict"]["verdict"] == "counterfeit"
    again = ended(owner, begun(owner, "/v1/imports", manifest, brand_id=brand))
    assert again["result"]["unchanged"] == 1
    problem(owner.get(f"/v1/jobs/{job['job_id']}/verdicts"), 409)
    problem(owner.get(f"/v1/jobs/{job['job_id']}/verdicts.parquet"), 409)


def test_an_import_that_is_begun_again_tells_what_it_did_as_a_whole(start: Start, photo_server: str) -> None:
    owner = tenant(start(settings=IDLE))
    brand = str(add_brand(owner, "Aurelio"))
    put(owner, int(brand), "R-5", png(5))
    # R-5 is there with this very picture: what the table changes of it is the title.
    rows = [f"R-{n},{photo_server}/product-{n}.png,Lamp {n}" for n in range(20)]
    rows.insert(3, f"gone,{photo_server}/absent.png,Gone")
    table = "\n".join(["reference_id,image,title", *rows]).encode()
    number = begun(owner, "/v1/imports", table, brand_id=brand)
    workspace = service_behind(owner.client).workspace
    workspace.settings = QUICK
    with workspace.database.read() as connection:
        job = find_job(connection, owner.owner_id, number)

    def killed(done: int) -> None:
        if done > 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_table(workspace, job, killed)
    result = import_table(workspace, job, lambda _done: None)
    failures: Any = result.pop("failures")
    assert result == {"added": 19, "changed": 1, "unchanged": 0, "failed": 1}
    assert [(one["line"], one["reference_id"]) for one in failures] == [(5, "gone")]
    told = owner.get(f"/v1/jobs/{number}/rows", params={"outcome": "failed"}).json()["items"]
    assert [one["line"] for one in told] == [5]


def test_a_check_after_an_import_finds_its_images_described(
    start: Start, photo_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    executor = describing.ThreadPoolExecutor

    def counted(threads: int) -> Any:
        counts.append(threads)
        return executor(threads)

    monkeypatch.setattr(describing, "ThreadPoolExecutor", counted)
    service = ServiceSettings(poll_seconds=0.05, import_threads=3)
    owner = tenant(start(settings=QUICK.model_copy(update={"service": service})))
    brand = str(add_brand(owner, "Aurelio"))
    rows = ["reference_id,image", *(f"R-{n},{photo_server}/product-{n}.png" for n in range(20))]
    ended(owner, begun(owner, "/v1/imports", "\n".join(rows).encode(), brand_id=brand))
    sent = [("archive", ("a.zip", zipped({"a.png": png(40)})))]
    ended(owner, owner.post(f"/v1/brands/{brand}/archives", files=sent).json()["job_id"])
    assert len(counts) >= 3, "as rows come in, and at the end"
    assert set(counts) == {3}
    galleries = build_galleries(service_behind(owner.client).workspace)
    assert (galleries.verify_caches(), galleries.verify()) == ([], [])


@pytest.mark.parametrize(
    ("cores", "given", "threads"), [(1, 0, 1), (2, 0, 1), (8, 0, 7), (8, 8, 8), (None, 0, 1)]
)
def test_an_import_leaves_a_core_to_checks_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, given: int, threads: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert ServiceSettings(import_threads=given).imported_at_once == threads


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (b"", "the manifest is empty"),
        (b"\x00\x01\x02" * 99, "of no known format"),
        (b"colour\nred\n", "has no column"),
        (b"PK\x03\x04 no workbook", "the manifest"),
        (zipped({"a.jpg": bytes(10_000_000)}, zipfile.ZIP_DEFLATED), "would expand"),
    ],
)
def test_what_is_no_table_is_refused_at_once_and_leaves_nothing(
    start: Start, tmp_path: Path, manifest: bytes, said: str
) -> None:
    owner = tenant(start(settings=IDLE))
    refused = owner.post("/v1/scans", files=[("manifest", ("../../x", manifest))])
    assert said in str(problem(refused, 422)["detail"])
    assert list((tmp_path / "workspace" / "jobs").iterdir()) == []
    assert owner.get("/v1/jobs").json()["items"] == []


def test_a_worker_that_was_taken_for_dead_and_commits_once_more_fails_nobodys_scan(
    start: Start, tmp_path: Path, photo_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def beside_another(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) < 3:
            raise ScanMovedError("scan 1 is running at 4, not running at 2: is another scan writing it?")
        return run_scan(*given, **named)

    monkeypatch.setattr("matcher.service.runner.run_scan", beside_another)
    owner = tenant(start(drawn.workspace_folder(tmp_path / "filled"), QUICK))
    job = ended(owner, begun(owner, "/v1/scans", listings(photo_server)))
    assert (job["state"], job["error"], job["attempts"]) == ("done", "", 1)
    assert len(calls) == 3


def test_the_metrics_tell_how_many_jobs_wait_and_how_long(
    start: Start, photo_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = start(settings=IDLE)
    owner = tenant(client)
    assert gauge(client, 'matcher_jobs{state="waiting"}') == 0
    begun(owner, "/v1/scans", listings(photo_server))
    time.sleep(0.05)
    assert gauge(client, 'matcher_jobs{state="waiting"}') == 1
    assert gauge(client, 'matcher_jobs{state="running"}') == 0
    assert gauge(client, "matcher_job_waiting_seconds") >= 0.05

    def broken(_: Any) -> None:
        raise StorageError("the disk is gone")

    monkeypatch.setattr("matcher.service.observing.open_jobs", broken)
    assert math.isnan(gauge(client, 'matcher_jobs{state="waiting"}'))


def gauge(client: Any, name: str) -> float:
    (line,) = [one for one in client.get("/metrics").text.splitlines() if one.startswith(f"{name} ")]
    return float(line.rpartition(" ")[2])


def test_a_job_is_cancelled_and_tried_again(start: Start, tmp_path: Path, photo_server: str) -> None:
    folder = drawn.workspace_folder(tmp_path / "filled")
    owner = tenant(start(folder, IDLE))
    number = begun(owner, "/v1/scans", listings(photo_server))
    problem(owner.post(f"/v1/jobs/{number}/retry"), 422)
    assert owner.post(f"/v1/jobs/{number}/cancel").json()["state"] == "cancelled"
    assert owner.get(f"/v1/jobs/{number}/verdicts").json()["items"] == []
    assert owner.post(f"/v1/jobs/{number}/retry").json()["state"] == "waiting"
    # Another server on the same workspace works on what the first only took.
    assert ended(tenant(start(folder, QUICK)), number)["state"] == "done"


@pytest.mark.slow
def test_a_scan_outlives_servers_that_are_killed_again_and_again(
    tmp_path: Path, photo_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = drawn.workspace_folder(tmp_path / "filled")
    (folder / "matcher.toml").write_text(TOML, encoding="utf-8")
    secret = matcher(folder, "admin", "create").stdout.strip()
    headers = {"Authorization": f"Bearer {secret}"}
    number = 0
    for point in ("job:claimed", "scan:chunk-committed:2", "job:worked"):
        monkeypatch.setenv(VARIABLE, point)
        running, address = begin(folder)
        if not number:
            sent = [("manifest", ("table", listings(photo_server)))]
            asked = httpx.post(f"{address}/v1/scans", files=sent, headers=headers, timeout=30)
            number = asked.json()["job_id"]
        running.communicate(timeout=60)
        assert running.returncode == -signal.SIGKILL, point
    monkeypatch.delenv(VARIABLE)
    running, address = begin(folder)
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
            job = ended(client, number)
            found = client.get(f"/v1/jobs/{number}/verdicts").json()["items"]
            failed = client.get(f"/v1/jobs/{number}/failures").json()["items"]
    finally:
        running.terminate()
        running.communicate(timeout=60)
    assert (job["state"], job["attempts"]) == ("done", 4)
    assert [one["listing_id"] for one in found] == [f"L-{n}" for n in range(6)]
    assert [one["verdict"] for one in found] == ["clear", "counterfeit"] * 3
    assert sorted(one["listing_id"] for one in failed) == ["gone", "none"]
