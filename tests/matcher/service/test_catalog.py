"""Brands and their images over HTTP: put, shown, replaced, removed, and what is refused with a reason."""

from __future__ import annotations

from typing import Any

from matcher.images import content_hash
from tests.matcher import drawn
from tests.matcher.malformed import exif_with
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import Tenant, png, tenant
from tests.matcher.service.test_app import problem

BOTH_DATABASES = True


def add_brand(owner: Tenant, name: str = "Acme", **facts: Any) -> int:
    answer = owner.post("/v1/brands", json={"name": name, **facts})
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["brand_id"]
    return number


def put(owner: Tenant, brand_id: int, reference_id: str, *photos: bytes, **fields: str) -> Any:
    files = [("photos", (f"{number}.png", photo)) for number, photo in enumerate(photos)]
    fields = {"reference_id": reference_id, **fields}
    return owner.post(f"/v1/brands/{brand_id}/references", files=files, data=fields)


def test_a_brand_is_added_to_replaced_and_removed(start: Start) -> None:
    owner = tenant(start())
    number = add_brand(owner, "Äcme / Ünïts", licensed_sellers=["shop-1"])
    assert add_brand(owner, "äcme / ünïts", wordmarks=["acme"]) == number
    shown = owner.get(f"/v1/brands/{number}").json()
    assert (shown["name"], shown["wordmarks"]) == ("Äcme / Ünïts", ["Äcme / Ünïts", "acme"])
    facts = {
        "wordmarks": ["acme", "ACME"],
        "trademarks": [{"office": "EM", "number": "1", "nice_classes": [25]}],
    }
    assert owner.put(f"/v1/brands/{number}", json=facts).json() == {
        **facts, "licensed_sellers": [], "name": "Äcme / Ünïts", "brand_id": number
    }  # fmt: skip
    assert owner.delete(f"/v1/brands/{number}").status_code == 204
    assert owner.get("/v1/brands").json() == []
    problem(owner.get(f"/v1/brands/{number}"), 404)


def test_a_reference_is_what_was_sent_last(start: Start) -> None:
    owner = tenant(start())
    brand = add_brand(owner)
    first = put(owner, brand, "SKU/9", png(1), png(2), title="Lamp", price="19,90 €")
    assert first.status_code == 200, first.text
    shown = first.json()["reference"]
    assert (first.json()["outcome"], shown["price"], shown["currency"]) == ("added", "19.90", "EUR")
    assert (
        put(owner, brand, "SKU/9", png(1), png(2), title="Lamp", price="19,90 €").json()["outcome"]
        == "unchanged"
    )
    changed = put(owner, brand, "SKU/9", png(2), b"no image", title="Lamp").json()
    assert changed["outcome"] == "changed"
    assert len(changed["reference"]["images"]) == 1
    assert "1.png" in changed["failed"][0]["reason"]
    assert owner.get(f"/v1/references/{shown['number']}").json() == changed["reference"]


def test_an_image_comes_back_without_what_it_said_of_its_maker(start: Start) -> None:
    owner = tenant(start())
    picture = drawn.jpeg(drawn.product(1), exif=exif_with(1))
    shown = put(owner, add_brand(owner), "R", picture).json()["reference"]
    answer = owner.get(f"/v1/references/{shown['number']}/images/0")
    assert (answer.headers["content-type"], answer.headers["x-content-type-options"]) == (
        "image/jpeg",
        "nosniff",
    )
    assert b"Exif" not in answer.content
    assert content_hash(answer.content) == shown["images"][0]["content_hash"]
    problem(owner.get(f"/v1/references/{shown['number']}/images/1"), 404)


def test_references_logos_and_counterfeits_are_listed_apart(start: Start) -> None:
    owner = tenant(start())
    brand, other = add_brand(owner), add_brand(owner, "Other")
    for number, kind in enumerate(("reference", "logo", "known-counterfeit")):
        put(owner, brand, f"R-{number}", png(number), kind=kind)
    put(owner, other, "R-9", png(9))
    page = owner.get("/v1/references", params={"limit": 3}).json()
    rest = owner.get("/v1/references", params={"limit": 3, "after": page["next"]}).json()
    assert [one["reference_id"] for one in (*page["items"], *rest["items"])] == ["R-0", "R-1", "R-2", "R-9"]
    assert rest["next"] is None
    logos = owner.get("/v1/references", params={"kind": "logo", "brand_id": brand}).json()["items"]
    assert [one["reference_id"] for one in logos] == ["R-1"]
    assert owner.delete(f"/v1/references/{logos[0]['number']}").status_code == 204
    assert owner.get("/v1/galleries").json()["images"] == {"reference": 2, "logo": 0, "known-counterfeit": 1}


def test_a_reference_without_a_usable_image_is_refused_and_leaves_nothing(start: Start) -> None:
    owner = tenant(start())
    brand = add_brand(owner)
    refused = problem(put(owner, brand, "R", b"<svg onload=alert(1)>", b"GIF89a"), 422)
    assert refused["detail"] == "no image could be taken in"
    assert "SVG" in str(refused["errors"])
    assert owner.get("/v1/references").json()["items"] == []
    problem(put(owner, brand, "R", png(1), price="cheap"), 422)
    problem(put(owner, brand, " ", png(1)), 422)
    problem(put(owner, 99, "R", png(1)), 404)


def test_changes_are_on_record_with_the_key(start: Start) -> None:
    owner = tenant(start())
    put(owner, add_brand(owner), "R", png(1))
    acts = [(act["action"], act["target"]) for act in owner.get("/v1/audit").json()["items"]]
    assert acts == [("brand.add", "Acme"), ("reference.put", "Acme: reference R")]


def test_images_alone_leave_what_is_known_of_a_reference(start: Start) -> None:
    owner = tenant(start())
    brand = add_brand(owner)
    put(owner, brand, "lamp", png(1), title="Lamp", price="19,90 €")
    sent = [("photos", ("lamp.png", png(1)))]
    found = owner.post(f"/v1/brands/{brand}/images", files=sent).json()["images"]
    assert [one["outcome"] for one in found] == ["unchanged"]
    (shown,) = owner.get("/v1/references").json()["items"]
    assert (shown["title"], shown["price"], shown["currency"]) == ("Lamp", "19.90", "EUR")
