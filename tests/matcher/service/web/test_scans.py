"""A scan from a page: uploaded, watched, filtered, taken to review, and packed as evidence."""

from __future__ import annotations

import hashlib
import io
import json
import re
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from matcher.catalog import Role, add_job, list_acts, start_scan
from matcher.policy import load_policy
from matcher.scan import ScanRequest, run_scan
from tests.matcher import drawn
from tests.matcher import scanned as scanned_files
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import png, service_behind, tenant
from tests.matcher.service.test_jobs import IDLE, QUICK, listings
from tests.matcher.service.web.people import Person, person


@pytest.fixture
def client(start: Start, tmp_path: Path) -> TestClient:
    return start(drawn.workspace_folder(tmp_path / "filled"), QUICK)


@pytest.fixture
def kim(client: TestClient) -> Person:
    return person(client, "kim")


def scanned(kim: Person, table: bytes) -> str:
    """The address of a scan that has ended."""
    begun = kim.send("/scans", files=[("manifest", ("listings.csv", table))])
    assert begun.status_code == 303, begun.text
    to = begun.headers["location"]
    for _ in range(600):
        if "hx-refresh" in kim.get(f"{to}/progress").headers:
            return to
        time.sleep(0.1)
    raise AssertionError(kim.page(to))


def test_a_table_becomes_verdicts_that_lead_to_review(kim: Person, photo_server: str) -> None:
    to = scanned(kim, listings(photo_server))
    page = kim.page(to)
    assert "Done" in page
    assert "8 rows, 2 failed" in page
    assert "listings.csv" in page, "the table that was scanned"
    assert "listings.csv" in kim.page("/scans")
    assert page.count('class="row listing"') == 6
    assert page.count('class="thumb" src') == 3, "photos of what is clear are not kept"
    assert "404" in page, "why a row failed"
    found = kim.page(f"{to}?kind=counterfeit&brand=Borealis")
    assert found.count('class="row listing"') == 1
    review = re.search(r'href="(/review/\d+\?scan=\d+)"', found)
    assert review
    assert "Borealis" in kim.page(review[1])
    assert "Nothing under this filter" in kim.page(f"{to}?brand=Nobody")
    assert "3 listings wait for a review" in kim.page("/")
    lines = kim.get(f"{to}/verdicts.ndjson")
    names = [json.loads(line)["listing_id"] for line in lines.text.splitlines()]
    assert names == [f"L-{number}" for number in range(6)]
    assert "attachment" in lines.headers["content-disposition"]


def test_a_scan_that_a_command_ran_is_listed_and_leads_to_review(
    start: Start, tmp_path: Path, photo_server: str
) -> None:
    folder = drawn.workspace_folder(tmp_path / "filled")
    client = start(folder, QUICK)
    kim, lee = person(client, "kim"), person(client, "lee", "Other")
    kim.send("/scans", files=[("manifest", ("first.csv", listings(photo_server)))])
    workspace = service_behind(client).workspace
    manifest = scanned_files.write_listings(tmp_path / "listings")
    request = ScanRequest(manifest, tmp_path / "monday")
    run_scan(workspace, load_policy(), request)
    page = kim.page("/scans")
    assert page.index("Scan into monday") < page.index("Scan 1"), "the newest first"
    assert "Scan into monday" in kim.page("/")
    to = re.findall(r'href="(/scans/command/\d+)"', page)[0]
    page = kim.page(to)
    assert "listings.csv" in page
    assert "by a command" in page
    assert "Done" in page
    assert "10 rows, 4 failed" in page
    assert page.count('class="row listing"') == 7
    assert "absent.png: is not there" in page
    assert "correct the path" in page, "a command's table may name files"
    flagged = kim.page(f"{to}?kind=counterfeit")
    review = re.search(r'href="(/review/\d+\?scan=\d+)"', flagged)
    assert review
    assert "Listing" in kim.page(review[1])
    names = [json.loads(line)["listing_id"] for line in kim.get(f"{to}/verdicts.ndjson").text.splitlines()]
    assert names[:2] == ["stolen", "clear"]
    assert kim.get(f"{to}/failures.csv").text.count("\n") == 5
    assert lee.get(to).status_code == 404
    assert "monday" not in lee.page("/scans")


