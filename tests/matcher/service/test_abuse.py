"""What is sent to waste the server's disk, memory or patience is refused with a reason, and soon."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import Tenant, png, tenant
from tests.matcher.service.test_app import problem
from tests.matcher.service.test_catalog import add_brand, put

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("path", ["/v1/scans", "/v1/imports", "/v1/check", "/v1/brands/1/references"])
@pytest.mark.parametrize("given", [b"", b"Bearer cim_0000000000_guess", b"Basic YTpi"])
def test_nothing_is_read_of_a_body_without_a_key(start: Start, path: str, given: bytes) -> None:
    app, sent = start().app, []
    headers = [(b"content-type", b"multipart/form-data; boundary=x"), (b"authorization", given)]
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"", "headers": headers, "http_version": "1.1", "scheme": "http",
    }  # fmt: skip

    async def receive() -> Any:
        raise AssertionError("the body was asked for")

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 401


@pytest.mark.parametrize("path", ["/v1/check", "/v1/brands"])
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"title": ' * 50_000,
        b"\xff\xfe",
        b'{"name": "\\ud800"}',
        b"1e999999",
        b"null",
        b"NaN",
    ],
    ids=["arrays", "objects", "no text", "half a pair", "huge", "null", "NaN"],
)
def test_json_that_is_none_or_too_deep_is_a_bad_request(start: Start, path: str, body: bytes) -> None:
    refused = tenant(start()).post(path, content=body, headers=JSON)
    assert refused.status_code in (400, 422), refused.text
    problem(refused, refused.status_code)


def test_a_form_of_too_many_parts_is_a_bad_request(start: Start) -> None:
    owner = tenant(start())
    files = [("photos", ("p.png", b"x")) for _ in range(101)]
    problem(owner.post("/v1/check", files=files), 400)
    fields = {f"field-{number}": "x" for number in range(100)}
    problem(owner.post("/v1/check", data=fields, files=files[:1]), 400)
    problem(owner.post("/v1/check", content=b"x", headers={"Content-Type": "multipart/form-data"}), 400)


def test_a_picture_that_is_also_something_else_is_kept_as_the_picture_alone(start: Start) -> None:
    owner = tenant(start())
    hidden = b"PK\x03\x04<script>alert(1)</script>"
    shown = put(owner, add_brand(owner), "R", png(1) + hidden).json()["reference"]
    answer = owner.get(f"/v1/references/{shown['number']}/images/0")
    assert hidden not in answer.content
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize("name", ["../../../etc/passwd", "a\x00b.png", "=HYPERLINK(1)", "x" * 5_000])
def test_a_files_name_names_nothing_on_the_server(start: Start, name: str) -> None:
    owner = tenant(start())
    brand = add_brand(owner)
    answer = named(owner, brand, name)
    assert answer.status_code in (200, 400, 422), answer.text
    if answer.status_code == 200:
        source = answer.json()["reference"]["images"][0]["source"]
        assert source.startswith("0:")
        assert len(source) <= 500


def named(owner: Tenant, brand: int, name: str) -> Any:
    files = [("photos", (name, png(1)))]
    return owner.post(f"/v1/brands/{brand}/references", files=files, data={"reference_id": "R"})
