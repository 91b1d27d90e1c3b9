"""Webhooks: registered where they may lead, told what happened, signed, tried again, and given up."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from matcher.catalog import Scope
from matcher.config import FetchSettings
from matcher.errors import FetchError
from matcher.faults import VARIABLE
from matcher.posting import Poster
from matcher.service.delivering import Deliverer
from matcher.service.signing import signature
from tests.matcher import drawn
from tests.matcher.commands.conftest import matcher
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import EVERYTHING, Tenant, png, service_behind, tenant
from tests.matcher.service.test_app import problem
from tests.matcher.service.test_jobs import IDLE, QUICK, TOML, begun, ended, listings
from tests.matcher.service.test_server import begin
from tests.matcher.service.web.people import person

NOW = timedelta()


@dataclass
class Receiver:
    """Somebody's server: what it was sent, and what it answers."""

    url: str = ""
    status: int = 204
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.seen]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A running one."""
    found = Receiver()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.seen.append(({key.lower(): value for key, value in self.headers.items()}, body))
            self.send_response(found.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        found.url = f"http://127.0.0.1:{server.server_port}/hook"
        yield found
        server.shutdown()
        serving.join()


def hook(owner: Tenant, url: str, *events: str) -> dict[str, Any]:
    answer = owner.post("/v1/webhooks", json={"url": url, "events": events or ["verdict", "scan.done"]})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def send(owner: Tenant, *, waits: int = 1) -> None:
    """Everything that is due now."""
    workspace = service_behind(owner.client).workspace
    with Poster(workspace.settings.fetch) as poster, ThreadPoolExecutor(2) as pool:
        deliverer = Deliverer(workspace, poster, [NOW] * waits)
        while deliverer.send_due(pool):
            pass


def deliveries(owner: Tenant, made: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = owner.get(f"/v1/webhooks/{made['webhook']}/deliveries").json()["items"]
    return found


def test_a_signature_is_as_the_specification_has_it() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_scan_tells_of_its_verdicts_and_its_end(
    start: Start, tmp_path: Path, photo_server: str, receiver: Receiver
) -> None:
    client = start(drawn.workspace_folder(tmp_path / "filled"), QUICK)
    owner, stranger = tenant(client), tenant(client, "stranger")
    made, of_ends = hook(owner, receiver.url), hook(owner, f"{receiver.url}/ends", "scan.done")
    hook(stranger, f"{receiver.url}/stranger")
    number = begun(owner, "/v1/scans", listings(photo_server))
    job = ended(owner, number)
    for _ in range(200):
        if all(one["state"] == "done" for one in deliveries(owner, made) + deliveries(owner, of_ends)):
            break
        threading.Event().wait(0.05)
    told = receiver.told()
    assert len(told) == 5
    verdicts = [one["data"] for one in told if one["type"] == "verdict"]
    assert {one["verdict"]["listing_id"] for one in verdicts} == {"L-1", "L-3", "L-5"}
    assert {one["job"] for one in verdicts} == {number}
    assert owner.get(f"/v1/reviews/{verdicts[0]['review']}").status_code == 200
    end = next(one["data"] for one in told if one["type"] == "scan.done")
    assert (end["state"], end["result"]) == ("done", job["result"])
    for headers, body in receiver.seen:
        secrets = [one["secret"] for one in (made, of_ends)]
        stamp = int(headers["webhook-timestamp"])
        right = {signature(secret, headers["webhook-id"], stamp, body) for secret in secrets}
        assert headers["webhook-signature"] in right
    assert len({headers["webhook-id"] for headers, _ in receiver.seen}) == 5
    stranger_hook = stranger.get("/v1/webhooks").json()[0]
    assert deliveries(stranger, stranger_hook) == []


def test_a_kept_check_tells_of_its_verdict(start: Start, tmp_path: Path, receiver: Receiver) -> None:
    owner = tenant(start(drawn.workspace_folder(tmp_path / "filled"), IDLE))
    hook(owner, receiver.url, "verdict")
    offer = {"price": "9", "currency": "EUR", "keep": "true"}
    for number in (2, 300):
        owner.post("/v1/check", data=offer, files=[("photos", ("a.png", png(number)))])
    send(owner)
    (told,) = receiver.told()
    assert told["data"]["verdict"]["verdict"] == "counterfeit"


def test_answers_are_told_as_they_are_given_and_taken_back(
    start: Start, tmp_path: Path, receiver: Receiver
) -> None:
    client = start(drawn.workspace_folder(tmp_path / "filled"), IDLE)
    owner, kim = tenant(client), person(client, "kim")
    hook(owner, receiver.url, "answer")
    offer = {"price": "9", "currency": "EUR", "keep": "true", "listing_id": "L-2"}
    kept = owner.post("/v1/check", data=offer, files=[("photos", ("a.png", png(2)))]).json()["review"]
    owner.post(f"/v1/reviews/{kept}", json={"answer": "unsure", "reviewer": "rhea", "note": "dark"})
    kim.send(f"/review/{kept}", answer="confirm")
    kim.send("/review/undo")
    send(owner)
    told = [one["data"] for one in receiver.told()]
    assert [(one["answer"], one["reviewer"]) for one in told] == [
        ("unsure", "rhea"), ("confirm", "kim"), ("unsure", "rhea")
    ]  # fmt: skip
    assert {(one["review"], one["listing_id"], one["verdict"]) for one in told} == {
        (kept, "L-2", "counterfeit")
    }
    assert told[0]["note"] == "dark"
    given = owner.get("/v1/answers").json()["items"]
    assert [one["withdrawn"] is None for one in given] == [True, False]


def test_a_message_is_tried_again_until_the_webhook_is_switched_off(start: Start, receiver: Receiver) -> None:
    owner = tenant(start(settings=IDLE))
    made = hook(owner, receiver.url)
    where = f"/v1/webhooks/{made['webhook']}"
    receiver.status = 302
    waiting = owner.post(f"{where}/test").json()
    assert (waiting["state"], waiting["event"]) == ("waiting", "test")
    send(owner, waits=2)
    assert len(receiver.seen) == 3, "the first try and one after each pause; a redirect is not followed"
    (failed,) = deliveries(owner, made)
    assert (failed["state"], failed["attempts"]) == ("failed", 3)
    assert failed["error"] == "was answered with HTTP status 302"
    assert "could not be delivered in 3 tries" in owner.get(where).json()["off"]
    receiver.status = 200
    owner.post(f"{where}/test")
    send(owner)
    assert len(receiver.seen) == 3, "nothing is sent to one that is off"
    assert owner.put(where, json={"events": ["verdict"]}).json()["off"] == ""
    send(owner)
    assert [one["state"] for one in deliveries(owner, made)] == ["failed", "done"]


def test_an_address_that_is_gone_is_not_tried_again(start: Start, receiver: Receiver) -> None:
    owner = tenant(start(settings=IDLE))
    made = hook(owner, receiver.url)
    receiver.status = 410
    owner.post(f"/v1/webhooks/{made['webhook']}/test")
    send(owner, waits=5)
    assert len(receiver.seen) == 1
    assert deliveries(owner, made)[0]["state"] == "failed"


def test_a_rotated_secret_signs_beside_the_old_one_for_its_grace(start: Start, receiver: Receiver) -> None:
    owner = tenant(start(settings=IDLE))
    made = hook(owner, receiver.url)
    where = f"/v1/webhooks/{made['webhook']}"
    assert "secret" not in owner.get("/v1/webhooks").text
    fresh = owner.post(f"{where}/rotate", params={"grace_seconds": 60}).json()
    owner.post(f"{where}/test")
    send(owner)
    alone = owner.post(f"{where}/rotate").json()
    owner.post(f"{where}/test")
    send(owner)
    for (headers, body), secrets in zip(
        receiver.seen, ([fresh["secret"], made["secret"]], [alone["secret"]]), strict=True
    ):
        stamp = int(headers["webhook-timestamp"])
        wanted = [signature(secret, headers["webhook-id"], stamp, body) for secret in secrets]
        assert headers["webhook-signature"].split(" ") == wanted


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://127.0.0.2/x", "not a public address"),
        ("https://169.254.169.254/latest/meta-data", "not a public address"),
        ("https://[::1]/x", "not a public address"),
        ("http://shop.example/x", "is not https"),
        ("ftp://shop.example/x", "scheme"),
        ("https://user:word@shop.example/x", "user name"),
        ("https:///x", "without a host"),
    ],
)
def test_an_address_that_leads_inside_is_refused_when_it_is_registered(
    start: Start, url: str, said: str
) -> None:
    owner = tenant(start(settings=IDLE))
    refused = owner.post("/v1/webhooks", json={"url": url, "events": ["verdict"]})
    assert said in str(problem(refused, 422)["detail"])


def test_an_address_that_leads_inside_later_is_refused_when_it_is_sent_to() -> None:
    led = {"shop.example": "93.184.216.34"}
    with Poster(FetchSettings(), resolver=lambda host, _port: [led[host]]) as poster:
        poster.vet("https://shop.example/x")
        led["shop.example"] = "10.0.0.7"
        with pytest.raises(FetchError, match="not a public address"):
            poster.post("https://shop.example/x", b"{}", {})


def test_a_key_makes_no_webhook_for_what_it_may_not_read(start: Start, receiver: Receiver) -> None:
    owner = tenant(start(settings=IDLE), scopes=EVERYTHING - {Scope.SCANS_READ})
    wanted = {"url": receiver.url, "events": ["verdict"]}
    assert "scans:read" in str(problem(owner.post("/v1/webhooks", json=wanted), 403)["detail"])
    other = tenant(owner.client, scopes=EVERYTHING - {Scope.REVIEWS_READ})
    made = hook(other, receiver.url)
    for told in (
        other.post("/v1/webhooks", json={"url": receiver.url, "events": ["answer"]}),
        other.put(f"/v1/webhooks/{made['webhook']}", json={"events": ["verdict", "answer"]}),
    ):
        assert "reviews:read" in str(problem(told, 403)["detail"])


def test_an_owner_has_so_many_webhooks_and_no_more(start: Start, receiver: Receiver) -> None:
    owner = tenant(start(settings=IDLE))
    made = [hook(owner, f"{receiver.url}/{number}") for number in range(20)]
    wanted = {"url": receiver.url, "events": ["verdict"]}
    problem(owner.post("/v1/webhooks", json=wanted), 422)
    assert owner.delete(f"/v1/webhooks/{made[0]['webhook']}").status_code == 204
    assert owner.post("/v1/webhooks", json=wanted).status_code == 201


@pytest.mark.slow
def test_a_message_outlives_a_server_that_is_killed_as_it_was_sent(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "workspace"
    secret = matcher(folder, "admin", "create").stdout.strip()
    quick = TOML.replace("[fetch]", "[fetch]\ntimeout_seconds = 0.5")
    (folder / "matcher.toml").write_text(quick, encoding="utf-8")
    headers = {"Authorization": f"Bearer {secret}"}
    where = ""
    for point in ("webhook:claimed", "webhook:sent"):
        monkeypatch.setenv(VARIABLE, point)
        running, address = begin(folder)
        if not where:
            with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
                wanted = {"url": receiver.url, "events": ["verdict"]}
                where = f"/v1/webhooks/{client.post('/v1/webhooks', json=wanted).json()['webhook']}"
                client.post(f"{where}/test").raise_for_status()
        running.communicate(timeout=60)
        assert running.returncode == -signal.SIGKILL, point
    monkeypatch.delenv(VARIABLE)
    running, address = begin(folder)
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
            for _ in range(300):
                (one,) = client.get(f"{where}/deliveries").json()["items"]
                if one["state"] == "done":
                    break
                threading.Event().wait(0.1)
    finally:
        running.terminate()
        running.communicate(timeout=60)
    assert (one["state"], one["attempts"]) == ("done", 3)
    names = [headers["webhook-id"] for headers, _ in receiver.seen]
    assert names == [one["message_id"]] * 2, "whoever is told twice can see that it is the same"
