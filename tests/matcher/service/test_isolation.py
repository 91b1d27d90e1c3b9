"""Every route that needs a key, as OpenAPI lists them, is closed without one and to other owners."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from matcher.catalog import Scope
from matcher.config import FetchSettings, ServiceSettings
from matcher.service.app import create_app
from tests.matcher.drawn import SETTINGS
from tests.matcher.service.tenants import EVERYTHING, Tenant, png, tenant, zipped
from tests.matcher.service.test_app import problem

HOOK = {"url": "http://127.0.0.1:9/hook", "events": ["verdict"]}
TUS = {"Tus-Resumable": "1.0.0"}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/v1/check"): {"data": {"keep": "true"}, "files": [("photos", ("a.png", png(2)))]},
    ("post", "/v1/brands"): {"json": {"name": "Newcomer"}},
    ("put", "/v1/brands/{brand_id}"): {"json": {}},
    ("post", "/v1/brands/{brand_id}/references"): {
        "data": {"reference_id": "R-1"},
        "files": [("photos", ("a.png", png(1)))],
    },
    ("post", "/v1/brands/{brand_id}/images"): {"files": [("photos", ("a.png", png(1)))]},
    ("post", "/v1/brands/{brand_id}/archives"): {
        "files": [("archive", ("a.zip", zipped({"a.png": png(1)})))]
    },
    ("post", "/v1/uploads"): {"headers": {"Upload-Length": "3", **TUS}},
    ("head", "/v1/uploads/{upload}"): {"headers": TUS},
    ("patch", "/v1/uploads/{upload}"): {
        "content": b"abc",
        "headers": {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0", **TUS},
    },
    ("delete", "/v1/uploads/{upload}"): {"headers": TUS},
    ("post", "/v1/reviews/{listing}"): {"json": {"answer": "reject"}},
    ("post", "/v1/scans"): {
        "files": [("manifest", ("a.csv", b"listing_id,image\nL,https://shop.example/a.png\n"))]
    },
    ("post", "/v1/imports"): {
        "files": [("manifest", ("a.csv", b"reference_id,image,brand\nR,https://shop.example/a.png,B\n"))]
    },
    ("post", "/v1/webhooks"): {"json": HOOK},
    ("put", "/v1/webhooks/{webhook}"): {"json": {"events": ["verdict"], "on": False}},
    ("get", "/h/hash"): {"params": {"url": "http://127.0.0.1:9/a.png"}},
    ("post", "/h/hash"): {"files": [("photo", ("a.png", png(2)))]},
    ("get", "/m/lookup"): {"params": {"signal": "0" * 64, "signal_type": "pdq"}},
    ("post", "/m/lookup"): {"files": [("photo", ("a.png", png(2)))]},
    ("get", "/m/raw_lookup"): {"params": {"signal": "0" * 64, "signal_type": "pdq"}},
    ("post", "/c/banks"): {"json": {"name": "Newcomer"}},
    ("put", "/c/bank/{bank_name}"): {"json": {}},
    ("post", "/c/bank/{bank_name}/content"): {"files": [("photo", ("a.png", png(2)))]},
    ("post", "/v1/keys"): {"json": {"scopes": ["check"]}},
    ("post", "/v1/owners"): {"json": {"name": "Newcomer"}},
    ("post", "/v1/owners/{owner_id}/keys"): {"json": {"scopes": ["check"]}},
}
"""What each route that takes a body, or headers of its own, is sent."""
IDLE = SETTINGS.model_copy(
    update={
        "service": ServiceSettings(run_jobs=False, lookups_per_minute=100_000),
        "fetch": FetchSettings(allow_hosts=("127.0.0.1",)),
    }
)
CANARY = "Canary-of-the-first-owner"


@dataclass(frozen=True)
class Route:
    """One operation of the description."""

    method: str
    path: str
    scope: Scope

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def sent(self) -> dict[str, Any]:
        return BODIES.get((self.method, self.path), {})


@cache
def routes() -> list[Route]:
    """All but those that watch the server; a route without exactly one scope fails here."""
    app = create_app(Path("unused"), SETTINGS)
    found = []
    for path, operations in app.openapi()["paths"].items():
        if not path.startswith(("/v1/", "/h/", "/m/", "/c/")):
            assert path in ("/status", "/status/live", "/status/ready", "/metrics")
            continue
        for method, operation in operations.items():
            assert [list(one) for one in operation["security"]] == [["key"]], f"{method} {path} needs no key"
            scopes = operation["security"][0]["key"]
            assert len(scopes) == 1, f"{method} {path} needs exactly one scope, not {scopes}"
            found.append(Route(method, path, Scope(scopes[0])))
            assert "requestBody" not in operation or (method, path) in BODIES, (
                f"{method} {path} is sent what?"
            )
    return found


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    app = create_app(tmp_path_factory.mktemp("service") / "workspace", IDLE)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def first(client: TestClient) -> Tenant:
    return tenant(client, "first")


@pytest.fixture(scope="module")
def places(first: Tenant) -> dict[str, str]:
    """What of the first owner's each parameter of a path names."""
    made = first.post("/v1/keys", json={"scopes": ["check"], "label": CANARY}).json()
    brand = first.post("/v1/brands", json={"name": CANARY}).json()["brand_id"]
    sent = {"data": {"reference_id": CANARY, "price": "80", "currency": "EUR"}}
    reference = first.post(
        f"/v1/brands/{brand}/references", files=[("photos", ("a.png", png(2)))], **sent
    ).json()["reference"]  # fmt: skip
    offer = {"keep": "true", "title": CANARY, "price": "5", "currency": "EUR"}
    checked = first.post("/v1/check", data=offer, files=[("photos", ("a.png", png(2)))]).json()
    assert checked["review"], checked
    return {
        "prefix": made["prefix"],
        "owner_id": str(first.owner_id),
        "brand_id": str(brand),
        "bank_name": CANARY,
        "content_id": str(reference["number"]),
        "number": str(reference["number"]),
        "listing": str(checked["review"]),
        "position": "0",
        "webhook": str(first.post("/v1/webhooks", json={**HOOK, "label": CANARY}).json()["webhook"]),
        "upload": first.post("/v1/uploads", **BODIES["post", "/v1/uploads"]).json()["upload"],
        "job": str(first.post("/v1/scans", **BODIES["post", "/v1/scans"]).json()["job_id"]),
    }


