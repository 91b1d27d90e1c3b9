"""What every request meets: an id, limits, problem documents, metrics, and pages that need no network."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest

from matcher.catalog import Database
from matcher.config import ServiceSettings
from matcher.errors import MissingError, StorageError
from matcher.service.logs import JsonLines, request_id
from tests.matcher.drawn import SETTINGS
from tests.matcher.service.conftest import Start

SMALL = SETTINGS.model_copy(update={"service": ServiceSettings(max_request_bytes=1000)})


def problem(answer: object, status: int) -> dict[str, object]:
    """The problem document that `answer` must be."""
    assert answer.status_code == status, answer.text  # type: ignore[attr-defined]
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    found: dict[str, object] = answer.json()  # type: ignore[attr-defined]
    assert found["status"] == status
    assert found["request_id"] == answer.headers["x-request-id"]  # type: ignore[attr-defined]
    return found


def test_a_service_that_runs_is_live_and_ready(start: Start) -> None:
    client = start()
    assert client.get("/status/live").json()["status"] == "live"
    assert client.get("/status/ready").json() == {"status": "ready", "catalog": 0}


def test_a_service_whose_database_is_gone_is_live_but_not_ready(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = start()

    def lost(_database: Database) -> object:
        raise StorageError("database secret-host: connection refused")

    monkeypatch.setattr(Database, "read", lost)
    assert client.get("/status/live").status_code == 200
    refused = client.get("/status/ready")
    assert problem(refused, 503)["detail"] == "the database does not answer"
    assert refused.headers["retry-after"] == "5"


def test_a_request_keeps_its_own_id_if_it_is_plain(start: Start) -> None:
    client = start()
    assert (
        client.get("/status/live", headers={"X-Request-ID": "job-7.a"}).headers["x-request-id"] == "job-7.a"
    )
    made = client.get("/status/live", headers={"X-Request-ID": "a b\x7f" * 40}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", made)


def failing(error: Exception) -> Callable[[], None]:
    def fails() -> None:
        raise error

    return fails


def test_what_is_not_there_is_a_problem_document(start: Start) -> None:
    client = start()
    assert problem(client.get("/nothing"), 404)["title"] == "Not Found"
    assert problem(client.delete("/status/live"), 405)["title"] == "Method Not Allowed"


def test_a_body_that_is_announced_too_large_is_refused_unread(start: Start) -> None:
    client = start(settings=SMALL)
    refused = client.post("/nothing", content=b"x" * 1001)
    assert problem(refused, 413)["detail"] == "the request is larger than 1,000 bytes"
    assert refused.headers["connection"] == "close"


def test_a_body_that_turns_out_too_large_is_refused_while_it_comes(start: Start) -> None:
    client = start(settings=SMALL)

    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 400

    @client.app.post("/upload")  # type: ignore[attr-defined, untyped-decorator]
    def upload(body: dict[str, str]) -> None:
        raise AssertionError("never called")

    problem(client.post("/upload", content=endless(), headers={"Content-Type": "application/json"}), 413)


def test_errors_of_the_matcher_are_told_by_their_kind(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    client = start()
    for path, error in (
        ("/missing", MissingError("no brand 'Acme'", "see `matcher brand list`")),
        ("/storage", StorageError("database secret-host: connection refused")),
        ("/mistake", ZeroDivisionError("secret")),
    ):
        client.app.get(path)(failing(error))  # type: ignore[attr-defined]
    assert problem(client.get("/missing"), 404)["detail"] == "no brand 'Acme'"
    stored = client.get("/storage")
    assert "secret" not in str(problem(stored, 503))
    assert stored.headers["retry-after"] == "5"
    with caplog.at_level(logging.ERROR, "matcher.service"):
        failed = client.get("/mistake")
    assert "secret" not in str(problem(failed, 500))
    assert any(record.exc_info for record in caplog.records)


def test_a_request_that_does_not_fit_names_the_field(start: Start) -> None:
    client = start()

    @client.app.get("/number")  # type: ignore[attr-defined, untyped-decorator]
    def number(count: int) -> int:
        return count

    found = problem(client.get("/number?count=many"), 422)
    errors = found["errors"]
    assert isinstance(errors, list)
    assert errors[0]["where"] == "query.count"


def test_a_log_line_is_one_line_whatever_it_tells() -> None:
    token = request_id.set("r-1")
    record = logging.makeLogRecord(
        {"msg": 'two\nlines "quoted"', "levelname": "INFO", "name": "x", "route": "/a"}
    )
    line = JsonLines().format(record)
    request_id.reset(token)
    assert "\n" not in line
    told = json.loads(line)
    assert told["event"] == 'two\nlines "quoted"'
    assert (told["request_id"], told["route"]) == ("r-1", "/a")


def test_each_request_is_logged_and_counted_by_its_route(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    client = start()
    with caplog.at_level(logging.INFO, "matcher.service"):
        client.get("/status/live")
        client.get("/secret/path")
    lines = [(record.route, record.status) for record in caplog.records if record.msg == "request"]  # type: ignore[attr-defined]
    assert lines == [("/status/live", 200), ("none", 404)]
    counted = client.get("/metrics")
    assert counted.headers["content-type"].startswith("text/plain")
    assert 'matcher_request_seconds_count{method="GET",route="/status/live",status="200"} 1.0' in counted.text
    assert "secret" not in counted.text


def test_the_documentation_loads_nothing_from_elsewhere(start: Start) -> None:
    client = start()
    page = client.get("/docs").text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded
    for address in loaded:
        assert address.startswith("/"), f"{address} is elsewhere"
        assert client.get(address).status_code == 200
    assert not re.search(r"https?://", page)


def test_the_description_is_whole(start: Start) -> None:
    client = start()
    description = client.get("/openapi.json").json()
    assert description["openapi"].startswith("3.1")
    assert "Problem" in description["components"]["schemas"]


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    yield
    assert request_id.get() == ""
