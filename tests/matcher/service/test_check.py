"""A check answers with the verdict, on the catalog as it is at that moment, and keeps nothing unasked."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import ImageOps

from matcher.config import FetchSettings, ServiceSettings
from matcher.errors import MatcherError
from matcher.service import checking
from tests.matcher import drawn
from tests.matcher.drawn import SETTINGS
from tests.matcher.malformed import exif_with
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import Tenant, png, service_behind, tenant
from tests.matcher.service.test_app import problem
from tests.matcher.service.test_catalog import add_brand, put

CHEAP = {"title": "An offer", "price": "9", "currency": "EUR", "seller_id": "shop-9"}
ADDRESS = "http://127.0.0.1:1/photo.jpg"


@pytest.fixture
def client(start: Start, tmp_path: Path) -> TestClient:
    """A service that knows both drawn brands, of the default owner."""
    return start(drawn.workspace_folder(tmp_path / "filled"))


def stolen(number: int) -> bytes:
    """That product's picture as a re-seller saved it anew, with EXIF and GPS."""
    return drawn.jpeg(drawn.product(number), quality=80, exif=exif_with(1))


def check(owner: Tenant, *photos: bytes, **fields: Any) -> Any:
    files = [("photos", ("p.jpg", photo)) for photo in photos]
    return owner.post("/v1/check", data={**CHEAP, **fields}, files=files)


def test_a_cheap_offer_with_a_stolen_photo_is_counterfeit_and_explained(client: TestClient) -> None:
    owner = tenant(client)
    answer = check(owner, stolen(2), listing_id="L-17 🦊")
    assert answer.status_code == 200, answer.text
    verdict = answer.json()["verdict"]
    assert (verdict["listing_id"], verdict["brand"]) == ("L-17 🦊", "Aurelio")
    assert verdict["verdict"] == "counterfeit"
    assert verdict["matches"][0]["reference_id"] == "R-2"
    assert verdict["reasons"]
    assert answer.json()["review"] is None
    assert check(owner, png(300)).json()["verdict"]["verdict"] == "clear"
    counted = client.get("/metrics").text
    assert 'matcher_checks_total{verdict="counterfeit"} 1.0' in counted
    assert "matcher_examiner_openings_total 1.0" in counted, "the second check found the examiner open"


def test_an_edited_copy_is_flagged_with_its_reference_also_where_all_references_are_alike(
    client: TestClient,
) -> None:
    edited = drawn.jpeg(drawn.edited(drawn.product(2)))
    verdict = check(tenant(client), edited).json()["verdict"]
    assert verdict["verdict"] == "counterfeit"
    assert verdict["matches"][0]["reference_id"] == "R-2"
    assert "reuses" in " ".join(verdict["reasons"])


def test_a_photo_may_be_named_by_its_address(start: Start, tmp_path: Path, photo_server: str) -> None:
    allowed = SETTINGS.model_copy(update={"fetch": FetchSettings(allow_hosts=("127.0.0.1",))})
    owner = tenant(start(drawn.workspace_folder(tmp_path / "filled"), allowed))
    offer = {**CHEAP, "price": 9, "images": [f"{photo_server}/product-2.png", f"{photo_server}/absent.png"]}
    answer = owner.post("/v1/check", json=offer).json()
    assert answer["verdict"]["verdict"] == "counterfeit"
    assert "404" in answer["failed"][0]["reason"]


@pytest.mark.parametrize(
    "image",
    [
        ADDRESS, "http://169.254.169.254/latest/meta-data/", "http://[::1]/x", "http://localhost/x",
        "file:///etc/passwd", "/etc/passwd", "stolen.jpg", "upload:0", "ftp://example.org/x", "",
    ],
)  # fmt: skip
def test_no_address_reaches_into_the_house(client: TestClient, image: str) -> None:
    refused = problem(tenant(client).post("/v1/check", json={"images": [image]}), 422)
    assert refused["detail"] == "none of the photos could be examined"
    assert len(str(refused["errors"])) > 20


