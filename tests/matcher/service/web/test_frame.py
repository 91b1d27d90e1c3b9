"""Whatever goes wrong on a page is told as a page, and what only the keeper can mend is told to the log."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from matcher.catalog import Database, Role
from matcher.errors import StorageError
from matcher.service.web import overview
from matcher.service.web.frame import sentence
from tests.matcher import drawn
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import tenant
from tests.matcher.service.test_app import problem
from tests.matcher.service.test_check import check, stolen
from tests.matcher.service.web.people import person


def test_what_only_the_keeper_can_mend_is_not_shown(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    kim = person(start(), "kim")

    def lost(_database: Database) -> object:
        raise StorageError("database secret-host: connection refused")

    monkeypatch.setattr(Database, "read", lost)
    for answer in (kim.get("/"), kim.browser.post("/review/undo")):
        assert (answer.status_code, answer.headers["content-type"][:9]) == (503, "text/html")
        assert "secret" not in answer.text
        assert answer.headers["x-request-id"] in answer.text


def test_a_mistake_of_ours_is_a_page_and_a_traceback_in_the_log(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kim = person(start(), "kim")

    def fails(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(overview, "precision", fails)
    with caplog.at_level(logging.ERROR, "matcher.service"):
        answer = kim.get("/")
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    assert any(record.exc_info for record in caplog.records)


def test_htmx_gets_the_line_alone(start: Start) -> None:
    kim = person(start(), "kim")
    answer = kim.get("/scans/9/progress", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert answer.text.strip().startswith('<p class="notice')
    gone = kim.browser.post("/sign-out", headers={"HX-Request": "true", "X-CSRF-Token": kim.token()})
    assert (gone.status_code, gone.headers["hx-redirect"]) == (204, "/sign-in")


def test_an_address_that_is_nothing_is_a_page_to_a_browser_and_a_problem_to_a_program(start: Start) -> None:
    client = start()
    for path in ("/nothing", "/assets/nothing/at/all"):
        page = client.get(path, headers={"Accept": "text/html,*/*"})
        assert (page.status_code, page.headers["content-type"][:9]) == (404, "text/html")
        problem(client.get(path), 404)
    problem(client.get("/v1/nothing", headers={"Accept": "text/html"}), 404)


def test_who_may_not_is_told_whom_to_ask_and_finds_the_way_back(start: Start) -> None:
    client = start()
    vera = person(client, "vera", role=Role.VIEWER)
    before = {"Referer": "http://testserver/brands?after=3"}
    refused = vera.get("/search", headers=before)
    assert refused.status_code == 403
    assert "A viewer may not do this: ask a reviewer, manager or admin" in refused.text
    assert 'href="/brands?after=3" data-back' in refused.text
    for elsewhere in ("https://evil.example/brands", "http://testserver/search"):
        assert "data-back" not in vera.get("/search", headers={"Referer": elsewhere}).text
    manager = person(client, "kim").get("/people")
    assert "ask an admin" in manager.text
    missing = vera.get("/review/77")
    assert (missing.status_code, "There is no listing 77 to review" in missing.text) == (404, True)


def test_an_error_that_begins_with_a_name_keeps_it() -> None:
    assert sentence("there is no such page") == "There is no such page"
    assert sentence("notes.png is not an image") == "notes.png is not an image"
    assert sentence("") == ""


def test_a_new_manager_is_told_how_to_begin_until_it_is_done(start: Start, tmp_path: Path) -> None:
    client = start()
    kim = person(client, "kim")
    assert re.findall(r'<li( class="done")?><a href="/(?:brands|scans)">', kim.page("/")) == ["", "", ""]
    kim.send("/brands", name="Aurelio")
    assert re.findall(r'<li( class="done")?><a href="/(?:brands|scans)">', kim.page("/")) == [
        ' class="done"', "", "",
    ]  # fmt: skip
    assert "To begin" not in person(client, "vera", role=Role.VIEWER).page("/")
    filled = start(drawn.workspace_folder(tmp_path / "filled"))
    number = check(tenant(filled), stolen(2), keep="true").json()["review"]
    kim = person(filled, "kim")
    assert "To begin" not in kim.page("/")
    kim.send(f"/review/{number}", answer="confirm")
    assert "1 of 1 answered were fakes" in re.sub(r"\s+", " ", kim.page("/")), "also where nothing waits"


def test_the_overview_counts_what_waits_what_was_right_and_what_there_is(
    start: Start, tmp_path: Path
) -> None:
    client = start(drawn.workspace_folder(tmp_path / "filled"))
    owner, kim = tenant(client), person(client, "kim")
    numbers = [check(owner, stolen(number), keep="true").json()["review"] for number in (2, 3, 7)]
    for number, answer in zip(numbers, ("confirm", "reject"), strict=False):
        kim.send(f"/review/{number}", answer=answer)
    words = re.sub(r"<[^>]+>|\s+", " ", kim.page("/"))
    words = re.sub(r"\s+", " ", words)
    assert "1 listing waits for a review" in words
    assert "1 of 2 answered were fakes; 95&nbsp;% sure it is 1 % to 99 %" in words
    assert "Brands 2 References 12 Logos 0 Known counterfeits 0" in words
