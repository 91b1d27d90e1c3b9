"""Two owners of one service, each with a key; what is asked with one must tell nothing of the other."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi.testclient import TestClient

from matcher.catalog import Scope, add_owner, issue_key
from matcher.service.state import Service
from tests.matcher import drawn

EVERYTHING = frozenset(Scope) - {Scope.ADMIN}


@dataclass(frozen=True)
class Tenant:
    """An owner's view of the service."""

    client: TestClient
    owner_id: int
    secret: str

    def ask(self, method: str, path: str, **rest: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.secret}"} | rest.pop("headers", {})
        answer: httpx.Response = self.client.request(method, path, headers=headers, **rest)
        return answer

    def get(self, path: str, **rest: Any) -> httpx.Response:
        return self.ask("GET", path, **rest)

    def post(self, path: str, **rest: Any) -> httpx.Response:
        return self.ask("POST", path, **rest)

    def put(self, path: str, **rest: Any) -> httpx.Response:
        return self.ask("PUT", path, **rest)

    def delete(self, path: str, **rest: Any) -> httpx.Response:
        return self.ask("DELETE", path, **rest)


def service_behind(client: TestClient) -> Service:
    """The service that `client` speaks to."""
    service = client.app.state.service  # type: ignore[attr-defined]
    assert isinstance(service, Service)
    return service


def tenant(
    client: TestClient, owner: str = "default", scopes: Collection[Scope] = EVERYTHING, rate: int = 100_000
) -> Tenant:
    """A new key of that owner, who is made where there is none of that name."""
    with service_behind(client).workspace.database.write() as connection:
        owner_id = add_owner(connection, owner)
        _, secret = issue_key(connection, owner_id, scopes, requests_per_minute=rate)
    return Tenant(client, owner_id, secret)


def png(number: int) -> bytes:
    """The picture of a product that no other number gives."""
    buffer = io.BytesIO()
    drawn.product(number).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP of `files`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, blob in files.items():
            archive.writestr(name, blob)
    return buffer.getvalue()
