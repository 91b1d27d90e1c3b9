"""What a client of the Hasher-Matcher-Actioner sees: hashes, look-ups and banks, as its description says."""

from __future__ import annotations

import io
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from matcher.catalog import Scope
from matcher.config import ServiceSettings
from matcher.service.hma.pdq import hash_some
from tests.matcher import drawn
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import Tenant, png, service_behind, tenant
from tests.matcher.service.test_app import problem
from tests.matcher.service.test_jobs import IDLE

BOTH_DATABASES = True

pdqhash = pytest.importorskip("pdqhash", reason="pdqhash is not installed")
DESCRIPTION = Path(os.environ.get("HMA_OPENAPI", "hma_openapi.json"))
"""The peer's own description, which is not ours to ship: without it the answers are not held against it."""


STRICT = IDLE.model_copy(update={"service": ServiceSettings(run_jobs=False, lookup_cosine=0.9)})
"""Drawn products look more alike than real ones."""


@cache
def described() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    return found


def agreed(answer: Any, route: str) -> Any:
    """The answer, held against the peer's description of that route, method and status."""
    if DESCRIPTION.exists():
        jsonschema = pytest.importorskip("jsonschema_rs", reason="jsonschema_rs is not installed")
        responses = described()["paths"][route][answer.request.method.lower()]["responses"]
        wanted = responses.get(str(answer.status_code))
        assert wanted is not None, f"{route} never answers {answer.status_code}: {answer.text}"
        schema = wanted.get("content", {}).get("application/json", {}).get("schema")
        if schema:
            whole = {**schema, "components": described()["components"]}
            jsonschema.validate(whole, answer.json())
    return answer.json()


@pytest.fixture
def owner(start: Start, tmp_path: Path) -> Tenant:
    """An owner with two brands of six products each, whose images have their PDQ."""
    found = tenant(start(drawn.workspace_folder(tmp_path / "filled"), STRICT))
    while hash_some(service_behind(found.client).workspace):
        pass
    return found


def stolen(number: int) -> bytes:
    return drawn.jpeg(drawn.edited(drawn.product(number)), quality=80)


def test_pdq_is_the_hash_that_others_take_of_the_same_file(owner: Tenant) -> None:
    pixels = np.asarray(Image.open(io.BytesIO(png(2))).convert("RGB"))
    bits, _ = pdqhash.compute(np.ascontiguousarray(pixels))
    found = agreed(owner.post("/h/hash", files=[("photo", ("a.png", png(2)))]), "/h/hash")
    assert found["pdq"] == np.packbits(bits).tobytes().hex()
    assert set(found) == {"pdq", "descriptor"}
    only = owner.post("/h/hash", files=[("photo", ("a.png", png(2)))], params={"types": "pdq"}).json()
    assert only == {"pdq": found["pdq"]}


def test_a_hash_finds_the_reference_by_its_number(owner: Tenant) -> None:
    resized = io.BytesIO()
    drawn.product(2).resize((600, 480)).save(resized, "JPEG", quality=70)
    hashes = owner.post("/h/hash", files=[("photo", ("a.jpg", resized.getvalue()))]).json()
    for kind, value in hashes.items():
        asked = {"signal": value, "signal_type": kind}
        (number,) = agreed(owner.get("/m/raw_lookup", params=asked), "/m/raw_lookup")["matches"]
        shown = owner.get(f"/v1/references/{number}").json()
        assert (shown["brand"], shown["reference_id"]) == ("Aurelio", "R-2"), kind
        (told,) = agreed(
            owner.get("/m/raw_lookup", params={**asked, "include_distance": True}), "/m/raw_lookup"
        )["matches"]
        assert told["bank_content_id"] == number
        by_bank = agreed(owner.get("/m/lookup", params=asked), "/m/lookup")
        assert by_bank == {"Aurelio": [told]}
        for banks, count in (("Borealis", 0), ("Borealis,Aurelio", 1)):
            kept = owner.get("/m/raw_lookup", params={**asked, "banks": banks}).json()["matches"]
            assert len(kept) == count


def test_a_photo_is_looked_up_by_file_and_by_address(owner: Tenant, photo_server: str) -> None:
    by_file = agreed(owner.post("/m/lookup", files=[("photo", ("a.png", png(7)))]), "/m/lookup")
    by_url = agreed(owner.get("/m/lookup", params={"url": f"{photo_server}/product-7.png"}), "/m/lookup")
    assert by_file == by_url
    assert list(by_file["pdq"]) == list(by_file["descriptor"]) == ["Borealis"]
    assert by_file["pdq"]["Borealis"][0]["distance"] == "0"
    nothing = owner.post("/m/lookup", files=[("photo", ("a.png", png(300)))]).json()
    assert nothing["pdq"] == {}
    hashed = owner.get("/h/hash", params={"url": f"{photo_server}/product-7.png"})
    assert set(agreed(hashed, "/h/hash")) == {"pdq", "descriptor"}


