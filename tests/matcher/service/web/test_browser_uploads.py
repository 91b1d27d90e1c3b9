"""Uploads in a real browser: folders, ZIPs watched to their end, large files that outlive a broken line."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.matcher.service.tenants import png, zipped
from tests.matcher.service.test_uploads import SVG
from tests.matcher.service.web.browsing import FAINT, WIDER, Site, menu

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PARTS = 8 * 2**20


@pytest.fixture
def page(site: Site) -> Iterator[Any]:
    """Kim's browser at the catalog of a new brand; no script may fail."""
    opened = site.page(viewport={"width": 1280, "height": 900})
    site.sign_in(opened, "kim")
    menu(opened, "Brands")
    opened.get_by_label("Name").fill("Aurelio")
    opened.get_by_role("button", name="Add").click()
    yield opened
    assert [line for line in site.said if not line.startswith("Failed to load resource")] == []


def send(page: Any, *files: Path) -> None:
    page.get_by_label("Files").set_input_files(list(files))
    page.get_by_role("button", name="Upload").click()


def test_a_zip_is_watched_to_its_end_and_tells_its_bad_rows(site: Site, page: Any, tmp_path: Path) -> None:
    files = {f"lamps/{number}.png": png(number) for number in range(8)}
    path = tmp_path / "shop.zip"
    path.write_bytes(zipped({**files, "drawn.svg": SVG, "inner.zip": zipped({"a.png": png(1)})}))
    send(page, path)
    page.get_by_text("8 added, 2 failed").wait_for(timeout=60_000)
    rows = page.locator(".uploads .failures tbody tr")
    rows.nth(1).wait_for()
    assert "Save the picture as JPEG or PNG" in rows.nth(0).inner_text()
    assert "Unpack it" in rows.nth(1).inner_text()
    page.get_by_role("link", name="References 8").wait_for()
    assert page.locator("#shelf .grid img").count() == 8
    assert page.evaluate(FAINT) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert not page.evaluate(WIDER)
    page.get_by_role("link", name="Import 1").click()
    assert "Rows that failed" in page.content()


def test_a_large_archive_goes_on_after_the_line_breaks(site: Site, page: Any, tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    noise = np.random.default_rng(3)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(6):
            picture = noise.integers(0, 256, (1_024, 1_024, 3), dtype=np.uint8)
            Image.fromarray(picture).save(tmp_path / "one.png")
            archive.write(tmp_path / "one.png", f"{number}.png")
    assert path.stat().st_size > 2 * PARTS, "three parts"
    asked: list[str] = []

    def breaks(route: Any) -> None:
        asked.append(route.request.headers["upload-offset"])
        if len(asked) == 2:
            route.abort()
        else:
            route.continue_()

    page.route(
        "**/uploads/*", lambda route: breaks(route) if route.request.method == "PATCH" else route.continue_()
    )
    send(page, path)
    page.get_by_text("6 added").wait_for(timeout=120_000)
    assert asked == ["0", str(PARTS), str(PARTS), str(2 * PARTS)]
    assert page.evaluate("localStorage.length") == 0


def test_what_came_before_the_page_was_left_is_not_sent_again(site: Site, page: Any, tmp_path: Path) -> None:
    path = tmp_path / "large.bin.zip"
    path.write_bytes(bytes(2 * PARTS + 5))
    asked: list[str] = []
    holds = {"on": True}

    def held(route: Any) -> None:
        asked.append(route.request.headers["upload-offset"])
        if not (holds["on"] and len(asked) > 1):
            route.continue_()

    page.route(
        "**/uploads/*", lambda route: held(route) if route.request.method == "PATCH" else route.continue_()
    )
    send(page, path)
    page.wait_for_timeout(100)
    for _ in range(100):
        if len(asked) > 1:
            break
        page.wait_for_timeout(100)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    holds["on"] = False
    send(page, path)
    page.locator(".uploads .wrong").wait_for(timeout=60_000)
    assert asked[2:] == [str(PARTS), str(2 * PARTS)]
    assert "is no ZIP archive" in page.locator(".uploads .wrong").inner_text()
    assert "one plain ZIP" in page.locator(".uploads .wrong").inner_text()


def test_a_dropped_folder_keeps_its_names(site: Site, page: Any) -> None:
    script = """([first, second]) => {
        const made = (name, bytes) => new File([new Uint8Array(bytes)], name);
        const file = (name, bytes) => ({name, isFile: true, file: (done) => done(made(name, bytes))});
        const folder = (name, held) => ({name, createReader: () => {
            const batches = [held, []]; return {readEntries: (done) => done(batches.shift())}; }});
        const lamps = folder("lamps", [file("1.png", first)]);
        const chairs = folder("chairs", [file("1.png", second)]);
        const shop = folder("shop", [lamps, chairs, file(".DS_Store", [1])]);
        const happened = new Event("drop", {bubbles: true, cancelable: true});
        happened.dataTransfer = {items: [{webkitGetAsEntry: () => shop}], files: []};
        document.querySelector(".drop").dispatchEvent(happened); }"""
    page.evaluate(script, [list(png(1)), list(png(2))])
    page.get_by_text("2 of 2 files sent, 0 refused").wait_for()
    page.get_by_role("link", name="References 2").wait_for()
    names = page.locator("#shelf .grid .name").all_inner_texts()
    assert sorted(names) == ["shop/chairs/1", "shop/lamps/1"]


def test_a_session_that_ended_leads_to_signing_in(site: Site, page: Any, tmp_path: Path) -> None:
    page.context.clear_cookies()
    path = tmp_path / "a.png"
    path.write_bytes(png(1))
    send(page, path)
    page.get_by_role("heading", name="Sign in").wait_for()
