"""A reviewer goes through what waits: sees why, answers, answers a cluster at once, takes an answer back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from matcher.catalog import Role, list_acts
from matcher.service.web import review
from tests.matcher import drawn
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import Tenant, png, service_behind, tenant
from tests.matcher.service.test_check import check, stolen
from tests.matcher.service.web.people import Person, person


@pytest.fixture
def client(start: Start, tmp_path: Path) -> TestClient:
    return start(drawn.workspace_folder(tmp_path / "filled"))


@pytest.fixture
def owner(client: TestClient) -> Tenant:
    return tenant(client)


@pytest.fixture
def kim(client: TestClient) -> Person:
    return person(client, "kim", role=Role.REVIEWER)


def kept(owner: Tenant, *photos: bytes, title: str = "An offer", **fields: str) -> int:
    """The number of a listing that waits."""
    number = check(owner, *photos, keep="true", title=title, **fields).json()["review"]
    assert isinstance(number, int)
    return number


def known(owner: Tenant) -> int:
    count: int = owner.get("/v1/galleries").json()["images"]["known-counterfeit"]
    return count


def test_a_listing_stands_beside_its_reference_with_what_was_found(owner: Tenant, kim: Person) -> None:
    number = kept(
        owner, stolen(2), title="Bag <script>alert(1)</script>", listing_id="L-1", description="New"
    )
    to = kim.get("/review")
    assert (to.status_code, to.headers["location"]) == (303, f"/review/{number}")
    page = kim.page(f"/review/{number}")
    assert "Bag &lt;script&gt;" in page
    assert f'src="/review/{number}/photos/0"' in page
    reference = re.search(r'src="(/references/\d+/images/0)"', page)
    assert reference
    assert kim.get(reference[1]).headers["content-type"] == "image/png"
    small = kim.get(f"/review/{number}/photos/0?small=1")
    assert small.headers["content-type"] == "image/webp"
    width, height = drawn.product(2).size
    assert f'<svg class="marks" viewBox="0 0 {width} {height}"' in page, "regions are in the photo's pixels"
    for words in (
        "is a copy of reference",
        "9 EUR",
        "89\u00a0% below",
        "not licensed",
        "shop-9",
        "Description",
    ):
        assert words in page
    for key in "jkcrxu":
        assert f"<kbd>{key.upper()}</kbd>" in page


def test_matched_keypoints_are_drawn_between_photo_and_reference(owner: Tenant, kim: Person) -> None:
    number = kept(owner, stolen(2))
    page = kim.page(f"/review/{number}")
    assert f'hx-get="/review/{number}/keypoints" hx-trigger="load"' in page
    part = kim.get(f"/review/{number}/keypoints", headers={"HX-Request": "true"}).text
    assert "hx-get" not in part
    lines = re.findall(r'<line x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)"', part)
    assert 20 < len(lines) <= 30
    ends = [tuple(map(float, line)) for line in lines]
    assert all(0 <= x1 <= 490 and 510 <= x2 <= 1000 and max(y1, y2) <= 490 for x1, y1, x2, y2 in ends)
    # How many agree stands in the evidence; what is drawn is counted otherwise and would contradict it.
    assert "<span>the 30 strongest drawn</span>" in part
    whole = kim.page(f"/review/{number}/keypoints")
    assert "<h1>Matched keypoints</h1>" in whole, "without scripts it is a page of its own"
    assert whole.count("<line") == part.count("<line")


def test_the_image_of_a_reference_that_agrees_most_stands_beside_the_photo(
    owner: Tenant, kim: Person
) -> None:
    brand = next(one for one in owner.get("/v1/brands").json() if one["name"] == "Aurelio")["brand_id"]
    images = [("photos", (f"{n}.png", png(n))) for n in (90, 2)]
    owner.post(f"/v1/brands/{brand}/references", data={"reference_id": "R-2"}, files=images)
    number = kept(owner, stolen(2))
    part = kim.get(f"/review/{number}/keypoints", headers={"HX-Request": "true"}).text
    beside = re.findall(r'src="/references/\d+/images/(\d)(\?small=1)?"', part)
    assert beside == [("1", ""), ("0", "?small=1")]


def test_one_walks_by_suspicion_under_a_filter(owner: Tenant, kim: Person) -> None:
    sure, likely = kept(owner, stolen(2)), kept(owner, stolen(7), seller_id="", price="70")
    page = kim.page(f"/review/{sure}")
    assert f'href="/review/{likely}" data-key="j"' in page
    assert f'href="/review/{sure}" data-key="k"' in kim.page(f"/review/{likely}")
    of_brand = kim.get("/review?brand=Borealis")
    assert of_brand.headers["location"] == f"/review/{likely}?brand=Borealis"
    page = kim.page(f"/review/{likely}?brand=Borealis&kind=nonsense")
    assert 'data-key="j"' not in page
    assert "Nothing waits under this filter" in kim.page("/review?brand=Nobody")


def test_a_confirmed_fake_is_known_from_the_next_check_on_until_undone(
    client: TestClient, owner: Tenant, kim: Person
) -> None:
    fake, again = png(70), drawn.jpeg(drawn.edited(drawn.product(70)))
    number, other = kept(owner, stolen(2), fake), kept(owner, stolen(3), seller_id="", price="75")
    sent = kim.send(f"/review/{number}", answer="confirm", note="stitching")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/review/{other}")
    assert known(owner) == 1
    assert check(owner, again).json()["verdict"]["verdict"] == "counterfeit"
    known_again = kim.page(f"/review/{kept(owner, again)}")
    assert "<b>Known counterfeit</b> <bdi>Aurelio</bdi>" in known_again
    next_page = kim.page(f"/review/{other}")
    assert "Confirmed as a fake: " in next_page
    assert 'data-key="u"' in next_page
    assert "by <bdi>kim</bdi>" in kim.page(f"/review/{number}")
    undone = kim.send("/review/undo")
    assert undone.headers["location"] == f"/review/{number}"
    assert known(owner) == 0
    assert check(owner, again).json()["verdict"]["verdict"] == "clear"
    assert 'data-key="u"' not in kim.page(f"/review/{number}")
    assert kim.send("/review/undo").headers["location"] == "/review"
    with service_behind(client).workspace.database.read() as connection:
        acts = [(act.actor, act.action) for act in list_acts(connection, 1, limit=1000)]
    assert ("person:kim", "review.confirm") in acts
    assert ("person:kim", "review.withdraw") in acts


def test_undoing_a_later_answer_brings_the_earlier_back(owner: Tenant, kim: Person) -> None:
    number = kept(owner, stolen(2), png(70))
    owner.post(f"/v1/reviews/{number}", json={"answer": "confirm", "reviewer": "lee"})
    kim.send(f"/review/{number}", answer="reject")
    assert known(owner) == 0
    kim.send("/review/undo")
    assert known(owner) == 1


def test_listings_of_one_photo_are_answered_and_undone_together(owner: Tenant, kim: Person) -> None:
    numbers = [kept(owner, stolen(2), title=f"Offer {number}") for number in range(3)]
    page = kim.page(f"/review/{numbers[0]}")
    assert "2 other listings show" in page
    sent = kim.send(f"/review/{numbers[0]}", answer="reject", also=[str(one) for one in numbers[1:]])
    assert sent.headers["location"] == "/review"
    assert "Nothing waits" in (nothing := kim.page("/review"))
    assert "and 2 others" in nothing
    kim.send("/review/undo")
    assert kim.get("/review").status_code == 303
    assert len(owner.get("/v1/reviews").json()["items"]) == 3


def test_where_more_show_the_photo_than_are_answered_at_once_the_page_says_so(
    owner: Tenant, kim: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [kept(owner, stolen(2), title=f"Offer {number}") for number in range(4)]
    monkeypatch.setattr(review, "MOST_AT_ONCE", 2)
    page = kim.page(f"/review/{numbers[0]}")
    assert "More than 2 other listings show the same photo" in page
    assert page.count('name="also"') == 2


def test_a_cluster_with_a_listing_of_another_owner_changes_nothing(
    client: TestClient, owner: Tenant, kim: Person
) -> None:
    mine = kept(owner, stolen(2))
    other = person(client, "lee", "other", Role.REVIEWER)
    refused = other.send(f"/review/{mine}", answer="reject")
    assert refused.status_code == 404
    sent = kim.send(f"/review/{mine}", answer="reject", also=["999"])
    assert (sent.status_code, "no listing 999" in sent.text) == (404, True)
    assert len(owner.get("/v1/reviews").json()["items"]) == 1, "all of it or nothing"


def test_a_viewer_sees_and_does_not_answer(client: TestClient, owner: Tenant) -> None:
    number = kept(owner, stolen(2))
    viewer = person(client, "vera", role=Role.VIEWER)
    page = viewer.page(f"/review/{number}")
    assert 'name="answer"' not in page
    assert viewer.send(f"/review/{number}", answer="confirm").status_code == 403
    assert viewer.send(f"/review/{number}", answer="nonsense").status_code == 403


def test_what_is_asked_wrongly_is_told_as_a_page(owner: Tenant, kim: Person) -> None:
    number = kept(owner, stolen(2))
    wrong = kim.send(f"/review/{number}", answer="nonsense")
    assert (wrong.status_code, wrong.headers["content-type"][:9]) == (422, "text/html")
    assert kim.get("/review/999").status_code == 404
    assert kim.get("/review/word").status_code == 404
    assert kim.get(f"/review/{number}/photos/9").status_code == 404