def test_the_list_goes_on_over_pages_whoever_ran_them(client: TestClient, kim: Person) -> None:
    with service_behind(client).workspace.database.write() as connection:
        for number in range(25):
            if number % 2:
                add_job(connection, 1, "scan", {"folder": f"{number:024x}", "name": f"table-{number}."})
            else:
                out = {"out": f"/srv/out-{number}.", "manifest": "/srv/cron.csv", "manifest_fingerprint": ""}
                start_scan(connection, **out, snapshot=0, settings={}, owner_id=1)
        start_scan(
            connection, out=f"/srv/jobs/{0:024x}/out", manifest="m", manifest_fingerprint="", snapshot=0,
            settings={},
        )  # fmt: skip
    first = kim.page("/scans")
    assert "Not finished" in first
    older = re.findall(r'href="(/scans\?before=\d+)">Older', first)[0]
    second = kim.page(older)
    found = [int(one) for one in re.findall(r"(?:out|table)-(\d+)\.", first + second)]
    assert found == list(range(24, -1, -1))
    assert "Older" not in second


def test_what_is_no_table_is_refused_at_once(kim: Person) -> None:
    refused = kim.send("/scans", files=[("manifest", ("a.csv", b"\x00\x01"))])
    assert (refused.status_code, "The manifest" in refused.text) == (422, True)
    assert "No scan yet" in kim.page("/scans")


def test_a_job_that_waits_is_watched_cancelled_and_goes_on(start: Start) -> None:
    kim = person(start(settings=IDLE), "kim")
    table = b"listing_id,image\nL-1,https://shop.example/a.png\nL-2,https://shop.example/b.png\n"
    to = kim.send("/scans", files=[("manifest", ("a.csv", table))]).headers["location"]
    page = kim.page(to)
    assert 'hx-trigger="every 1s"' in page
    assert "0 rows of 2" in page
    assert 'hx-get="/scans/latest' in kim.page("/scans")
    assert kim.get(f"{to}/progress", headers={"HX-Request": "true"}).text.lstrip().startswith("<div")
    kim.send(f"{to}/cancel")
    assert "Cancelled" in kim.page(to)
    assert kim.get("/scans/latest").text.count("hx-get") == 0
    kim.send(f"{to}/retry")
    assert "Waiting" in kim.page(to)
    assert kim.send(f"{to}/retry").status_code == 422


def test_a_table_of_references_is_imported_as_a_job(kim: Person, photo_server: str) -> None:
    brand = kim.send("/brands", name="Acme").headers["location"]
    rows = f"reference_id,image\nA,{photo_server}/product-80.png\nB,{photo_server}/absent.png\n".encode()
    to = tabled(kim, brand, rows)
    for _ in range(300):
        if "Done" in (page := kim.page(to)):
            break
        time.sleep(0.1)
    assert "<dt>Added</dt><dd>1</dd>" in page
    assert "404" in page
    assert "References <b>1</b>" in kim.page(brand)


def tabled(kim: Person, brand: str, rows: bytes) -> str:
    """The address of the import that a table of references became."""
    page = kim.send(f"{brand}/files", files=[("files", ("t.csv", rows))])
    assert page.status_code == 200, page.text
    return re.findall(r'href="(/scans/\d+)"', page.text)[0]


