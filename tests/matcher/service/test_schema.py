"""Requests made up from OpenAPI: none is a server's error, every answer fits its description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings

from matcher.catalog import Scope
from matcher.service.app import create_app
from tests.matcher.service.tenants import tenant
from tests.matcher.service.test_isolation import IDLE, routes

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")


@schemathesis.serializer("application/offset+octet-stream")
def as_it_is(_context: Any, value: bytes) -> bytes:
    """A part of an upload is sent byte by byte."""
    return value if isinstance(value, bytes) else str(value).encode()


FEW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Each operation of a running service by its name, and the headers that open them all."""
    app = create_app(tmp_path_factory.mktemp("schema") / "workspace", IDLE)
    with TestClient(app, raise_server_exceptions=False) as client:
        secret = tenant(client, scopes=Scope).secret
        schema = schemathesis.openapi.from_asgi("/openapi.json", app)
        found = [one.ok() for one in schema.get_all_operations()]
        operations = {f"{one.method.lower()} {one.path}": one for one in found}
        yield operations, {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize("name", [str(one) for one in routes()])
def test_every_answer_is_as_described(described: tuple[dict[str, Any], dict[str, str]], name: str) -> None:
    operations, headers = described
    wanted = [
        schemathesis.checks.not_a_server_error,
        schemathesis.checks.response_schema_conformance,
        schemathesis.checks.content_type_conformance,
    ]

    @FEW
    @given(case=operations[name].as_strategy())
    def asked(case: Any) -> None:
        case.validate_response(case.call(headers=headers), checks=wanted)

    asked()
