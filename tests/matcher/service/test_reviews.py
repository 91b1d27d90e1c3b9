"""A kept check waits for a person; the fake that is confirmed is known from the next check on."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from matcher.catalog import verify_catalog
from matcher.catalog.tables import verdicts
from matcher.records import Verdict
from tests.matcher import drawn
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import png, service_behind, tenant
from tests.matcher.service.test_app import problem
from tests.matcher.service.test_catalog import add_brand, put
from tests.matcher.service.test_check import check, stolen

BOTH_DATABASES = True


@pytest.fixture
def client(start: Start, tmp_path: Path) -> TestClient:
    return start(drawn.workspace_folder(tmp_path / "filled"))


def test_what_is_kept_waits_with_its_photos_and_verdict(client: TestClient) -> None:
    owner = tenant(client)
    number = check(owner, stolen(2), keep="true", listing_id="L-1").json()["review"]
    assert check(owner, png(300), keep="true").json()["review"] is None, "what is clear is not kept"
    waiting = owner.get("/v1/reviews").json()
    assert [one["number"] for one in waiting["items"]] == [number]
    shown = owner.get(f"/v1/reviews/{number}").json()
    assert (shown["verdict"]["listing_id"], shown["photos"], shown["answers"]) == ("L-1", [0], [])
    photo = owner.get(f"/v1/reviews/{number}/photos/0")
    assert photo.headers["content-type"] == "image/jpeg"
    assert b"Exif" not in photo.content
    problem(owner.get(f"/v1/reviews/{number}/photos/1"), 404)
    problem(owner.get(f"/v1/reviews/{number + 1}"), 404)


def test_a_confirmed_fake_changes_the_next_check_until_the_answer_changes(client: TestClient) -> None:
    owner = tenant(client)
    fake, again = png(70), drawn.jpeg(drawn.edited(drawn.product(70)))
    assert check(owner, again).json()["verdict"]["verdict"] == "clear", "nobody knows it yet"
    number = check(owner, stolen(2), stolen(3), fake, keep="true").json()["review"]
    said = owner.post(f"/v1/reviews/{number}", json={"answer": "confirm", "note": "stitching"}).json()
    assert said == {"answer": "confirm", "known_counterfeit": 1}
    found = check(owner, again).json()["verdict"]
    assert (found["verdict"], found["brand"]) == ("counterfeit", "Aurelio")
    assert found["evidence"][0]["signal"] == "known-counterfeit"
    # The brand's own pictures, which the fake's seller had stolen, accuse nobody else.
    for own in (2, 3):
        shown = check(owner, png(own), seller_id=drawn.LICENSED).json()["verdict"]
        assert shown["verdict"] == "clear"
    owner.post(f"/v1/reviews/{number}", json={"answer": "reject", "reviewer": "kim"})
    assert check(owner, again).json()["verdict"]["verdict"] == "clear"
    answers = owner.get(f"/v1/reviews/{number}").json()["answers"]
    assert [(one["answer"], one["note"]) for one in answers] == [("confirm", "stitching"), ("reject", "")]
    assert answers[1]["reviewer"] == "kim"
    assert owner.get("/v1/reviews").json()["items"] == []
    service = service_behind(client)
    with service.workspace.database.read() as connection:
        assert not verify_catalog(connection, service.workspace.store).problems


def test_answers_are_read_in_the_order_they_were_given(client: TestClient) -> None:
    owner, stranger = tenant(client), tenant(client, "stranger")
    numbers = [check(owner, stolen(n), keep="true", listing_id=f"L-{n}").json()["review"] for n in (2, 3)]
    for number, said in ((numbers[1], "unsure"), (numbers[0], "confirm"), (numbers[1], "reject")):
        owner.post(f"/v1/reviews/{number}", json={"answer": said, "reviewer": "kim"})
    first = owner.get("/v1/answers", params={"limit": 2}).json()
    rest = owner.get("/v1/answers", params={"after": first["next"]}).json()
    found = [*first["items"], *rest["items"]]
    assert [(one["listing_id"], one["answer"]) for one in found] == [
        ("L-3", "unsure"), ("L-2", "confirm"), ("L-3", "reject")
    ]  # fmt: skip
    assert {one["reviewer"] for one in found} == {"kim"}
    assert {one["withdrawn"] for one in found} == {None}
    assert found[1]["review"] == numbers[0]
    assert (found[1]["verdict"], found[1]["brand"]) == ("counterfeit", "Aurelio")
    assert owner.get("/v1/answers", params={"after": found[-1]["number"]}).json()["items"] == []
    assert stranger.get("/v1/answers").json()["items"] == []


def test_a_fake_may_be_put_under_another_brand(client: TestClient) -> None:
    owner = tenant(client)
    number = check(owner, stolen(2), png(70), keep="true").json()["review"]
    for brand in ("Borealis", "Newcomer", "Newcomer"):
        owner.post(f"/v1/reviews/{number}", json={"answer": "confirm", "brand": brand})
    kept = owner.get("/v1/references", params={"kind": "known-counterfeit"}).json()["items"]
    assert [(one["brand"], one["reference_id"]) for one in kept] == [("Newcomer", f"confirmed-{number}")]
    assert "Newcomer" in [one["name"] for one in owner.get("/v1/brands").json()]


def test_a_confirmed_fake_of_no_brand_is_answered_all_the_same(client: TestClient) -> None:
    owner = tenant(client)
    number = check(owner, stolen(2), png(70), keep="true").json()["review"]
    with service_behind(client).workspace.database.write() as connection:
        row = verdicts.c.listing_row == number
        text = connection.execute(select(verdicts.c.text).where(row)).scalar_one()
        nameless = Verdict.model_validate_json(text).model_copy(update={"brand": ""})
        connection.execute(update(verdicts).where(row).values(text=nameless.model_dump_json(), brand=""))
    for brand, known in (("", 0), ("Aurelio", 1)):
        said = owner.post(f"/v1/reviews/{number}", json={"answer": "confirm", "brand": brand})
        assert (said.status_code, said.json()["known_counterfeit"]) == (200, known)
    assert len(owner.get(f"/v1/reviews/{number}").json()["answers"]) == 2


def test_where_only_the_brands_own_picture_was_shown_nothing_is_added(client: TestClient) -> None:
    owner = tenant(client)
    number = check(owner, stolen(2), keep="true").json()["review"]
    said = owner.post(f"/v1/reviews/{number}", json={"answer": "confirm"}).json()
    assert said["known_counterfeit"] == 0
    assert owner.get("/v1/galleries").json()["images"]["known-counterfeit"] == 0


def test_reviews_come_a_page_at_a_time_while_some_are_answered(client: TestClient) -> None:
    owner = tenant(client)
    numbers = [check(owner, stolen(2), keep="true").json()["review"] for _ in range(3)]
    first = owner.get("/v1/reviews", params={"limit": 2}).json()
    owner.post(f"/v1/reviews/{numbers[0]}", json={"answer": "unsure"})
    rest = owner.get("/v1/reviews", params={"limit": 2, "after": first["next"]}).json()
    assert [one["number"] for one in (*first["items"], *rest["items"])] == numbers


def test_the_same_picture_under_two_owners_stays_when_one_lets_it_go(client: TestClient) -> None:
    first, second = tenant(client), tenant(client, "second")
    for owner in (first, second):
        put(owner, add_brand(owner, "Shared"), "R", png(80))
    shown = second.get("/v1/references").json()["items"]
    assert len(shown) == 1
    problem(first.delete(f"/v1/references/{shown[0]['number']}"), 404)
    mine = [one for one in first.get("/v1/references").json()["items"] if one["brand"] == "Shared"]
    assert first.delete(f"/v1/references/{mine[0]['number']}").status_code == 204
    assert second.get(f"/v1/references/{shown[0]['number']}/images/0").status_code == 200