def test_an_edited_copy_is_found_by_its_descriptor(owner: Tenant) -> None:
    found = owner.post("/m/lookup", files=[("photo", ("a.jpg", stolen(3)))]).json()
    number = found["descriptor"]["Aurelio"][0]["bank_content_id"]
    assert owner.get(f"/v1/references/{number}").json()["reference_id"] == "R-3"


def test_banks_are_brands_and_content_their_references(start: Start) -> None:
    owner = tenant(start(settings=IDLE))
    made = agreed(owner.post("/c/banks", json={"name": "ACME", "enabled_ratio": 1.0}), "/c/banks")
    assert made == {"name": "ACME", "matching_enabled_ratio": 1.0}
    assert owner.get("/c/banks").json() == [made]
    assert agreed(owner.get("/c/bank/ACME"), "/c/bank/{bank_name}") == made
    assert agreed(owner.put("/c/bank/acme", json={"enabled": True}), "/c/bank/{bank_name}") == made
    where, route = "/c/bank/ACME/content", "/c/bank/{bank_name}/content"
    sent = {"files": [("photo", ("a.png", png(1)))], "data": {"metadata": '{"content_id": "SKU-1"}'}}
    one = agreed(owner.post(where, **sent), route)
    assert one["metadata"]["content_id"] == "SKU-1"
    assert owner.post(where, **sent).json() == one
    asked = {"signal": one["signals"]["pdq"], "signal_type": "pdq"}
    assert owner.get("/m/raw_lookup", params=asked).json()["matches"] == [one["id"]]
    shown = agreed(owner.get(f"{where}/{one['id']}"), f"{route}/{{content_id}}")
    assert (shown["id"], shown["bank"]) == (one["id"], made)
    agreed(owner.delete(f"{where}/{one['id']}"), f"{route}/{{content_id}}")
    assert owner.get("/m/raw_lookup", params=asked).json()["matches"] == []
    by_address = owner.post(where, files=[("photo", ("b.png", png(2)))]).json()
    assert len(by_address["metadata"]["content_id"]) == 64
    agreed(owner.delete("/c/bank/ACME"), "/c/bank/{bank_name}")
    assert owner.get("/c/banks").json() == []


def test_errors_are_told_in_both_tongues(owner: Tenant) -> None:
    missing = owner.get("/c/bank/NOBODY")
    assert agreed(missing, "/c/bank/{bank_name}")["message"] == problem(missing, 404)["detail"]
    for path, params in (
        ("/m/raw_lookup", {"signal": "xyz", "signal_type": "pdq"}),
        ("/m/raw_lookup", {"signal": "0" * 64, "signal_type": "video_md5"}),
        ("/m/raw_lookup", {"signal": "other:AAAA", "signal_type": "descriptor"}),
        ("/m/raw_lookup", {"signal": "0"}),
        ("/m/lookup", {}),
        ("/m/lookup", {"url": "http://10.0.0.1/a.png"}),
        ("/h/hash", {"url": "http://169.254.169.254/latest"}),
        ("/h/hash", {"url": "https://shop.example/a.mp4", "content_type": "video"}),
    ):
        refused = owner.get(path, params=params)
        problem(refused, 400)
        assert agreed(refused, path)["message"], params
    for wanted in ({"name": "X", "enabled": False}, {"name": "X", "enabled_ratio": 0.5}):
        agreed(owner.post("/c/banks", json=wanted), "/c/banks")
    bad = owner.post("/c/bank/Aurelio/content", files=[("photo", ("a.png", b"<svg/>"))])
    assert "SVG" in agreed(bad, "/c/bank/{bank_name}/content")["message"]
    for metadata in ("{", '{"content_id": 7}'):
        files, data = [("photo", ("a.png", png(1)))], {"metadata": metadata}
        agreed(owner.post("/c/bank/Aurelio/content", files=files, data=data), "/c/bank/{bank_name}/content")


def test_a_descriptor_that_is_no_unit_vector_is_refused(owner: Tenant) -> None:
    hashed = owner.post("/h/hash", files=[("photo", ("a.png", png(1)))], params={"types": "descriptor"})
    mark = hashed.json()["descriptor"].partition(":")[0]
    for rest in ("", "AAAA", "A" * 1024, "%%%"):
        asked = {"signal": f"{mark}:{rest}", "signal_type": "descriptor"}
        problem(owner.get("/m/raw_lookup", params=asked), 400)


def test_look_ups_need_their_scope_and_are_few(start: Start, tmp_path: Path) -> None:
    few = IDLE.model_copy(update={"service": ServiceSettings(run_jobs=False, lookups_per_minute=2)})
    client = start(drawn.workspace_folder(tmp_path / "filled"), few)
    asked: dict[str, Any] = {"params": {"signal": "0" * 64, "signal_type": "pdq"}}
    problem(tenant(client, scopes=set(Scope) - {Scope.HASHES}).get("/m/raw_lookup", **asked), 403)
    owner = tenant(client)
    answers = [owner.get("/m/raw_lookup", **asked) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"]
    assert owner.get("/v1/brands").status_code == 200, "other requests are not look-ups"


def test_the_status_is_told_in_the_peers_words(start: Start) -> None:
    answer = start().get("/status")
    assert (answer.status_code, answer.text) == (200, "I-AM-ALIVE")