def test_there_are_routes_to_walk() -> None:
    assert len(routes()) >= 20


@pytest.mark.parametrize("route", routes(), ids=str)
def test_without_a_key_a_route_is_closed(client: TestClient, places: dict[str, str], route: Route) -> None:
    refused(client.request(route.method, route.path.format(**places), **route.sent), 401)


@pytest.mark.parametrize("route", routes(), ids=str)
def test_with_every_other_scope_a_route_is_closed(
    client: TestClient, places: dict[str, str], route: Route
) -> None:
    owner = tenant(client, "first", set(Scope) - {route.scope})
    answer = owner.ask(route.method, route.path.format(**places), **route.sent)
    assert route.scope.value in refused(answer, 403)


@pytest.mark.parametrize("route", [one for one in routes() if one.scope is not Scope.ADMIN], ids=str)
def test_another_owner_neither_sees_nor_changes_anything(
    client: TestClient, first: Tenant, places: dict[str, str], route: Route
) -> None:
    second = tenant(client, "second", EVERYTHING)
    before = seen_by(first)
    answer = second.ask(route.method, route.path.format(**places), **route.sent)
    if "{" in route.path:
        refused(answer, 404)
    elif (route.method, route.path) == ("get", "/h/hash"):
        assert "cannot be fetched" in refused(answer, 400), "there is no server at that address"
    else:
        assert answer.status_code < 300, answer.text
    assert CANARY not in answer.text
    assert seen_by(first) == before


def refused(answer: Any, status: int) -> str:
    """What is said of it; an answer to HEAD says nothing, so its scope is taken from the description."""
    if answer.request.method == "HEAD":
        assert answer.status_code == status
        return "uploads"
    return str(problem(answer, status)["detail"])


def seen_by(owner: Tenant) -> dict[str, Any]:
    """All that the owner can read without naming anything."""
    plain = [one for one in routes() if one.method == "get" and "{" not in one.path]
    return {
        one.path: owner.get(one.path, **one.sent).text
        for one in plain
        if one.path not in ("/v1/owners", "/h/hash")
    }
