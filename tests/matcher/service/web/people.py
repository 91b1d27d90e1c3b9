"""People with a browser of their own, who sign in to the pages of one service."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import httpx
from fastapi.testclient import TestClient

from matcher.catalog import Role, add_owner, put_account
from matcher.service.passwords import hashed
from tests.matcher.service.tenants import service_behind

PASSWORD = "violet tractor sings under copper rain"
ANOTHER = "another tractor hums beneath snow"


@cache
def password_hash() -> str:
    return hashed(PASSWORD)


class Person:
    """Someone at a browser, signed in or not."""

    def __init__(self, client: TestClient, base_url: str = "http://testserver") -> None:
        self.browser = TestClient(client.app, base_url, raise_server_exceptions=False, follow_redirects=False)

    def get(self, path: str, **rest: Any) -> httpx.Response:
        answer: httpx.Response = self.browser.get(path, **rest)
        return answer

    def page(self, path: str) -> str:
        """The page, which must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (answer.status_code, answer.headers.get("location"), answer.text)
        return answer.text

    def token(self) -> str:
        """What our forms carry."""
        path = "/account" if "matcher_session" in str(self.browser.cookies.keys()) else "/sign-in"
        found = re.search(r'name="csrf" value="(\w+)"', self.get(path).text)
        assert found
        return found[1]

    def send(self, path: str, files: Any = None, **fields: Any) -> httpx.Response:
        """A form of ours, sent as a browser would."""
        answer: httpx.Response = self.browser.post(path, data={"csrf": self.token(), **fields}, files=files)
        return answer

    def sign_in(self, name: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
        return self.send("/sign-in", name=name, password=password, **fields)


def person(client: TestClient, name: str, owner: str = "default", role: Role = Role.MANAGER) -> Person:
    """Someone of that owner, signed in."""
    with service_behind(client).workspace.database.write() as connection:
        put_account(connection, add_owner(connection, owner), name, role, password_hash())
    made = Person(client)
    assert made.sign_in(name).status_code == 303
    return made
