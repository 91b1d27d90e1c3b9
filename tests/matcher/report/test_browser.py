"""The report in a browser: it fits every screen, breaks no rule of its own, orders listings as it says."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.report import write_report
from tests.matcher.report.samples import sample_rows, sample_summary

pytestmark = pytest.mark.browser
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
COUNT = 12


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, sample_summary(COUNT), sample_rows(COUNT))
    return path.as_uri()


@pytest.mark.parametrize("width", [320, 900, 1280])
def test_it_fits_the_screen_and_breaks_no_rule_of_its_own(browser: Any, address: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: said.append(one.url) if one.url.startswith("http") else None)
    page.goto(address)
    assert not page.evaluate(WIDER)
    assert said == []
    page.close()


def test_the_most_suspicious_come_first_or_the_listings_by_their_ids(browser: Any, address: str) -> None:
    page = browser.new_page()
    page.goto(address)

    def shown(what: str) -> list[Any]:
        found: list[Any] = page.evaluate(f"[...document.querySelectorAll('.card')].map((one) => {what})")
        return found

    scores, ids = shown("Number(one.dataset.score)"), shown("one.querySelector('.id bdi').textContent")
    assert len(scores) == COUNT
    assert scores == sorted(scores, reverse=True)
    page.get_by_label("Order").select_option("id")
    page.wait_for_url("**#sort=id")
    assert shown("one.querySelector('.id bdi').textContent") == sorted(ids)
    page.get_by_label("Order").select_option("")
    page.wait_for_function("!location.hash")
    assert shown("one.querySelector('.id bdi').textContent") == ids
    page.close()
