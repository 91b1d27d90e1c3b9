"""Files sent from a page: images, ZIPs and tables in one form, in parts, with advice where one is refused."""

from __future__ import annotations

import base64
import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import Tenant, png, tenant, zipped
from tests.matcher.service.test_jobs import IDLE, QUICK
from tests.matcher.service.test_uploads import SVG
from tests.matcher.service.web.people import Person, person
from tests.matcher.service.web.test_brands import brand

PART = {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def client(start: Start) -> TestClient:
    return start(settings=QUICK)


@pytest.fixture
def owner(client: TestClient) -> Tenant:
    return tenant(client)


@pytest.fixture
def kim(client: TestClient) -> Person:
    return person(client, "kim")


def told(kim: Person, path: str, *files: tuple[str, bytes], **fields: str) -> list[dict[str, Any]]:
    """What a script hears of each file."""
    headers = {"Accept": "application/json", "X-CSRF-Token": kim.token()}
    answer = kim.browser.post(path, files=[("files", file) for file in files], data=fields, headers=headers)
    assert answer.status_code in (200, 422), answer.text
    heard: list[dict[str, Any]] = json.loads(answer.text)
    return heard


def ended(kim: Person, job: int) -> dict[str, Any]:
    """The job as its events tell it at the end."""
    for _ in range(100):
        lines = kim.get(f"/scans/{job}/events").text.splitlines()
        last: dict[str, Any] = json.loads([one for one in lines if one.startswith("data: ")][-1][6:])
        if last["state"] in ("done", "failed"):
            return last
        time.sleep(0.1)
    raise AssertionError(last)


def references(owner: Tenant) -> list[str]:
    return sorted(one["reference_id"] for one in owner.get("/v1/references").json()["items"])


def test_a_script_hears_of_each_file_and_what_to_do(kim: Person, owner: Tenant) -> None:
    to = f"{brand(kim)}/files"
    assert told(kim, to, ("a.png", png(1)))[0] == {
        "name": "a.png", "outcome": "added", "reason": "", "advice": "", "job": None, "rows": None
    }  # fmt: skip
    assert told(kim, to, ("a.png", png(1)))[0]["outcome"] == "unchanged"
    (broken,) = told(kim, to, ("b.png", SVG))
    assert (broken["outcome"], broken["reason"]) == ("", "is not an image: looks like SVG")
    assert broken["advice"] == "Save the picture as JPEG or PNG and send that."
    assert told(kim, to, ("a.png", png(2)), identity="lamps/a")[0]["outcome"] == "added"
    assert references(owner) == ["a", "lamps/a"]


def test_images_of_one_name_in_a_form_keep_apart(kim: Person, owner: Tenant) -> None:
    heard = told(kim, f"{brand(kim)}/files", ("a.jpg", png(1)), ("a.png", png(2)), ("a.png", png(3)))
    assert [one["outcome"] for one in heard] == ["added"] * 3
    assert references(owner) == ["2-a", "a.jpg", "a.png"]


def test_images_a_zip_and_a_table_go_together(kim: Person, owner: Tenant, photo_server: str) -> None:
    archive = zipped({"lamps/1.png": png(1), "=cmd|1.svg": SVG, "../2.png": png(2)})
    table = f"reference_id,image\nT-1,{photo_server}/product-5.png\nT-2,p2.png\nT-3,\n".encode()
    heard = told(kim, f"{brand(kim)}/files", ("a.png", png(7)), ("shop.zip", archive), ("t.csv", table))
    assert [(one["outcome"], one["rows"]) for one in heard] == [("added", None), ("", 3), ("", 3)]
    first, second = (ended(kim, one["job"]) for one in heard[1:])
    assert first["result"] == {"added": 1, "changed": 0, "unchanged": 0, "failed": 2}
    assert (second["result"]["added"], second["result"]["failed"]) == (1, 2)
    assert references(owner) == ["T-1", "a", "lamps/1"]
    page = kim.page(f"/scans/{first['job_id']}")
    for words in (
        "<h1>Import",
        "Rows that failed",
        "looks like SVG",
        "leads out",
        "Give the file a plain name",
    ):
        assert words in page
    part = kim.page(f"/scans/{second['job_id']}/failures")
    assert "images are web addresses" in part
    assert "Fill the column image" in part
    rows = list(csv.reader(io.StringIO(kim.get(f"/scans/{first['job_id']}/failures.csv").text)))
    assert [(row[0].lstrip("\ufeff"), row[1]) for row in rows] == [
        ("line", "row"), ("2", "'=cmd|1"), ("3", "../2.png")
    ]  # fmt: skip


def test_a_table_in_a_zip_says_what_its_images_are(kim: Person, owner: Tenant) -> None:
    table = b"reference_id,image,price,currency\nL-1,lamps/1.png|lamps/2.png,80,EUR\nL-2,absent.png,9,EUR\n"
    archive = zipped({"shop/table.csv": table, "shop/lamps/1.png": png(1), "shop/lamps/2.png": png(2)})
    (heard,) = told(kim, f"{brand(kim)}/files", ("shop.zip", archive))
    assert (heard["outcome"], heard["rows"]) == ("", 2), heard
    job = ended(kim, heard["job"])
    assert (job["state"], job["result"]["added"], job["result"]["failed"]) == ("done", 1, 1), job
    assert "is not in the archive" in job["result"]["failures"][0]["reason"]
    assert references(owner) == ["L-1"]


def test_what_is_refused_as_a_whole_is_told_and_begins_no_job(kim: Person, owner: Tenant) -> None:
    to = f"{brand(kim)}/files"
    for name, blob, reason, advice in (
        ("a.zip", zipped({"a.png": b"x"})[:-30], "is no ZIP archive", "one plain ZIP"),
        ("a.zip", b"GIF89a", "is truncated", "anew"),
        ("a.zip", b"Rar!\x1a\x07\x00", "is no ZIP archive", "one plain ZIP"),
        ("a.zip", zipped({"a.csv": b"colour\nred\n", "a.png": b"x"}), "has no column", "reference_id"),
        ("a.csv", b"colour\nred\n", "has no column", "reference_id"),
        ("a.parquet", b"PAR1 no table", "is not a readable Parquet", "CSV"),
        ("a.xlsx", zipped({"[Content_Types].xml": b"<Types/>"}), "not an Excel workbook", "CSV"),
        ("a.xlsx", zipped({"a.csv": b"id,image", "b.csv": b"id,image"}), "several tables", "one of them"),
        ("a.xml", b"<?xml", "manifest", "send"),
        ("video.mp4", b"\0\0\0\x18ftypmp42", "looks like a video", "JPEG or PNG"),
        ("notes", b"hello", "looks like text", "picture itself"),
    ):
        (heard,) = told(kim, to, (name, blob))
        assert reason in heard["reason"], heard
        assert advice in heard["advice"], heard
    assert owner.get("/v1/jobs").json()["items"] == []
    assert kim.send(to).status_code == 422


def test_a_large_file_comes_in_parts_that_go_on_after_a_break(
    kim: Person, owner: Tenant, tmp_path: Path
) -> None:
    archive = zipped({f"{number}.png": png(number) for number in range(4)})
    where = begun(kim, "shop.zip", len(archive))
    headers = {"X-CSRF-Token": kim.token()}
    half = len(archive) // 2
    sent = kim.browser.patch(where, content=archive[:half], headers={**PART, **headers, "Upload-Offset": "0"})
    assert (sent.status_code, sent.headers["upload-offset"]) == (204, str(half))
    early = kim.send(f"{brand(kim)}/files", upload=where.rpartition("/")[2])
    assert (early.status_code, "bytes have come" in early.text) == (409, True)
    assert kim.browser.head(where).headers["upload-offset"] == str(half)
    rest = {**PART, **headers, "Upload-Offset": str(half)}
    assert kim.browser.patch(where, content=archive[half:], headers=rest).status_code == 204
    (heard,) = told(kim, "/brands/1/files", upload=where.rpartition("/")[2])
    assert heard["name"] == "shop.zip"
    assert ended(kim, heard["job"])["result"]["added"] == 4
    assert list((tmp_path / "workspace" / "uploads").iterdir()) == []


def test_a_large_image_may_come_in_parts_too(kim: Person, owner: Tenant, tmp_path: Path) -> None:
    blob = png(3)
    where = begun(kim, "lamp.png", len(blob))
    headers = {**PART, "X-CSRF-Token": kim.token(), "Upload-Offset": "0"}
    kim.browser.patch(where, content=blob, headers=headers)
    brand(kim)
    (heard,) = told(kim, "/brands/1/files", upload=where.rpartition("/")[2], identity="lamps/lamp")
    assert heard["outcome"] == "added"
    assert references(owner) == ["lamps/lamp"]
    assert list((tmp_path / "workspace" / "uploads").iterdir()) == []


def test_parts_are_a_persons_own_and_need_our_token(client: TestClient, kim: Person) -> None:
    where = begun(kim, "shop.zip", 10)
    lee = person(client, "lee", "other")
    headers = {**PART, "Upload-Offset": "0"}
    assert kim.browser.patch(where, content=b"x" * 10, headers=headers).status_code == 403
    foreign = {**headers, "X-CSRF-Token": lee.token()}
    assert lee.browser.patch(where, content=b"x" * 10, headers=foreign).status_code == 404
    assert lee.browser.head(where).status_code == 404
    mine = {"X-CSRF-Token": kim.token()}
    assert kim.browser.delete(where, headers=mine).status_code == 204
    assert kim.browser.head(where).status_code == 404
    large = kim.browser.post("/uploads", headers={**mine, "Upload-Length": str(2**50)})
    assert (large.status_code, "max_archive_bytes" in large.text) == (413, True)


def test_a_table_of_listings_may_come_in_parts(start: Start) -> None:
    kim = person(start(settings=IDLE), "kim")
    table = b"listing_id,image\nL-1,https://shop.example/a.png\n"
    where = begun(kim, "listings.csv", len(table))
    headers = {"X-CSRF-Token": kim.token()}
    kim.browser.patch(where, content=table, headers={**PART, **headers, "Upload-Offset": "0"})
    sent = {"upload": where.rpartition("/")[2]}
    answer = kim.browser.post("/scans", data=sent, headers={**headers, "Accept": "application/json"})
    (heard,) = answer.json()
    assert "0 rows of 1" in kim.page(f"/scans/{heard['job']}")


def begun(kim: Person, name: str, length: int) -> str:
    """Where the parts of a new upload go."""
    encoded = base64.b64encode(name.encode()).decode()
    headers = {"Upload-Length": str(length), "Upload-Metadata": f"filename {encoded}"}
    answer = kim.browser.post("/uploads", headers={**headers, "X-CSRF-Token": kim.token()})
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]
