"""An admin invites people, changes what they may do, locks them out and lets them in; keys and record."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from matcher.catalog import Role, find_account, list_acts
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import service_behind, tenant
from tests.matcher.service.test_jobs import IDLE
from tests.matcher.service.web.people import ANOTHER, PASSWORD, Person, person

BOTH_DATABASES = True


@pytest.fixture
def client(start: Start) -> TestClient:
    return start(settings=IDLE)


@pytest.fixture
def ada(client: TestClient) -> Person:
    return person(client, "ada", role=Role.ADMIN)


def invited(page: str) -> str:
    """The path of the address that is told once."""
    found = re.search(r'<code class="secret">http://testserver(/welcome/[\w-]+)</code>', page)
    assert found, page
    return found[1]


def accept(client: TestClient, at: str, new: str = PASSWORD, again: str = "") -> tuple[int, str]:
    """Choose a password where an invitation leads; the status and what follows."""
    who = Person(client)
    token = re.search(r'name="csrf" value="(\w+)"', who.page(at))
    assert token
    answer = who.browser.post(at, data={"csrf": token[1], "new": new, "again": again or new})
    return answer.status_code, answer.headers.get("location", answer.text)


def number(client: TestClient, name: str) -> int:
    with service_behind(client).workspace.database.read() as connection:
        found = find_account(connection, name)
    assert found
    return found[0].account_id


def acts(client: TestClient, owner_id: int = 1) -> list[tuple[str, str, str]]:
    with service_behind(client).workspace.database.read() as connection:
        return [(act.actor, act.action, act.target) for act in list_acts(connection, owner_id, limit=1000)]


def test_someone_is_invited_chooses_a_password_and_signs_in(client: TestClient, ada: Person) -> None:
    page = ada.send("/people", name="lee", owner="Acme", role="reviewer")
    assert page.status_code == 200, page.text
    at = invited(page.text)
    assert "Invited" in ada.page("/people")
    assert Person(client).sign_in("lee").status_code == 401, "nobody knows the password"
    assert "Welcome, lee" in Person(client).page(at)
    for new, again, why in (("short", "", "shorter than 15"), (PASSWORD, ANOTHER, "typed in two ways")):
        status, text = accept(client, at, new, again)
        assert (status, why in text) == (401, True)
    assert accept(client, at) == (303, "/sign-in?name=lee")
    assert 'value="lee"' in Person(client).page("/sign-in?name=lee")
    lee = Person(client)
    assert lee.sign_in("lee").status_code == 303
    assert "reviewer of <bdi>Acme</bdi>" in lee.page("/")
    assert Person(client).get(at).status_code == 404, "it opens once"
    assert [act[1:] for act in acts(client, 2)] == [
        ("person.invite", "lee (reviewer)"), ("person.sign-in-failed", "lee"), ("person.accept", "lee"),
        ("person.sign-in", "lee"),
    ]  # fmt: skip
    assert ("person:ada", "owner.add", "Acme") in acts(client)
    taken = ada.send("/people", name="LEE", owner="Other")
    assert (taken.status_code, "already" in taken.text) == (422, True)


def test_a_role_counts_at_once_and_is_on_record(client: TestClient, ada: Person) -> None:
    lee = person(client, "lee", "Acme", Role.VIEWER)
    to = f"/people/{number(client, 'lee')}"
    assert lee.send("/brands", name="Acme").status_code == 403
    assert ada.send(f"{to}/role", role="manager").headers["location"] == to
    assert lee.send("/brands", name="Acme").status_code == 303
    assert ada.send(f"{to}/role", role="emperor").status_code == 422
    assert ("person:ada", "person.role", "lee (manager)") in acts(client, 2)


def test_a_lock_holds_until_it_is_undone_and_sessions_end(client: TestClient, ada: Person) -> None:
    lee = person(client, "lee", "Acme")
    to = f"/people/{number(client, 'lee')}"
    waiting = invited(ada.send(f"{to}/invite").text)
    assert "End 1 session<" in ada.page(to)
    ada.send(f"{to}/lock")
    assert lee.get("/").status_code == 303
    assert Person(client).sign_in("lee").status_code == 401
    assert Person(client).get(waiting).status_code == 404
    assert "locked since" in ada.page(to)
    ada.send(f"{to}/unlock")
    again = Person(client)
    assert again.sign_in("lee").status_code == 303
    ada.send(f"{to}/sessions")
    assert again.get("/").status_code == 303
    assert ada.send(f"{to}/remove").headers["location"] == "/people"
    assert ada.get(to).status_code == 404
    done = [action for _, action, _ in acts(client, 2)]
    assert [one for one in done if one.startswith("person.") and "sign-in" not in one] == [
        "person.invite", "person.lock", "person.unlock", "person.sessions-ended", "person.remove",
    ]  # fmt: skip


def test_a_forgotten_password_is_replaced_by_an_invitation(client: TestClient, ada: Person) -> None:
    lee = person(client, "lee", "Acme")
    at = invited(ada.send(f"/people/{number(client, 'lee')}/invite").text)
    assert lee.get("/").status_code == 200, "the present one works until then"
    assert accept(client, at, ANOTHER)[0] == 303
    assert lee.get("/").status_code == 303
    assert Person(client).sign_in("lee", ANOTHER).status_code == 303
    foreign = Person(client).browser.post(at, data={"csrf": "0" * 64, "new": PASSWORD, "again": PASSWORD})
    assert foreign.status_code == 404


def test_an_admin_cannot_shut_out_themselves(client: TestClient, ada: Person) -> None:
    to = f"/people/{number(client, 'ada')}"
    assert "This is you" in ada.page(to)
    for act in ("role", "lock", "remove", "sessions"):
        refused = ada.send(f"{to}/{act}", role="viewer")
        assert (refused.status_code, "another admin" in refused.text) == (422, True)
    assert ada.get("/people").status_code == 200


def test_keys_are_made_replaced_and_ended(client: TestClient) -> None:
    kim = person(client, "kim", "Acme")
    page = kim.send("/keys", scopes=["catalog:read", "check"], label="the <b>shop", days="30").text
    secret = re.findall(r'<code class="secret">([\w-]+)</code>', page)[0]
    assert "the &lt;b&gt;shop" in page
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/v1/brands", headers=headers).status_code == 200
    prefix = re.findall(r'action="/keys/(\w+)/rotate"', page)[0]
    assert secret not in kim.page("/keys")
    replaced = kim.send(f"/keys/{prefix}/rotate", grace="3600").text
    newer = re.findall(r'<code class="secret">([\w-]+)</code>', replaced)[0]
    for one in (secret, newer):
        assert client.get("/v1/brands", headers={"Authorization": f"Bearer {one}"}).status_code == 200
    kim.send(f"/keys/{prefix}/revoke")
    assert client.get("/v1/brands", headers=headers).status_code == 401
    assert "ended" in kim.page("/keys")
    assert kim.send("/keys", label="nothing").status_code == 422
    assert kim.send("/keys", scopes=["admin"]).status_code == 422
    assert [act[1] for act in acts(client, 2)][1:] == ["key.issue", "key.rotate", "key.revoke"]


def test_an_admin_keeps_the_keys_of_every_owner_and_a_manager_of_none_but_their_own(
    client: TestClient, ada: Person
) -> None:
    acme = tenant(client, "Acme")
    made = acme.post("/v1/keys", json={"scopes": ["check"], "label": "of Acme"}).json()
    assert "of Acme" not in ada.page("/keys")
    assert "of Acme" in ada.page(f"/keys?owner={acme.owner_id}")
    kim = person(client, "kim", "Other")
    for answer in (
        kim.get(f"/keys?owner={acme.owner_id}"),
        kim.send(f"/keys/{made['prefix']}/revoke", owner=str(acme.owner_id)),
        kim.send(f"/keys/{made['prefix']}/rotate"),
        kim.send("/keys", scopes=["check"], owner=str(acme.owner_id)),
        ada.get("/keys?owner=99"),
    ):
        assert answer.status_code == 404
        assert "of Acme" not in answer.text
    ada.send(f"/keys/{made['prefix']}/revoke", owner=str(acme.owner_id))
    assert acme.ask("GET", "/v1/keys").json()[1]["revoked"]
    assert ("person:ada", "key.revoke", made["prefix"]) in acts(client, acme.owner_id)


def test_the_record_shows_each_owners_acts_and_to_an_admin_who_may_do_what(
    client: TestClient, ada: Person
) -> None:
    kim = person(client, "kim", "Acme")
    kim.send("/brands", name="Sécret <i>Brand")
    kim.send("/keys", scopes=["check"])
    page = kim.page("/record")
    assert "Sécret &lt;i&gt;Brand" in page
    assert "Made an API key" in kim.page("/record?q=KEY.")
    assert "Added a brand" not in kim.page("/record?q=KEY.")
    assert "Added a brand" in kim.page("/record?q=added a"), "by the words that people see"
    assert "Nothing holds that" in kim.page("/record?q=nothing")
    seen = ada.page("/record")
    assert "Made an API key" in seen
    assert "Sécret" not in seen, "what others have is not told"
    for _ in range(60):
        kim.send("/brands", name="Acme")
        kim.send("/brands", name="Acme")
    first = kim.page("/record")
    assert first.count("<tr><td") == 100
    older = re.findall(r'href="(/record\?before=\d+)">Older', first)[0]
    assert "Made an API key" in kim.page(older)


def test_an_invitation_is_not_guessed_at_leisure(client: TestClient) -> None:
    who = Person(client)
    codes = [who.browser.post("/welcome/guess", data={"new": PASSWORD}).status_code for _ in range(25)]
    assert codes.count(429) == 5
    assert Person(client).get("/welcome/../sign-in").status_code in (200, 404)
