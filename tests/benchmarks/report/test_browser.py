"""The page in a browser: nothing is blocked or fetched, nothing overflows, mistakes are a click away."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.report.comparison import compare
from benchmarks.report.folder import read_run
from benchmarks.report.page import write_page
from tests.benchmarks.report.made_run import FEW, made_run

pytestmark = pytest.mark.browser
LARGER_THAN_SCREEN = """() => [...document.querySelectorAll("body *")].filter((one) =>
  one.getBoundingClientRect().right > document.documentElement.clientWidth + 1
  && !one.closest(".wide, .sr, .skip")
).map((one) => one.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page")
    before = read_run(made_run(folder / "before", models={**FEW, "pdq": 0.3}, queries=120, mistakes=0))
    after = read_run(made_run(folder / "after", models=FEW, queries=120, mistakes=12))
    write_page(folder / "page.html", after, compare(before, after))
    return (folder / "page.html").as_uri()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_the_screen_and_breaks_no_rule_of_its_own(
    browser: Any, address: str, width: int, scheme: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: said.append(one.url) if one.url.startswith("http") else None)
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    assert page.evaluate(LARGER_THAN_SCREEN) == []
    assert said == []
    page.close()


def test_mistakes_are_one_click_away_and_can_be_picked_by_kind(browser: Any, address: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    album = page.locator("details.album").first
    picture = album.locator("img").first
    assert not picture.is_visible()
    album.locator("summary").click()
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 256
    strips = album.locator(".strip:visible")
    every = strips.count()
    album.locator("select").select_option("mirror")
    assert 0 < strips.count() < every
    page.close()
