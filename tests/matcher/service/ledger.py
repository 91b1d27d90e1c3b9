"""A client that goes on when servers die, and keeps what they acknowledged."""

from __future__ import annotations

import base64
import itertools
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.matcher.service.fleet import Fleet

TUS = {"Tus-Resumable": "1.0.0"}
PATIENCE = 180.0
"""Seconds that a request, or a job, may take with all its kills: a machine may be busy."""


@dataclass
class Ledger:
    """What servers said they had done; each of it must be there once in the end."""

    jobs: dict[int, str] = field(default_factory=dict)
    """The path that each was asked for at, by number."""
    listings: dict[str, int] = field(default_factory=dict)
    """Listings that were checked and kept, and their number in reviews."""
    answers: dict[int, tuple[str, str]] = field(default_factory=dict)
    """The name and the answer of each listing that was reviewed."""
    broken: int = 0
    """Requests that got no answer."""


class Client:
    """Asks both servers in turn, again and again under one idempotency key until one of them answers."""

    def __init__(self, fleet: Fleet, secret: str) -> None:
        self._keys, self.ledger = itertools.count(), Ledger()
        headers = {"Authorization": f"Bearer {secret}"}
        self._clients = [httpx.Client(base_url=one, headers=headers, timeout=60) for one in fleet.addresses]
        self._turn = itertools.cycle(self._clients)

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def ask(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """The answer of whichever server gives one; 503 is none yet."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                answer = next(self._turn).request(method, path, **rest)
            except httpx.TransportError:
                self.ledger.broken += 1
                time.sleep(0.1)
                continue
            if answer.status_code != 503:
                return answer
            time.sleep(0.2)
        raise AssertionError(f"{method} {path}: no server answered")

    def get(self, path: str, **rest: Any) -> Any:
        answer = self.ask("GET", path, **rest)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def all(self, path: str, **params: Any) -> list[Any]:
        """Every item of a list that comes by the page."""
        found: list[Any] = []
        after: Any = 0
        while after is not None:
            page = self.get(path, params={**params, "after": after})
            found += page["items"]
            after = page["next"]
        return found

    def once(self, path: str, **rest: Any) -> Any:
        """POST under a key of its own until it is acknowledged; the answer.

        Where it was carried out and its answer is lost, this is `{"target": …}`: what the record says it did.
        """
        headers = {**rest.pop("headers", {}), "Idempotency-Key": f"story-{next(self._keys)}"}
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            answer = self.ask("POST", path, headers=headers, **rest)
            if answer.is_success:
                return answer.json()
            detail = answer.json()["detail"]
            assert answer.status_code == 409, answer.text
            if "being carried out" not in detail:
                request_id = detail.removeprefix("the request was carried out as ").partition(",")[0]
                return {"target": self.target(request_id)}
            time.sleep(0.5)
        raise AssertionError(f"POST {path}: never acknowledged: {detail}")

    def target(self, request_id: str) -> str:
        """What the request of that id did its act to, by the record."""
        found = [one["target"] for one in self.all("/v1/audit") if one["request_id"] == request_id]
        assert len(found) == 1, (request_id, found)
        return str(found[0])

    def job(self, path: str, **rest: Any) -> int:
        """A job that is asked for once; its number is acknowledged."""
        made = self.once(path, **rest)
        number = int(made["job_id"] if "job_id" in made else made["target"])
        self.ledger.jobs[number] = path
        return number

    def ended(self, number: int) -> dict[str, Any]:
        """The job when it has ended."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            job: dict[str, Any] = self.get(f"/v1/jobs/{number}")
            if job["state"] in ("done", "failed", "cancelled"):
                assert (job["state"], job["error"]) == ("done", ""), job
                return job
            time.sleep(0.2)
        raise AssertionError(f"the job is stuck: {job}")

    def upload(self, blob: bytes, part: int) -> str:
        """Send `blob` in parts; a part that is acknowledged is never asked for again."""
        headers = {**TUS, "Upload-Length": str(len(blob)), "Upload-Metadata": f"filename {NAME}"}
        made = self.once("/v1/uploads", headers=headers)
        name = str(made["upload"] if "upload" in made else self._begun(len(blob)))
        where, kept = f"/v1/uploads/{name}", 0
        while kept < len(blob):
            at = int(self.ask("HEAD", where, headers=TUS).headers["upload-offset"])
            assert at >= kept, f"{kept:,} bytes were acknowledged and {at:,} are there"
            kind = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(at)}
            sent = self.ask("PATCH", where, headers=TUS | kind, content=blob[at : at + part])
            # A part whose answer was lost has come all the same, or is still coming: it is asked again where.
            kept = int(sent.headers["upload-offset"]) if sent.status_code == 204 else kept
            assert sent.status_code in (204, 409, 423), sent.text
        return name

    def _begun(self, length: int) -> str:
        open_ones = [one for one in self.get("/v1/uploads") if one["length"] == length]
        assert len(open_ones) == 1, open_ones
        return str(open_ones[0]["upload"])


NAME = base64.b64encode(b"shop.zip").decode()
