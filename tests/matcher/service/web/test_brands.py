"""A manager keeps the catalog on pages: uploads tell of each file, words and sellers are lines, things go."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from matcher.catalog import Role
from tests.matcher import drawn
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import Tenant, png, tenant
from tests.matcher.service.test_check import stolen
from tests.matcher.service.web.people import Person, person


@pytest.fixture
def client(start: Start) -> TestClient:
    return start()


@pytest.fixture
def kim(client: TestClient) -> Person:
    return person(client, "kim")


def brand(kim: Person, name: str = "Acme") -> str:
    """The address of a new brand."""
    made = kim.send("/brands", name=name)
    assert made.status_code == 303
    return made.headers["location"]


def test_each_file_of_an_upload_becomes_a_reference_or_says_why_not(kim: Person, client: TestClient) -> None:
    to = brand(kim)
    files = [
        ("files", ("shoe <b>.png", png(1))),
        ("files", ("C:\\photos\\boot.png", png(2))),
        ("files", ("broken.png", b"no picture")),
        ("files", ("empty.png", b"")),
    ]
    page = kim.send(f"{to}/files", files=files, kind="reference")
    assert page.status_code == 200
    assert page.text.count('class="plain good"') == 2
    assert page.text.count('class="plain wrong"') == 2
    assert "shoe &lt;b&gt;" in page.text
    kept = tenant(client).get("/v1/references").json()["items"]
    assert sorted(one["reference_id"] for one in kept) == ["boot", "shoe <b>"]
    shown = kim.page(to)
    assert "References <b>2</b>" in shown
    assert shown.count("?small=1") == 2


def test_logos_and_known_counterfeits_have_their_own_places(kim: Person) -> None:
    to = brand(kim)
    for number, kind in enumerate(("logo", "known-counterfeit")):
        kim.send(f"{to}/files", files=[("files", (f"{kind}.png", png(number)))], kind=kind)
        page = kim.page(f"{to}?kind={kind}")
        assert page.count("?small=1") == 1
    assert "has no references yet" in kim.page(to)
    assert "1 known counterfeit" in kim.page("/brands")


def test_words_and_sellers_are_the_lines_given_and_registrations_stay(
    kim: Person, client: TestClient
) -> None:
    to = brand(kim)
    owner = tenant(client)
    marks = [{"office": "EM", "number": "1", "nice_classes": [25]}]
    owner.put(f"/v1{to}", json={"wordmarks": ["acme"], "trademarks": marks})
    saved = kim.send(f"{to}/facts", wordmarks="acme\r\n アクメ \r\n\r\nacme\n", sellers="shop-1\nshop-2")
    assert "are saved" in kim.page(saved.headers["location"])
    found = owner.get(f"/v1{to}").json()
    assert (found["wordmarks"], found["licensed_sellers"]) == (["acme", "アクメ"], ["shop-1", "shop-2"])
    assert found["trademarks"] == marks
    assert "アクメ" in kim.page(to)
    assert kim.send(f"{to}/facts", wordmarks="x" * 501).status_code == 422


def test_references_and_brands_are_removed(kim: Person) -> None:
    to = brand(kim)
    kim.send(f"{to}/files", files=[("files", ("a.png", png(1)))])
    page = kim.page(to)
    number = page.split("/references/")[1].split("/")[0]
    gone = kim.send(f"/references/{number}/remove")
    assert gone.headers["location"] == f"{to}?kind=reference"
    assert "has no references yet" in kim.page(to)
    assert kim.send(f"{to}/remove").headers["location"] == "/brands"
    assert "There is no brand yet" in kim.page("/brands")


def test_long_catalogs_come_a_page_at_a_time(kim: Person) -> None:
    to = brand(kim)
    files = [("files", (f"{number}.png", png(1))) for number in range(70)]
    kim.send(f"{to}/files", files=files)
    first = kim.page(to)
    assert first.count("?small=1") == 60
    following = first.split('">Next page</a>')[0].rpartition('href="')[2].replace("&amp;", "&")
    assert kim.page(following).count("?small=1") == 10


def test_who_only_looks_is_offered_no_form(client: TestClient, kim: Person) -> None:
    to = brand(kim)
    vera = person(client, "vera", role=Role.VIEWER)
    for page in (vera.page("/brands"), vera.page(to)):
        assert page.count('<form method="post"') == 1, "to sign out"


@pytest.fixture
def filled(start: Start, tmp_path: Path) -> Tenant:
    return tenant(start(drawn.workspace_folder(tmp_path / "filled")))


def test_a_photo_finds_the_reference_it_shows_and_is_not_kept(filled: Tenant) -> None:
    kim = person(filled.client, "kim", role=Role.REVIEWER)
    assert "Your photo" not in kim.page("/search")
    page = kim.send("/search", files=[("photo", ("found <i>.jpg", stolen(2)))], title="Bag")
    assert page.status_code == 200
    assert page.text.index("Product 2") < page.text.index("alike")
    assert "data:image/webp;base64," in page.text
    assert "found &lt;i&gt;" in page.text
    assert '<svg class="marks"' in page.text
    assert "img-src data: 'self'" in page.headers["content-security-policy"]
    assert filled.get("/v1/reviews").json()["items"] == []
    broken = kim.send("/search", files=[("photo", ("a.png", b"no picture"))])
    assert (broken.status_code, "a.png" in broken.text) == (422, True)
