"""Every page, as the routers list them, is closed to who may not see it and to other owners."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from matcher.catalog import ROLE_SCOPES, Role, Scope, find_account, start_scan
from matcher.service.app import create_app
from matcher.service.web.routes import ROUTERS
from matcher.service.web.visiting import Entry
from tests.matcher.service.tenants import png, service_behind, tenant
from tests.matcher.service.test_isolation import CANARY, IDLE
from tests.matcher.service.web.people import ANOTHER, PASSWORD, Person, person

OPEN = {"/sign-in", "/welcome/{secret}", "/assets/{name}"}
"""What one sees before signing in."""
TABLE = [("manifest", ("a.csv", b"listing_id,reference_id,image\nL,R,https://shop.example/a.png\n"))]
FORMS: dict[str, dict[str, Any]] = {
    "/brands": {"name": "Newcomer"},
    "/brands/{brand_id}/files": {"files": [("files", ("a.png", png(1)))]},
    "/search": {"files": [("photo", ("a.png", png(2)))]},
    "/scans": {"files": TABLE},
    "/review/{listing}": {"answer": "reject"},
    "/people": {"name": "newcomer", "owner": "first"},
    "/people/{account}/role": {"role": "viewer"},
    "/keys": {"scopes": ["check"]},
    "/account/password": {"password": PASSWORD, "new": ANOTHER, "again": ANOTHER},
}
"""What each form is sent."""
PARTS = {"Upload-Length": "3", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
"""What a part of an upload says of itself."""
_INLINE = re.compile(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)


@dataclass(frozen=True)
class PageOf:
    """One page or form, and the scope its visitor needs."""

    method: str
    path: str
    scope: Scope | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def pages() -> list[PageOf]:
    """All but those that are open; a page without exactly one `Entry` fails here."""
    found = []
    for route in (one for router in ROUTERS for one in router.routes):
        assert isinstance(route, APIRoute)
        entries = [one.call for one in route.dependant.dependencies if isinstance(one.call, Entry)]
        if route.path in OPEN:
            assert not entries
            continue
        assert len(entries) == 1, f"{route.path} needs exactly one Entry"
        assert len(route.methods) == 1
        found.append(PageOf(next(iter(route.methods)), route.path, entries[0].scope))
    return found


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    app = create_app(tmp_path_factory.mktemp("service") / "workspace", IDLE)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def first(client: TestClient) -> Person:
    return person(client, "first-person", "first")


@pytest.fixture(scope="module")
def second(client: TestClient) -> Person:
    return person(client, "second-person", "second")


@pytest.fixture(scope="module")
def staff(client: TestClient) -> dict[Role, Person]:
    """Someone of each role at the first owner."""
    return {role: person(client, f"a-{role.value}", "first", role) for role in Role}


@pytest.fixture(scope="module")
def places(client: TestClient, staff: dict[Role, Person]) -> dict[str, str]:
    """What of the first owner's each parameter of a path names."""
    owner = tenant(client, "first")
    brand = owner.post("/v1/brands", json={"name": CANARY}).json()["brand_id"]
    sent = {"data": {"reference_id": CANARY, "price": "80", "currency": "EUR"}}
    photo = [("photos", ("a.png", png(2)))]
    reference = owner.post(f"/v1/brands/{brand}/references", files=photo, **sent).json()["reference"]
    offer = {"keep": "true", "title": CANARY, "price": "5", "currency": "EUR"}
    checked = owner.post("/v1/check", data=offer, files=photo).json()
    table = f"listing_id,image\n{CANARY},https://shop.example/a.png\n".encode()
    job = owner.post("/v1/scans", files=[("manifest", ("a.csv", table))]).json()["job_id"]
    made = owner.post("/v1/keys", json={"scopes": ["check"], "label": CANARY}).json()
    with service_behind(client).workspace.database.read() as connection:
        account = find_account(connection, "a-viewer")
    assert account
    with service_behind(client).workspace.database.write() as connection:
        scan = start_scan(
            connection, out=f"/srv/{CANARY}", manifest=f"/srv/{CANARY}.csv", manifest_fingerprint="",
            snapshot=0, settings={}, owner_id=owner.owner_id,
        )  # fmt: skip
    upload = owner.post("/v1/uploads", headers={"Tus-Resumable": "1.0.0", **PARTS}).json()["upload"]
    return {
        "prefix": made["prefix"],
        "account": str(account[0].account_id),
        "upload": upload,
        "brand_id": str(brand),
        "number": str(reference["number"]),
        "listing": str(checked["review"]),
        "position": "0",
        "job": str(job),
        "scan": str(scan),
    }


def ask(who: Person, page: PageOf, places: dict[str, str]) -> Any:
    path = page.path.format(**places)
    if page.path.startswith("/uploads"):
        return who.browser.request(page.method, path, headers={**PARTS, "X-CSRF-Token": who.token()})
    return who.get(path) if page.method == "GET" else who.send(path, **FORMS.get(page.path, {}))


@pytest.mark.parametrize("page", pages(), ids=str)
def test_without_a_session_a_page_is_closed(client: TestClient, places: dict[str, str], page: PageOf) -> None:
    answer = ask(Person(client), page, places)
    assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in")
    assert CANARY not in answer.text


@pytest.mark.parametrize("page", pages(), ids=str)
def test_a_role_without_the_scope_is_refused(
    staff: dict[Role, Person], places: dict[str, str], page: PageOf
) -> None:
    for role, one in staff.items():
        if page.scope is None or page.scope in ROLE_SCOPES[role]:
            continue
        answer = ask(one, page, places)
        assert answer.status_code == 403
        if page.method != "HEAD":
            said = answer.text.partition("may not do this: ask ")[2].partition("<")[0]
            assert {other for other in Role if other.value in re.findall(r"\w+", said)} == {
                other for other in Role if page.scope in ROLE_SCOPES[other]
            }


@pytest.mark.parametrize("page", [one for one in pages() if one.scope is not Scope.ADMIN], ids=str)
def test_another_owner_neither_sees_nor_changes_anything(
    first: Person, second: Person, places: dict[str, str], page: PageOf
) -> None:
    before = seen_by(first)
    if page.path != "/sign-out":
        answer = ask(second, page, places)
        assert answer.status_code == 404 if "{" in page.path else answer.status_code < 400, answer.text
        assert CANARY not in answer.text
    assert seen_by(first) == before


@pytest.mark.parametrize("page", [one for one in pages() if one.method == "GET"], ids=str)
def test_the_first_owner_sees_it_and_no_page_holds_a_script_or_style_of_its_own(
    first: Person, staff: dict[Role, Person], places: dict[str, str], page: PageOf
) -> None:
    answer = ask(staff[Role.ADMIN] if page.scope is Scope.ADMIN else first, page, places)
    assert answer.status_code in (200, 303), answer.text
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert not _INLINE.findall(answer.text)


def test_forms_carry_the_token(staff: dict[Role, Person], places: dict[str, str]) -> None:
    for page in (one for one in pages() if one.method == "GET"):
        answer = ask(staff[Role.ADMIN], page, places)
        if answer.headers.get("content-type", "").startswith("text/html"):
            posting = re.findall(r'<form method="post".*?</form>', answer.text, re.DOTALL)
            assert all('name="csrf"' in form for form in posting), page


def seen_by(owner: Person) -> dict[str, str]:
    """All pages that name nothing."""
    plain = [
        one.path
        for one in pages()
        if one.method == "GET" and "{" not in one.path and one.scope is not Scope.ADMIN
    ]
    return {path: owner.get(path).text for path in plain}