def test_what_changes_in_the_catalog_counts_from_the_next_check_on(client: TestClient) -> None:
    owner = tenant(client)
    mine = stolen(50)
    assert check(owner, mine).json()["verdict"]["verdict"] == "clear"
    brand = add_brand(owner, "Cirrus")
    shown = put(owner, brand, "C-1", png(50), price="80", currency="EUR").json()["reference"]
    found = check(owner, mine).json()["verdict"]
    assert (found["verdict"], found["brand"]) == ("counterfeit", "Cirrus")
    galleries = owner.get("/v1/galleries").json()
    assert galleries["searched"] == galleries["catalog"]
    owner.put(f"/v1/brands/{brand}", json={"licensed_sellers": ["shop-9"]})
    assert check(owner, mine).json()["verdict"]["verdict"] == "clear", "the seller is licensed now"
    owner.delete(f"/v1/references/{shown['number']}")
    assert check(owner, mine).json()["verdict"]["matches"][0]["brand"] != "Cirrus"


def test_another_owners_catalog_plays_no_part(client: TestClient) -> None:
    stranger = tenant(client, "stranger")
    found = check(stranger, stolen(2)).json()["verdict"]
    assert (found["verdict"], found["matches"], found["evidence"]) == ("clear", [], [])


def test_an_offer_that_is_no_offer_is_refused_with_the_reason(client: TestClient) -> None:
    owner = tenant(client)
    for sent, status, said in (
        ({"json": {"images": []}}, 422, "there is no photo"),
        ({"json": {"images": [ADDRESS], "price": "cheap"}}, 422, "price, currency"),
        ({"json": {"images": [ADDRESS], "colour": "red"}}, 422, "colour"),
        ({"json": {"images": [ADDRESS] * 101}}, 422, "body.images"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 422, "JSON"),
        ({"content": b"a,b", "headers": {"Content-Type": "text/csv"}}, 415, "multipart/form-data"),
        ({"data": {"title": "x"}, "files": [("front", ("a.png", png(1)))]}, 422, "'photos'"),
        ({"data": {"title": "x" * 300_000}, "files": [("photos", ("a.png", b""))]}, 400, "size"),
        ({"files": [("photos", ("a.png", b"\x89PNG\r\n\x1a\nno more"))]}, 422, "none of the photos"),
    ):
        assert said in str(problem(owner.post("/v1/check", **sent), status)["detail"]), sent  # type: ignore[arg-type]


def test_more_checks_than_may_wait_are_put_off(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = SETTINGS.model_copy(update={"service": ServiceSettings(checks_at_once=1, checks_waiting=0)})
    client = start(drawn.workspace_folder(tmp_path / "filled"), narrow)
    owner, answers = tenant(client), []
    entered, go_on = threading.Event(), threading.Event()
    examiner = service_behind(client).checks._examiner

    def slow(owner_id: int) -> Any:
        entered.set()
        assert go_on.wait(20)
        return examiner(owner_id)

    monkeypatch.setattr(service_behind(client).checks, "_examiner", slow)
    first = threading.Thread(target=lambda: answers.append(check(owner, png(300))))
    first.start()
    assert entered.wait(20)
    refused = check(owner, png(300))
    go_on.set()
    first.join()
    problem(refused, 503)
    assert refused.headers["retry-after"]
    assert answers[0].status_code == 200


def test_checks_go_on_side_by_side_and_say_what_each_says_alone(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = SETTINGS.model_copy(update={"service": ServiceSettings(checks_at_once=3)})
    client = start(drawn.workspace_folder(tmp_path / "filled"), several)
    owner, examiner = tenant(client), service_behind(client).checks._examiner
    photos = [png(300), stolen(2), *(drawn.jpeg(drawn.edited(drawn.product(one))) for one in (3, 4, 5, 6))]
    photos += [drawn.jpeg(ImageOps.mirror(drawn.product(one))) for one in (2, 3, 4)]
    alone = [check(owner, photo).json() for photo in photos]
    all_here = threading.Barrier(3, timeout=20)

    def together(owner_id: int) -> Any:
        all_here.wait()
        return examiner(owner_id)

    monkeypatch.setattr(service_behind(client).checks, "_examiner", together)
    with ThreadPoolExecutor(len(photos)) as clients:
        beside = list(clients.map(lambda photo: check(owner, photo).json(), photos))
    assert beside == alone


def test_while_no_snapshot_can_be_taken_the_last_one_serves(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, stranger = tenant(client), tenant(client, "stranger")
    assert check(owner, stolen(2)).status_code == 200
    add_brand(owner, "Cirrus")

    def restless(*_: object) -> None:
        raise MatcherError("galleries and catalog do not come to one state")

    monkeypatch.setattr(checking, "freeze", restless)
    assert check(owner, stolen(2)).json()["verdict"]["verdict"] == "counterfeit"
    problem(check(stranger, stolen(2)), 503)
