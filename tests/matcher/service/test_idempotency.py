"""A request that is sent again is carried out once: after an answer, during one, and after a kill."""

from __future__ import annotations

import signal
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from matcher.catalog import (
    Claim,
    Database,
    beat_answer,
    claim_answer,
    keep_answer,
    mark_effected,
    release_answer,
)
from matcher.catalog.columns import now
from matcher.catalog.service_tables import answers
from matcher.config import ServiceSettings
from matcher.faults import VARIABLE
from matcher.service.idempotency import _Digest
from tests.matcher.commands.conftest import matcher
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import Tenant, png, service_behind, tenant
from tests.matcher.service.test_app import problem
from tests.matcher.service.test_jobs import IDLE, TOML
from tests.matcher.service.test_server import begin

BOTH_DATABASES = True

LEASE = timedelta(seconds=30)
TABLE = b"listing_id,image\nL,https://shop.example/a.png\n"


def scan(owner: Any, key: str, table: bytes = TABLE) -> Any:
    files = [("manifest", ("a.csv", table))]
    return owner.post("/v1/scans", files=files, headers={"Idempotency-Key": key})


def jobs(owner: Any) -> int:
    return len(owner.get("/v1/jobs").json()["items"])


def test_the_same_request_again_is_answered_as_before(start: Start) -> None:
    owner = tenant(start(settings=IDLE))
    first, again = scan(owner, '"a key"'), scan(owner, '"a key"')
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.headers.get("content-type") == again.headers["content-type"]
    assert first.json() == again.json(), "although each form has a boundary of its own"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert jobs(owner) == 1
    assert scan(owner, "other").json()["job_id"] != first.json()["job_id"]


def test_two_servers_carry_a_request_out_once(start: Start) -> None:
    first = start(settings=IDLE)
    owner = tenant(first)
    other = Tenant(start(settings=IDLE), owner.owner_id, owner.secret)
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda who=who: answers.append(scan(who, "k"))) for who in (owner, other) * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.status_code for one in answers} <= {202, 409}
    assert len({one.json()["job_id"] for one in answers if one.status_code == 202}) == 1
    assert jobs(owner) == 1


def test_the_header_is_described_where_it_is_taken(start: Start) -> None:
    paths = start().get("/openapi.json").json()["paths"]
    named = {
        (path, method)
        for path, operations in paths.items()
        for method, one in operations.items()
        if "Idempotency-Key" in [parameter["name"] for parameter in one.get("parameters", ())]
    }
    posts = {(path, "post") for path, found in paths.items() if "post" in found and path.startswith("/v1/")}
    assert named == posts


def test_another_request_with_the_same_key_is_refused(start: Start) -> None:
    owner = tenant(start(settings=IDLE))
    scan(owner, "k")
    assert "another request" in str(problem(scan(owner, "k", TABLE + TABLE[17:]), 422)["detail"])
    problem(owner.post("/v1/brands", json={"name": "B"}, headers={"Idempotency-Key": "k"}), 422)
    assert jobs(owner) == 1


def test_a_key_is_of_one_api_key_alone(start: Start) -> None:
    client = start(settings=IDLE)
    first, second, stranger = tenant(client), tenant(client), tenant(client, "stranger")
    numbers = {scan(owner, "k").json()["job_id"] for owner in (first, second, stranger)}
    assert len(numbers) == 3


def test_what_was_refused_can_be_sent_again(start: Start) -> None:
    owner = tenant(start(settings=IDLE))
    problem(scan(owner, "k", b""), 422)
    assert scan(owner, "k").status_code == 202


def under_way(
    owner: Tenant, monkeypatch: pytest.MonkeyPatch
) -> tuple[threading.Thread, list[Any], threading.Event]:
    """A scan that is being taken until the event is set: its thread, and where the answer will lie."""
    entered, go_on = threading.Event(), threading.Event()

    def slow(*_: Any) -> None:
        entered.set()
        go_on.wait(30)

    monkeypatch.setattr("matcher.service.jobs.expect_readable", slow)
    found: list[Any] = []
    first = threading.Thread(target=lambda: found.append(scan(owner, "k")))
    first.start()
    assert entered.wait(30)
    return first, found, go_on


