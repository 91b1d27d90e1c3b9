"""Keys over HTTP: made, shown, rotated, revoked, limited, and every act on record."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.catalog import Scope
from tests.matcher.commands.conftest import matcher
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import EVERYTHING, Tenant, tenant
from tests.matcher.service.test_app import problem

BOTH_DATABASES = True


def test_the_first_admin_is_made_on_the_command_line(start: Start, tmp_path: Path) -> None:
    made = matcher(tmp_path / "workspace", "admin", "create")
    assert made.exit_code == 0
    admin = Tenant(start(), 1, made.stdout.strip())
    owner = admin.post("/v1/owners", json={"name": "Acme"})
    assert owner.status_code == 201
    number = owner.json()["owner_id"]
    assert admin.post("/v1/owners", json={"name": "Acme"}).json()["owner_id"] == number
    assert {"owner_id": number, "name": "Acme"} in admin.get("/v1/owners").json()
    given = admin.post(f"/v1/owners/{number}/keys", json={"scopes": ["keys", "audit"], "label": "Kim"})
    kim = Tenant(admin.client, number, given.json()["secret"])
    assert [key["label"] for key in kim.get("/v1/keys").json()] == ["Kim"]
    acts = kim.get("/v1/audit").json()["items"]
    assert [(act["action"], act["actor"]) for act in acts] == [("key.issue", made.stdout[:14])]
    problem(admin.post("/v1/owners/999/keys", json={"scopes": ["check"]}), 404)


def test_a_key_gives_no_more_than_it_has(start: Start) -> None:
    owner = tenant(start(), scopes={Scope.KEYS, Scope.CHECK})
    assert owner.post("/v1/keys", json={"scopes": ["check"]}).status_code == 201
    refused = owner.post("/v1/keys", json={"scopes": ["admin", "check", "audit"]})
    assert "lacks admin, audit itself" in str(problem(refused, 403)["detail"])


def test_a_secret_is_told_once(start: Start) -> None:
    owner = tenant(start())
    made = owner.post("/v1/keys", json={"scopes": ["check"]}).json()
    assert made["secret"].startswith(made["prefix"])
    assert "secret" not in owner.get("/v1/keys").text


def test_a_rotated_key_works_on_for_its_grace_and_a_revoked_one_not_at_all(start: Start) -> None:
    owner = tenant(start())
    first = owner.post("/v1/keys", json={"scopes": ["keys"]}).json()
    old = Tenant(owner.client, 1, first["secret"])
    second = owner.post(f"/v1/keys/{first['prefix']}/rotate", params={"grace_seconds": 60}).json()
    new = Tenant(owner.client, 1, second["secret"])
    assert old.get("/v1/keys").status_code == new.get("/v1/keys").status_code == 200
    assert owner.delete(f"/v1/keys/{second['prefix']}").json()["revoked"]
    refused = new.get("/v1/keys")
    problem(refused, 401)
    assert refused.headers["www-authenticate"] == "Bearer"
    problem(owner.post(f"/v1/keys/{first['prefix']}x/rotate"), 404)


def test_a_key_that_asks_too_often_is_told_to_wait(start: Start) -> None:
    client = start()
    owner, other = tenant(client, rate=3), tenant(client, rate=3)
    for _ in range(3):
        assert owner.get("/v1/keys").status_code == 200
    refused = owner.get("/v1/keys")
    problem(refused, 429)
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert other.get("/v1/keys").status_code == 200


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer cim_0_0", "Basic YTpi", "Bearer \xe9"])
def test_without_a_valid_key_nothing_is_told(start: Start, given: str) -> None:
    client = start()
    headers = {"Authorization": given.encode("latin-1")} if given else {}
    problem(client.get("/v1/keys", headers=headers), 401)  # type: ignore[arg-type]


def test_the_record_is_read_a_page_at_a_time_while_it_grows(start: Start) -> None:
    owner = tenant(start())
    for _ in range(3):
        owner.post("/v1/keys", json={"scopes": ["check"]})
    first = owner.get("/v1/audit", params={"limit": 2}).json()
    owner.post("/v1/keys", json={"scopes": ["audit"]})
    second = owner.get("/v1/audit", params={"limit": 2, "after": first["next"]}).json()
    targets = [act["target"] for act in (*first["items"], *second["items"])]
    assert targets == ["check", "check", "check", "audit"]
    assert second["next"] is None
    assert all(act["request_id"] for act in first["items"])


def test_what_is_refused_is_not_on_record(start: Start) -> None:
    owner = tenant(start(), scopes=EVERYTHING)
    problem(owner.delete("/v1/keys/cim_0000000000"), 404)
    assert owner.get("/v1/audit").json()["items"] == []
