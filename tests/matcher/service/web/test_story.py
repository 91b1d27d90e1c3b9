"""A brand's day in a real browser, from its shop's images to the scan that knows the fakes.

Shop images and a logo go in, a scan runs, a reviewer answers by keyboard, the evidence comes out, the next
scan knows the confirmed fakes, and another brand sees nothing of it. Small by default; with the variable
`MATCHER_STORY=full` there are 200 shop images and 300 listings.
"""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.matcher.service.tenants import zipped
from tests.matcher.service.web import shop
from tests.matcher.service.web.browsing import Site, dropped, menu

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FULL = os.environ.get("MATCHER_STORY") == "full"
IMAGES, LISTINGS = (200, 300) if FULL else (12, 15)
PATIENCE = (7_200 if FULL else 300) * 1_000.0
"""Milliseconds that an import or a scan may take: a machine may be busy."""
CONFIRMED, REJECTED = ("F-2", "F-3", "F-5"), ("F-1", "F-4")
"""The own photos of the confirmed are learnt: none is likely a copy of the shop's, as that of F-1 is."""


def test_a_brands_day(site: Site, tmp_path: Path) -> None:
    images, photos = shop.shop_images(IMAGES), dict[str, bytes]()
    fakes = shop.fakes(images)
    listings = [*fakes, *shop.others(LISTINGS - len(fakes), images)]
    with shop.served(photos) as server:
        kim = site.page(viewport={"width": 1280, "height": 900})
        site.sign_in(kim, "kim")
        uploads_the_shop(kim, tmp_path, images)
        counts = scanned(kim, shop.table(tmp_path / "monday.csv", server, photos, listings))
        assert sum(counts.values()) == LISTINGS
        assert counts["Counterfeit"] + counts["Review"] >= len(fakes)
        rhea = site.page(viewport={"width": 1280, "height": 900})
        site.sign_in(rhea, "rhea")
        addresses = answers_by_keyboard(rhea)
        takes_the_evidence(rhea, addresses[CONFIRMED[0]])
        later = [*(shop.again(fake) for fake in fakes), *shop.some(shop.others(4, images, seed=9), 4)]
        scanned(kim, shop.table(tmp_path / "tuesday.csv", server, photos, later))
        knows_the_confirmed_fakes(kim, later)
        sees_nothing(site, [*addresses.values(), kim.url])
    assert [line for line in site.said if "404" not in line] == []


def uploads_the_shop(page: Any, folder: Path, images: dict[str, bytes]) -> None:
    """A brand, its licensed seller, a ZIP of its shop's images, watched to the last one, and its logo."""
    menu(page, "Brands")
    page.get_by_label("Name").fill("Maison")
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Licensed sellers").fill(shop.LICENSED)
    page.get_by_role("button", name="Save").click()
    archive = folder / "shop.zip"
    archive.write_bytes(zipped({f"shop/{name}": blob for name, blob in images.items()}))
    page.get_by_label("Files").set_input_files(archive)
    page.get_by_role("button", name="Upload").click()
    if FULL:
        page.get_by_text(f" of {IMAGES}").wait_for(timeout=PATIENCE)
    page.get_by_text(f"{IMAGES} added").wait_for(timeout=PATIENCE)
    page.get_by_role("link", name=f"References {IMAGES}").wait_for()
    page.get_by_role("link", name="Logos 0").click()
    dropped(page, "maison.png", shop.logo())
    page.get_by_role("link", name="Logos 1").wait_for()


def scanned(page: Any, listings: Path) -> dict[str, int]:
    """Upload the table and watch the scan to its end; how many got each verdict."""
    menu(page, "Scans")
    page.get_by_label("Table").set_input_files(listings)
    page.get_by_role("button", name="Scan").click()
    page.wait_for_url("**/scans/*")
    page.locator("progress").first.wait_for(timeout=PATIENCE)
    page.locator("a.row.listing").first.wait_for(timeout=PATIENCE)
    page.locator(".state.done").wait_for(timeout=PATIENCE)
    tiles = page.locator(".tiles.three .tile").all()
    told = [one.inner_text().split("\n") for one in tiles]
    return {name: int(number.replace(",", "")) for name, number in told}


def answers_by_keyboard(page: Any) -> dict[str, str]:
    """Confirm three and reject two of what waits, by keys alone; gives the fakes' addresses."""
    menu(page, "Review")
    found: dict[str, str] = {}
    for _ in range(LISTINGS):
        name = page.locator("h1").inner_text().partition(",")[0].removeprefix("Offer ")
        key = "c" if name in CONFIRMED else "r" if name in REJECTED else "j"
        if key != "j":
            found[name] = page.url.partition("?")[0]
        if len(found) == len(CONFIRMED) + len(REJECTED):
            page.keyboard.press(key)
            page.get_by_text("U", exact=True).first.wait_for()
            break
        with page.expect_navigation():
            page.keyboard.press(key)
    assert set(found) == {*CONFIRMED, *REJECTED}
    menu(page, "Overview")
    assert "3 of" in page.locator(".tiles").inner_text()
    return found


def takes_the_evidence(page: Any, address: str) -> None:
    """Both packs of a confirmed fake hold its photos, the reference and who confirmed it."""
    page.goto(address)
    page.get_by_label("Matched keypoints").wait_for(timeout=60_000)
    with page.expect_download() as coming:
        page.get_by_role("link", name="Evidence ZIP").click()
    with zipfile.ZipFile(io.BytesIO(Path(coming.value.path()).read_bytes())) as archive:
        assert {"verdict.json", "side-by-side.png", "keypoints.png", "SHA256SUMS"} <= set(archive.namelist())
        assert "rhea: a fake" in archive.read("evidence.txt").decode()
    if page.get_by_role("link", name="Evidence PDF").count():
        with page.expect_download() as coming:
            page.get_by_role("link", name="Evidence PDF").click()
        assert Path(coming.value.path()).read_bytes().startswith(b"%PDF-")


def knows_the_confirmed_fakes(page: Any, later: list[shop.Offer]) -> None:
    """The confirmed fakes' photos speak for themselves; the rejected ones' are held against nobody."""
    rows = {
        one.locator(".what").inner_text(): one.inner_text() for one in page.locator("a.row.listing").all()
    }
    assert len(rows) == len(later)
    for name in CONFIRMED:
        told = rows[f"Offer {name} again"]
        assert "known counterfeit" in told, told
        assert "Counterfeit" in told
    for name in REJECTED:
        assert "known counterfeit" not in rows[f"Offer {name} again"]
    assert all("Clear" in told for title, told in rows.items() if not title.startswith("Offer"))


def sees_nothing(site: Site, addresses: list[str]) -> None:
    """Another brand's manager has no such brand, scan, listing, picture or pack."""
    lee = site.page(viewport={"width": 1280, "height": 900})
    site.sign_in(lee, "lee")
    for address in ("/", "/brands", "/scans", "/review", "/record"):
        lee.goto(address)
        for word in ("Maison", "Offer F", "monday", "rhea"):
            assert word not in lee.content(), (address, word)
    for address in addresses:
        for path in (address, f"{address}/photos/0", f"{address}/evidence.zip", f"{address}/evidence.pdf"):
            assert lee.request.get(path).status == 404, path
