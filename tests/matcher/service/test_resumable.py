"""Uploads in parts: begun, broken off, gone on with, used by a job, expired; and not lost by a kill."""

from __future__ import annotations

import base64
import fcntl
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from matcher.config import ServiceSettings
from matcher.faults import VARIABLE
from matcher.service.job_folders import sweep
from tests.matcher.commands.conftest import matcher
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import Tenant, png, service_behind, tenant, zipped
from tests.matcher.service.test_app import problem
from tests.matcher.service.test_catalog import add_brand
from tests.matcher.service.test_jobs import IDLE, QUICK, TOML, ended
from tests.matcher.service.test_server import begin

TUS = {"Tus-Resumable": "1.0.0"}


def begun(owner: Any, length: int, name: str = "shop.zip") -> str:
    encoded = base64.b64encode(name.encode()).decode()
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": f"filename {encoded},other"}
    answer = owner.post("/v1/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["tus-resumable"] == "1.0.0"
    where: str = answer.headers["location"]
    return where


def part(owner: Any, where: str, offset: int, blob: bytes) -> Any:
    kind = "application/offset+octet-stream"
    headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": kind}
    ask = owner.ask if isinstance(owner, Tenant) else owner.request
    return ask("PATCH", where, headers=headers, content=blob)


def offset(owner: Any, where: str) -> int:
    ask = owner.ask if isinstance(owner, Tenant) else owner.request
    answer = ask("HEAD", where, headers=TUS)
    assert (answer.status_code, answer.headers.get("cache-control")) == (200, "no-store")
    return int(answer.headers["upload-offset"])


def test_a_file_comes_in_parts_and_is_then_taken_by_a_job(start: Start, tmp_path: Path) -> None:
    owner = tenant(start(settings=QUICK))
    archive, brand = zipped({"a.png": png(1), "b.png": png(2)}), add_brand(owner)
    where = begun(owner, len(archive))
    upload = where.rpartition("/")[2]
    assert offset(owner, where) == 0
    sent = part(owner, where, 0, archive[:1000])
    assert (sent.status_code, sent.headers["upload-offset"]) == (204, "1000")
    assert sent.headers["upload-expires"].endswith("GMT")
    early = owner.post(f"/v1/brands/{brand}/archives", data={"upload": upload})
    assert "only 1,000 of the upload's" in str(problem(early, 409)["detail"])
    problem(part(owner, where, 999, archive[999:]), 409)
    assert part(owner, where, 1000, archive[1000:]).status_code == 204
    assert [one["name"] for one in owner.get("/v1/uploads").json()] == ["shop.zip"]
    job = owner.post(f"/v1/brands/{brand}/archives", data={"upload": upload}).json()
    assert ended(owner, job["job_id"])["result"]["added"] == 2
    assert owner.get("/v1/uploads").json() == []
    assert list((tmp_path / "workspace" / "uploads").iterdir()) == []
    problem(owner.post(f"/v1/brands/{brand}/archives", data={"upload": upload}), 404)


def test_tables_come_in_parts_too(start: Start) -> None:
    owner = tenant(start(settings=IDLE))
    table = b"listing_id,image\nL,https://shop.example/a.png\n"
    where = begun(owner, len(table))
    part(owner, where, 0, table)
    job = owner.post("/v1/scans", data={"upload": where.rpartition("/")[2]})
    assert (job.status_code, job.json()["kind"]) == (202, "scan")


def test_what_does_not_keep_to_the_protocol_is_refused(start: Start) -> None:
    settings = IDLE.model_copy(
        update={"service": ServiceSettings(run_jobs=False, max_archive_bytes=100, max_uploads=2)}
    )
    owner = tenant(start(settings=settings))
    old = owner.post("/v1/uploads", headers={"Tus-Resumable": "0.2.2", "Upload-Length": "5"})
    problem(old, 412)
    assert old.headers["tus-version"] == "1.0.0"
    problem(owner.post("/v1/uploads", headers={**TUS, "Upload-Length": "101"}), 413)
    problem(owner.post("/v1/uploads", headers={**TUS, "Upload-Length": "-1"}), 422)
    problem(owner.post("/v1/uploads", headers=TUS), 422)
    bad = {**TUS, "Upload-Length": "5", "Upload-Metadata": "filename ?"}
    problem(owner.post("/v1/uploads", headers=bad), 400)
    where = begun(owner, 5)
    problem(owner.ask("PATCH", where, headers={**TUS, "Upload-Offset": "0"}, content=b"a"), 415)
    problem(part(owner, where, 0, b"123456"), 413)
    assert offset(owner, where) == 0
    begun(owner, 5)
    problem(owner.post("/v1/uploads", headers={**TUS, "Upload-Length": "5"}), 409)
    assert owner.delete(where, headers=TUS).status_code == 204
    assert owner.ask("HEAD", where, headers=TUS).status_code == 404
    begun(owner, 5)


def test_a_client_may_ask_what_is_spoken(start: Start) -> None:
    answer = start().options("/v1/uploads")
    assert (answer.status_code, answer.headers["tus-version"]) == (204, "1.0.0")
    assert answer.headers["tus-extension"] == "creation,expiration,termination"
    assert int(answer.headers["tus-max-size"]) == ServiceSettings().max_archive_bytes


def test_bytes_beyond_the_acknowledged_ones_are_sent_again(start: Start, tmp_path: Path) -> None:
    owner = tenant(start(settings=IDLE))
    where = begun(owner, 10)
    part(owner, where, 0, b"01234")
    file = tmp_path / "workspace" / "uploads" / where.rpartition("/")[2]
    file.write_bytes(b"01234xxx")  # as a power cut may leave it
    assert offset(owner, where) == 5
    assert part(owner, where, 5, b"56789").status_code == 204
    assert file.read_bytes() == b"0123456789"


def test_an_upload_that_nobody_goes_on_with_expires(start: Start, tmp_path: Path) -> None:
    settings = IDLE.model_copy(update={"service": ServiceSettings(run_jobs=False, upload_hours=1e-7)})
    owner = tenant(start(settings=settings))
    where = begun(owner, 5)
    problem(part(owner, where, 0, b"12345"), 404)
    file = tmp_path / "workspace" / "uploads" / where.rpartition("/")[2]
    sweep(service_behind(owner.client).workspace)
    assert file.exists(), "it is young: a request may be at it"
    os.utime(file, (0, 0))
    sweep(service_behind(owner.client).workspace)
    assert not file.exists()


def test_one_part_comes_at_a_time(start: Start, tmp_path: Path) -> None:
    owner = tenant(start(settings=IDLE))
    where = begun(owner, 5)
    with (tmp_path / "workspace" / "uploads" / where.rpartition("/")[2]).open("rb+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        problem(part(owner, where, 0, b"12345"), 423)
    assert part(owner, where, 0, b"12345").status_code == 204


@pytest.mark.slow
def test_a_kill_in_the_middle_of_a_part_loses_nothing_that_was_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "workspace"
    secret = matcher(folder, "admin", "create").stdout.strip()
    (folder / "matcher.toml").write_text(TOML, encoding="utf-8")
    headers = {"Authorization": f"Bearer {secret}"}
    blob = bytes(range(256)) * 400
    where = ""
    for point, kept in (("upload:synced", 0), ("upload:kept", 1000)):
        monkeypatch.setenv(VARIABLE, point)
        running, address = begin(folder)
        with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
            where = where or begun(client, len(blob))
            with pytest.raises(httpx.HTTPError):
                part(client, where, 0, blob[:1000])
        running.communicate(timeout=60)
        assert running.returncode == -signal.SIGKILL, point
        monkeypatch.delenv(VARIABLE)
        running, address = begin(folder)
        with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
            assert offset(client, where) == kept
            if kept:
                assert part(client, where, kept, blob[kept:]).status_code == 204
        running.terminate()
        running.communicate(timeout=60)
    assert (folder / "uploads" / where.rpartition("/")[2]).read_bytes() == blob