def test_an_evidence_pack_holds_all_that_speaks_and_checks_itself(
    client: TestClient, kim: Person, photo_server: str
) -> None:
    to = scanned(kim, listings(photo_server))
    number = re.findall(r'href="/review/(\d+)\?', kim.page(f"{to}?kind=counterfeit"))[0]
    kim.send(f"/review/{number}", answer="confirm", note="the ‮stitching")
    vera = person(client, "vera", role=Role.VIEWER)
    answer = vera.get(f"/review/{number}/evidence.zip")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    sums = dict(reversed(line.split("  ", 1)) for line in contents.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(blob).hexdigest() for name, blob in contents.items()}
    assert sorted(contents) == [
        "evidence.txt", "keypoints.png", "listing.json", "photos/01-photo-1.png",
        "references/01-Aurelio-R-2.png",
        "side-by-side.png", "verdict.json",
    ]  # fmt: skip
    text = contents["evidence.txt"].decode()
    for words in ("Seller:   shop-9", "9 EUR", "is a copy of reference", "kim: a fake: the U+202Estitching"):
        assert words in text, text
    assert re.search(r"Examined: +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", text)
    assert json.loads(contents["verdict.json"])["listing_id"] == "L-1"
    with Image.open(io.BytesIO(contents["side-by-side.png"])) as sheet:
        marked = (np.asarray(sheet.convert("RGB")) == (214, 16, 106)).all(axis=2)
    assert marked.sum() > 200, "the region is drawn"
    with service_behind(client).workspace.database.read() as connection:
        acts = [(act.actor, act.action) for act in list_acts(connection, 1, limit=1000)]
    assert ("person:vera", "evidence.pack") in acts


def test_an_evidence_pack_comes_as_pages_too(client: TestClient, kim: Person, photo_server: str) -> None:
    pytest.importorskip("typst", reason="the extra `pdf` is not installed")
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    to = scanned(kim, listings(photo_server))
    number = re.findall(r'href="/review/(\d+)\?', kim.page(f"{to}?kind=counterfeit"))[0]
    assert f'href="/review/{number}/evidence.pdf"' in kim.page(f"/review/{number}")
    answer = kim.get(f"/review/{number}/evidence.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert "attachment" in answer.headers["content-disposition"]
    said = " ".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(answer.content))
    for words in ("An offer", "shop-9", "is a copy of reference", "Matched keypoints", "SHA-256"):
        assert words in said, words
    with service_behind(client).workspace.database.read() as connection:
        assert "evidence.pdf" in [act.action for act in list_acts(connection, 1, limit=1000)]


def test_a_confirmed_fake_is_found_by_the_next_scan(kim: Person, photo_server: str) -> None:
    rows = [f"F-{n},{photo_server}/product-{n}.png,An offer,9,EUR,shop-9" for n in (2, 70)]
    head = "listing_id,image,title,price,currency,seller_id\n"
    both = f"{head}T,{photo_server}/product-2.png|{photo_server}/product-70.png,Both,9,EUR,shop-9\n"
    scanned(kim, both.encode())
    number = kim.get("/review").headers["location"].rpartition("/")[2]
    before = kim.page(scanned(kim, (head + rows[1]).encode()))
    assert "No verdict yet" not in before
    assert 'class="badge clear"' in before
    kim.send(f"/review/{number}", answer="confirm")
    after = kim.page(scanned(kim, (head + rows[1]).encode()))
    assert 'class="badge counterfeit"' in after


def test_the_report_of_an_owners_scan_shows_that_owners_references(
    client: TestClient, photo_server: str
) -> None:
    lee = person(client, "lee", "other")
    to = lee.send("/brands", name="Zephira").headers["location"]
    lee.send(f"{to}/files", files=[("files", ("R-2.png", png(2)))])
    scanned(lee, listings(photo_server))
    (report,) = service_behind(client).workspace.folder.glob("jobs/*/out/report.html")
    text = report.read_text(encoding="utf-8")
    assert "R-2" in text
    assert "image not kept" not in text


def test_scans_of_another_owner_are_not_there(client: TestClient, kim: Person, photo_server: str) -> None:
    to = scanned(kim, listings(photo_server))
    lee = person(client, "lee", "other")
    assert lee.get(to).status_code == 404
    assert "No scan yet" in lee.page("/scans")
    assert tenant(client, "other").get("/v1/jobs").json()["items"] == []