def test_while_the_first_is_under_way_the_second_waits(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = tenant(start(settings=IDLE))
    first, found, go_on = under_way(owner, monkeypatch)
    refused = scan(owner, "k")
    problem(refused, 409)
    assert refused.headers["retry-after"] == "5"
    go_on.set()
    first.join()
    assert scan(owner, "k").json() == found[0].json()
    assert jobs(owner) == 1


def test_a_secret_is_not_told_again_nor_kept(start: Start) -> None:
    owner = tenant(start(settings=IDLE))
    asked: dict[str, Any] = {"json": {"scopes": ["check"]}, "headers": {"Idempotency-Key": "k"}}
    made = owner.post("/v1/keys", **asked)
    assert made.headers["cache-control"] == "no-store"
    refused = problem(owner.post("/v1/keys", **asked), 409)
    assert made.headers["x-request-id"] in str(refused["detail"])
    assert len(owner.get("/v1/keys").json()) == 2
    with service_behind(owner.client).workspace.database.read() as connection:
        assert [row.body for row in connection.execute(answers.select())] == [None]


def test_of_a_check_that_keeps_nothing_nothing_is_kept(start: Start) -> None:
    owner = tenant(start(settings=IDLE))
    sent: dict[str, Any] = {
        "files": [("photos", ("a.png", png(1)))], "headers": {"Idempotency-Key": "k"},
    }  # fmt: skip
    found = [owner.post("/v1/check", **sent).json()["verdict"] for _ in range(2)]
    assert found[0] == found[1]
    with service_behind(owner.client).workspace.database.read() as connection:
        assert connection.execute(answers.select()).all() == []


@pytest.mark.parametrize("key", ["", '""', "x" * 256, 'a"b', "é"])
def test_a_key_that_cannot_be_is_a_bad_request(start: Start, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("latin-1")}
    problem(tenant(start()).post("/v1/brands", json={"name": "B"}, headers=headers), 400)


def test_asking_again_counts_as_asking(start: Start) -> None:
    owner = tenant(start(settings=IDLE), rate=3)
    for _ in range(3):
        assert scan(owner, "k").status_code == 202
    problem(scan(owner, "k"), 429)


def test_without_a_key_or_scope_nothing_is_kept(start: Start) -> None:
    client = start(settings=IDLE)
    problem(client.post("/v1/brands", json={"name": "B"}, headers={"Idempotency-Key": "k"}), 401)
    nobody = Tenant(client, 1, "cim_0_0")
    problem(scan(nobody, "k"), 401)
    poor = tenant(client, scopes=["audit"])  # type: ignore[list-item]
    problem(scan(poor, "k"), 403)
    with service_behind(client).workspace.database.read() as connection:
        assert connection.execute(answers.select()).all() == []


def test_a_body_over_the_limit_is_refused_while_it_is_gathered(start: Start) -> None:
    from tests.matcher.service.test_app import SMALL

    owner = tenant(start(settings=SMALL))
    parts = iter([b"x" * 600, b"x" * 600])
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    problem(owner.post("/v1/brands", content=parts, headers=headers), 413)


def test_the_fingerprint_does_not_depend_on_how_a_body_comes() -> None:
    body = b"--Bound\r\nx: 1\r\n\r\nBoun\r\n--Bound--"
    found = set()
    for size in range(1, len(body) + 1):
        digest = _Digest(b"Bound")
        for at in range(0, len(body), size):
            digest.update(body[at : at + size])
        found.add(digest.end())
    assert len(found) == 1
    other = _Digest(b"Tied!")
    other.update(body.replace(b"Bound", b"Tied!"))
    assert {other.end()} == found


@pytest.mark.slow
def test_a_request_whose_server_was_killed_before_it_answered_is_not_carried_out_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "workspace"
    secret = matcher(folder, "admin", "create").stdout.strip()
    (folder / "matcher.toml").write_text(TOML + "run_jobs = false\n", encoding="utf-8")
    headers = {"Authorization": f"Bearer {secret}"}
    monkeypatch.setenv(VARIABLE, "idempotency:answered")
    running, address = begin(folder)
    with (
        httpx.Client(base_url=address, headers=headers, timeout=30) as client,
        pytest.raises(httpx.HTTPError),
    ):
        client.post("/v1/owners", json={"name": "Acme"}, headers={"Idempotency-Key": "k"})
    running.communicate(timeout=60)
    assert running.returncode == -signal.SIGKILL
    monkeypatch.delenv(VARIABLE)
    running, address = begin(folder)
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
            again = client.post("/v1/owners", json={"name": "Acme"}, headers={"Idempotency-Key": "k"})
            acts = [one["action"] for one in client.get("/v1/audit").json()["items"]]
    finally:
        running.terminate()
        running.communicate(timeout=60)
    assert "was carried out" in str(problem(again, 409)["detail"])
    assert acts == ["key.issue", "owner.add"]


def test_many_images_again_are_taken_in_once(start: Start) -> None:
    owner = tenant(start(settings=IDLE))
    brand = owner.post("/v1/brands", json={"name": "Acme"}).json()["brand_id"]
    sent: dict[str, Any] = {
        "files": [("photos", (f"{number}.png", png(number))) for number in range(3)],
        "headers": {"Idempotency-Key": "k"},
    }
    found = [owner.post(f"/v1/brands/{brand}/images", **sent).json() for _ in range(2)]
    assert found[0] == found[1]
    assert [one["outcome"] for one in found[0]["images"]] == ["added"] * 3


def _aged(database: Database, claim: Claim, **ages: timedelta) -> None:
    with database.write() as connection:
        values = {name: now() - age for name, age in ages.items()}
        connection.execute(update(answers).where(answers.c.key_hash == claim.key_hash).values(values))


def test_a_dead_servers_claim_is_taken_over_unless_it_changed_something(start: Start) -> None:
    database = service_behind(start()).workspace.database
    first, second, third = (Claim.of("cim_1", key) for key in "abc")
    for claim in (first, second, third):
        with database.write() as connection:
            assert claim_answer(connection, claim, "f", "r-1", LEASE) is None
    with database.write() as connection:
        assert mark_effected(connection, second)
        assert mark_effected(connection, third)
        keep_answer(connection, third, 201, {"location": "/x"}, b"{}")
        release_answer(connection, second)
    for claim in (first, second, third):
        _aged(database, claim, claimed=timedelta(minutes=1))
    again = [Claim.of("cim_1", key) for key in "abc"]
    with database.write() as connection:
        assert claim_answer(connection, again[0], "f", "r-2", LEASE) is None
        lost = claim_answer(connection, again[1], "f", "r-2", LEASE)
        kept = claim_answer(connection, again[2], "f", "r-2", LEASE)
    assert lost is not None
    assert (lost.state, lost.request_id) == ("effected", "r-1")
    assert kept is not None
    assert (kept.state, kept.status, kept.headers, kept.body) == ("done", 201, {"location": "/x"}, b"{}")
    _aged(database, third, created=timedelta(days=2))
    with database.write() as connection:
        claimed = claim_answer(connection, again[2], "other", "r-3", LEASE)
        assert claimed is None, "a day later the key is free again"


def test_who_was_taken_for_dead_and_comes_back_changes_nothing(start: Start) -> None:
    database = service_behind(start()).workspace.database
    slow, next_one = Claim.of("cim_1", "a"), Claim.of("cim_1", "a")
    with database.write() as connection:
        claim_answer(connection, slow, "f", "r-1", LEASE)
    _aged(database, slow, claimed=timedelta(minutes=1))
    with database.write() as connection:
        beat_answer(connection, slow)
        waits = claim_answer(connection, next_one, "f", "r-2", LEASE)
    assert waits is not None, "it was heard of just now"
    _aged(database, slow, claimed=timedelta(minutes=1))
    with database.write() as connection:
        assert claim_answer(connection, next_one, "f", "r-2", LEASE) is None
        assert not mark_effected(connection, slow)
        release_answer(connection, slow)
        assert mark_effected(connection, next_one)


def test_a_request_that_takes_longer_than_the_lease_is_not_taken_over(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = IDLE.model_copy(update={"service": ServiceSettings(run_jobs=False, lease_seconds=0.4)})
    owner = tenant(start(settings=quick))
    first, found, go_on = under_way(owner, monkeypatch)
    time.sleep(1)
    problem(scan(owner, "k"), 409)
    go_on.set()
    first.join()
    assert found[0].status_code == 202
    assert jobs(owner) == 1


@pytest.mark.slow
def test_a_request_whose_server_was_killed_before_it_did_anything_is_soon_carried_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "workspace"
    secret = matcher(folder, "admin", "create").stdout.strip()
    (folder / "matcher.toml").write_text(TOML + "run_jobs = false\n", encoding="utf-8")
    asked: dict[str, Any] = {
        "json": {"name": "Acme"},
        "headers": {"Authorization": f"Bearer {secret}", "Idempotency-Key": "k"},
    }
    monkeypatch.setenv(VARIABLE, "idempotency:claimed")
    running, address = begin(folder)
    with pytest.raises(httpx.HTTPError):
        httpx.post(f"{address}/v1/owners", **asked, timeout=30)
    running.communicate(timeout=60)
    assert running.returncode == -signal.SIGKILL
    monkeypatch.delenv(VARIABLE)
    running, address = begin(folder)
    try:
        for _ in range(100):
            again = httpx.post(f"{address}/v1/owners", **asked, timeout=30)
            if again.status_code != 409:
                break
            time.sleep(0.2)
    finally:
        running.terminate()
        running.communicate(timeout=60)
    assert again.status_code == 201, again.text
