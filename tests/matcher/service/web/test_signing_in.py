"""People sign in with a name and a password, and nothing tells an attacker which of them was wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from matcher.catalog import Role, add_owner, list_acts, put_account
from matcher.catalog.service_tables import sessions
from matcher.config import ServiceSettings
from tests.matcher.drawn import SETTINGS
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import service_behind
from tests.matcher.service.web.people import ANOTHER, PASSWORD, Person, password_hash, person

STRICT = SETTINGS.model_copy(update={"service": ServiceSettings(sign_in_failures=3, run_jobs=False)})


def account(client: TestClient, name: str = "kim") -> None:
    with service_behind(client).workspace.database.write() as connection:
        put_account(connection, add_owner(connection, "Acme"), name, Role.REVIEWER, password_hash())


def acts(client: TestClient) -> list[tuple[str, str]]:
    with service_behind(client).workspace.database.read() as connection:
        return [(act.actor, act.action) for act in list_acts(connection, 2)]


def test_whoever_has_not_signed_in_is_sent_to_the_form_and_back(start: Start) -> None:
    client = start()
    account(client)
    kim = Person(client)
    sent = kim.get("/account")
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=%2Faccount")
    back = kim.sign_in("KIM", next="/account")
    assert (back.status_code, back.headers["location"]) == (303, "/account")
    assert "Acme" in kim.page("/account")
    assert kim.get("/sign-in").headers["location"] == "/"
    assert acts(client) == [("person:kim", "person.sign-in")]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(start: Start) -> None:
    client = start()
    account(client)
    plain = Person(client).sign_in("kim").headers["set-cookie"]
    assert plain.startswith("matcher_session=")
    assert "HttpOnly" in plain
    assert "SameSite=lax" in plain
    assert "Secure" not in plain
    behind_tls = Person(client, "https://testserver").sign_in("kim").headers["set-cookie"]
    assert behind_tls.startswith("__Host-matcher_session=")
    assert "Secure" in behind_tls


def test_what_was_wrong_is_not_told(start: Start) -> None:
    client = start(settings=STRICT)
    account(client)
    pages = set()
    for name, password in (("kim", "wrong"), ("nobody", PASSWORD), ("kim", ""), ("kim", "x" * 9000)):
        refused = Person(client).sign_in(name, password)
        assert refused.status_code == 401
        assert "set-cookie" in refused.headers
        pages.add(re.sub(r'value="\w*"', "", re.sub(r" autofocus", "", refused.text)))
    locked = Person(client).sign_in("kim")
    pages.add(re.sub(r'value="\w*"', "", re.sub(r" autofocus", "", locked.text)))
    assert len(pages) == 1, "the right password on a locked account looks like a wrong one"
    actions = [action for _, action in acts(client)]
    assert actions == ["person.sign-in-failed"] * 2 + ["person.locked"]


def test_one_address_may_not_try_on_and_on(start: Start) -> None:
    client = start()
    tried = Person(client)
    token = tried.token()
    codes = [
        tried.browser.post("/sign-in", data={"csrf": token + "x", "name": "kim"}).status_code
        for _ in range(25)
    ]
    assert codes.count(429) == 5


@pytest.mark.parametrize(
    "next_",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"],
)
def test_the_way_back_stays_here(start: Start, next_: str) -> None:
    client = start()
    account(client)
    assert Person(client).sign_in("kim", next=next_).headers["location"] == "/"


def test_a_form_that_is_not_ours_changes_nothing(start: Start) -> None:
    client = start()
    kim = person(client, "kim", "Acme")
    new = {
        "password": PASSWORD,
        "new": "another tractor hums beneath snow",
        "again": "another tractor hums beneath snow",
    }
    assert kim.browser.post("/account/password", data=new).status_code == 403
    assert kim.browser.post("/account/password", data={**new, "csrf": "0" * 64}).status_code == 403
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    foreign = kim.browser.post("/account/password", data={**new, "csrf": kim.token()}, headers=elsewhere)
    assert (foreign.status_code, foreign.headers["location"]) == (303, "/sign-in")
    other = person(client, "lee", "Acme")
    assert kim.browser.post("/account/password", data={**new, "csrf": other.token()}).status_code == 403
    assert Person(client).sign_in("kim").status_code == 303, "the password is the old one"
    unsigned = Person(client).browser.post("/sign-in", data={"name": "kim", "password": PASSWORD})
    assert unsigned.status_code == 401


def test_a_signed_out_session_opens_nothing(start: Start) -> None:
    client = start()
    kim = person(client, "kim", "Acme")
    secret = kim.browser.cookies["matcher_session"]
    out = kim.send("/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert out.headers["clear-site-data"] == '"cache"'
    kept = Person(client)
    kept.browser.cookies.set("matcher_session", secret)
    assert kept.get("/").status_code == 303


def test_another_password_ends_the_other_sessions(start: Start) -> None:
    client = start()
    here, there = person(client, "kim", "Acme"), Person(client)
    there.sign_in("kim")
    new = ANOTHER
    for password, first, second, why in (
        ("wrong", new, new, "present password is wrong"),
        (PASSWORD, new, new + "x", "typed in two ways"),
        (PASSWORD, "short", "short", "shorter than 15"),
    ):
        refused = here.send("/account/password", password=password, new=first, again=second)
        assert (refused.status_code, why in refused.text) == (422, True)
    assert here.send("/account/password", password=PASSWORD, new=new, again=new).status_code == 200
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 303
    assert Person(client).sign_in("kim").status_code == 401
    assert Person(client).sign_in("kim", new).status_code == 303
    assert ("person:kim", "person.password") in acts(client)


def test_pages_allow_the_browser_only_what_is_ours(start: Start) -> None:
    client = start()
    kim = person(client, "kim")
    page = kim.get("/")
    policy = page.headers["content-security-policy"]
    assert "'unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    for address in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text):
        assert kim.get(address).status_code == 200
    assert kim.get("/assets/../frame.py").status_code == 404
    assert kim.get("/assets/secret").status_code == 404


def test_a_session_lasts_while_a_person_uses_it_and_not_for_what_a_page_asks_by_itself(start: Start) -> None:
    client = start()
    kim = person(client, "kim")
    database = service_behind(client).workspace.database

    def used(minutes: int) -> None:
        with database.write() as connection:
            connection.execute(update(sessions).values(seen=datetime.now(UTC) - timedelta(minutes=minutes)))

    def idle() -> timedelta:
        with database.read() as connection:
            seen = connection.execute(select(sessions.c.seen)).scalar_one()
        return datetime.now(UTC) - seen

    used(minutes=30)
    kim.get("/scans/latest", headers={"HX-Request": "true"})
    kim.get("/scans/latest", headers={"Accept": "text/event-stream"})
    assert idle() > timedelta(minutes=29)
    kim.get("/scans")
    assert idle() < timedelta(minutes=1)
    used(minutes=61)
    assert kim.get("/scans").status_code == 303
