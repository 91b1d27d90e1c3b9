"""Many images at once: several in a form, and a ZIP as a job that tells of each file and outlives kills."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from matcher.config import ServiceSettings
from matcher.errors import CatalogError
from matcher.faults import VARIABLE
from matcher.service.job_folders import sweep
from tests.matcher.commands.conftest import matcher
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import Tenant, png, service_behind, tenant, zipped
from tests.matcher.service.test_app import problem
from tests.matcher.service.test_catalog import add_brand
from tests.matcher.service.test_jobs import IDLE, QUICK, TOML, ended
from tests.matcher.service.test_resumable import begun, offset, part
from tests.matcher.service.test_server import begin

BOTH_DATABASES = True

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def send(owner: Tenant, brand: int, archive: bytes, **fields: str) -> Any:
    path = f"/v1/brands/{brand}/archives"
    return owner.post(path, files=[("archive", ("a.zip", archive))], data=fields)


def test_several_images_become_a_reference_each_and_bad_ones_are_told(start: Start) -> None:
    owner = tenant(start())
    brand = add_brand(owner)
    photos = [("lamp.png", png(1)), ("../../chair.png", png(2)), ("bad.png", SVG), ("lamp.png", png(3))]
    files = [("photos", photo) for photo in photos]
    found = owner.post(f"/v1/brands/{brand}/images", files=files).json()["images"]
    assert [(one["reference_id"], one["outcome"]) for one in found] == [
        ("lamp", "added"), ("chair", "added"), ("bad", "failed"), ("3-lamp", "added")
    ]  # fmt: skip
    assert "SVG" in found[2]["reason"]
    again = owner.post(f"/v1/brands/{brand}/images", files=files).json()["images"]
    assert [one["outcome"] for one in again] == ["unchanged", "unchanged", "failed", "unchanged"]
    assert owner.get("/v1/audit").json()["items"][-1]["target"] == "Acme: 3 of the kind reference"
    problem(owner.post(f"/v1/brands/{brand}/images", files=files[2:3]), 422)


def test_an_archive_is_taken_in_as_a_job_that_tells_of_every_file(start: Start) -> None:
    owner = tenant(start(settings=QUICK))
    brand = add_brand(owner)
    files = {f"shop/{number}.png": png(number) for number in range(20)}
    files |= {"vector.svg": SVG, "inner.zip": zipped({"a.png": png(1)}), "../out.png": png(30)}
    answer = send(owner, brand, zipped(files), kind="logo")
    assert answer.status_code == 202, answer.text
    job = ended(owner, answer.json()["job_id"])
    assert (job["state"], job["done"]) == ("done", 23), job
    assert job["result"] == {"added": 20, "changed": 0, "unchanged": 0, "failed": 3}
    where = f"/v1/jobs/{job['job_id']}/rows"
    first = owner.get(where, params={"limit": 15}).json()
    rest = owner.get(where, params={"limit": 15, "after": first["next"]}).json()
    rows = [*first["items"], *rest["items"]]
    assert [one["line"] for one in rows] == list(range(1, 24))
    failed = owner.get(where, params={"outcome": "failed"}).json()["items"]
    assert [one["reference_id"] for one in failed] == ["vector", "inner", "../out.png"]
    said = [one["reasons"] for one in failed]
    assert "SVG" in said[0]
    assert "a ZIP archive" in said[1]
    assert "leads out" in said[2]
    assert owner.get("/v1/galleries").json()["images"]["logo"] == 20
    again = ended(owner, send(owner, brand, zipped(files), kind="logo").json()["job_id"])
    assert again["result"] == {"added": 0, "changed": 0, "unchanged": 20, "failed": 3}


def test_a_hostile_archive_is_refused_at_once_and_leaves_nothing(start: Start, tmp_path: Path) -> None:
    settings = IDLE.model_copy(
        update={"service": ServiceSettings(run_jobs=False, max_archive_entries=3, max_archive_bytes=5_000)}
    )
    owner = tenant(start(settings=settings))
    brand = add_brand(owner)
    many = problem(send(owner, brand, zipped({f"{n}.png": b"x" for n in range(4)})), 422)
    assert many["detail"] == "the archive holds 4 entries, at most 3 are read"
    two = problem(send(owner, brand, b"GIF89a" + zipped({"a.png": b"x"})), 422)
    assert "two kinds" in str(two["detail"])
    problem(send(owner, brand, zipped({"a.png": b"x" * 6_000})), 413)
    problem(owner.post(f"/v1/brands/{brand}/archives", data={"kind": "logo"}), 422)
    assert list((tmp_path / "workspace" / "jobs").iterdir()) == []
    assert owner.get("/v1/jobs").json()["items"] == []


def test_what_is_left_of_old_jobs_is_removed_with_their_rows(start: Start, tmp_path: Path) -> None:
    settings = QUICK.model_copy(update={"service": QUICK.service.model_copy(update={"keep_days": 1e-9})})
    owner = tenant(start(settings=settings))
    job = ended(owner, send(owner, add_brand(owner), zipped({"a.png": png(1)})).json()["job_id"])
    folder = tmp_path / "workspace" / "jobs"
    stray, fresh = folder / "stray", folder / "fresh"
    stray.mkdir()
    fresh.mkdir()
    os.utime(stray, (0, 0))
    sweep(service_behind(owner.client).workspace)
    assert list(folder.iterdir()) == [fresh]
    assert owner.get(f"/v1/jobs/{job['job_id']}/rows").json()["items"] == []
    assert owner.get(f"/v1/jobs/{job['job_id']}").json()["result"]["added"] == 1


def test_images_are_on_record_as_soon_as_they_are_in(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = tenant(start())
    brand = add_brand(owner)

    def dies(_: Any) -> None:
        raise CatalogError("as if the server had died")

    monkeypatch.setattr("matcher.service.access.Caller.effected", dies)
    files = [("photos", (f"{number}.png", png(number))) for number in range(18)]
    problem(owner.post(f"/v1/brands/{brand}/images", files=files), 422)
    acts = [one for one in owner.get("/v1/audit").json()["items"] if one["action"] == "images.put"]
    assert [one["target"].partition(": ")[2] for one in acts] == [
        "16 of the kind reference", "2 of the kind reference"
    ]  # fmt: skip
    assert len(owner.get("/v1/references").json()["items"]) == 18


def test_a_job_whose_files_are_removed_is_not_tried_again(start: Start, tmp_path: Path) -> None:
    owner = tenant(start(settings=IDLE))
    number = send(owner, add_brand(owner), zipped({"a.png": png(1)})).json()["job_id"]
    owner.post(f"/v1/jobs/{number}/cancel")
    (folder,) = (tmp_path / "workspace" / "jobs").iterdir()
    folder.rename(tmp_path / "elsewhere")
    problem(owner.post(f"/v1/jobs/{number}/retry"), 409)


@pytest.mark.slow
def test_an_archive_is_taken_in_once_by_servers_that_are_killed(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "workspace"
    secret = matcher(folder, "admin", "create").stdout.strip()
    (folder / "matcher.toml").write_text(TOML, encoding="utf-8")
    headers = {"Authorization": f"Bearer {secret}"}
    files = {f"{number}.png": png(number) for number in range(36)} | {"bad.png": SVG}
    number = 0
    for point in ("import:batch-written:2", "import:batch-committed:1", "job:worked"):
        monkeypatch.setenv(VARIABLE, point)
        running, address = begin(folder)
        if not number:
            with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
                brand = client.post("/v1/brands", json={"name": "Acme"}).json()["brand_id"]
                sent = [("archive", ("a.zip", zipped(files)))]
                number = client.post(f"/v1/brands/{brand}/archives", files=sent).json()["job_id"]
        running.communicate(timeout=60)
        assert running.returncode == -signal.SIGKILL, point
        time.sleep(0.2)
    monkeypatch.delenv(VARIABLE)
    running, address = begin(folder)
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
            job = ended(client, number)
            rows = client.get(f"/v1/jobs/{number}/rows").json()["items"]
    finally:
        running.terminate()
        running.communicate(timeout=60)
    assert (job["state"], job["attempts"]) == ("done", 4), json.dumps(job)
    assert job["result"] == {"added": 36, "changed": 0, "unchanged": 0, "failed": 1}
    assert [one["line"] for one in rows] == list(range(1, 38))


@pytest.mark.slow
def test_an_upload_and_its_import_end_whole_whenever_servers_are_killed(tmp_path: Path) -> None:
    chance, folder = random.Random(7), tmp_path / "workspace"
    secret = matcher(folder, "admin", "create").stdout.strip()
    (folder / "matcher.toml").write_text(TOML, encoding="utf-8")
    headers = {"Authorization": f"Bearer {secret}"}
    blob = zipped({f"{number}.png": png(number) for number in range(60)})
    where, number, kills = "", 0, 0
    while True:
        running, address = begin(folder)
        # The first one comes early, as a fast machine is soon done.
        killer = threading.Timer(chance.uniform(0.5, 3.0) if kills else 0.1, running.kill)
        if kills < 8:
            killer.start()
        try:
            with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
                if not number:
                    client.post("/v1/brands", json={"name": "Acme"}).raise_for_status()
                    where = where or begun(client, len(blob))
                    while (at := received(client, where, len(blob))) < len(blob):
                        part(client, where, at, blob[at : at + 20_000]).raise_for_status()
                    sent = {"upload": where.rpartition("/")[2]}
                    number = asked(client, sent)
                job = ended(client, number)
                rows = client.get(f"/v1/jobs/{number}/rows").json()["items"]
                break
        except httpx.HTTPError:
            kills += 1
        finally:
            killer.cancel()
            running.kill()
            running.communicate(timeout=60)
    assert kills >= 1, "or nothing was tried"
    assert (job["state"], job["result"]) == ("done", {"added": 60, "changed": 0, "unchanged": 0, "failed": 0})
    assert [one["line"] for one in rows] == list(range(1, 61))


def received(client: httpx.Client, where: str, length: int) -> int:
    """Bytes of the upload that are kept: all, when a job took it and its server died before it said so."""
    taken = bool(client.get("/v1/jobs").raise_for_status().json()["items"])
    return length if taken else offset(client, where)


def asked(client: httpx.Client, sent: dict[str, str]) -> int:
    """The job of the finished upload, asked for once, though a server may have died on it."""
    while True:
        answer = client.post("/v1/brands/1/archives", data=sent, headers={"Idempotency-Key": "once"})
        jobs = client.get("/v1/jobs").raise_for_status().json()["items"]
        if jobs:
            assert len(jobs) == 1, answer.text
            return int(jobs[0]["job_id"])
        assert "retry-after" in answer.headers, answer.text
        time.sleep(0.2)
