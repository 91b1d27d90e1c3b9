"""The pages in a real browser: from signing in to the next scan, by keyboard, narrow and wide, dark too."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.matcher import drawn
from tests.matcher.commands.conftest import matcher
from tests.matcher.scanned import write_listings
from tests.matcher.service.tenants import png
from tests.matcher.service.web.browsing import FAINT, UNNAMED, WIDER, Site, dropped, menu

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def files(folder: Path) -> list[Path]:
    """Pictures of six products, and what is no picture."""
    folder.mkdir()
    made = [folder / f"R-{number}.png" for number in range(6)]
    for number, path in enumerate(made):
        path.write_bytes(png(number))
    (folder / "notes.png").write_bytes(b"no picture")
    return [*made, folder / "notes.png"]


def table(path: Path, server: str, products: dict[str, str]) -> Path:
    """Listings by name, each with the pictures of those products."""
    rows = ["listing_id,image,title,price,currency,seller_id"]
    for name, numbers in products.items():
        images = "|".join(f"{server}/product-{number}.png" for number in numbers.split())
        rows.append(f"{name},{images},Offer {name},9,EUR,shop-9")
    path.write_text("\n".join(rows))
    return path


def scanned(page: Any, listings: Path) -> None:
    """Upload the table and wait until its results are shown."""
    menu(page, "Scans")
    page.get_by_label("Table").set_input_files(listings)
    page.get_by_role("button", name="Scan").click()
    page.wait_for_url("**/scans/*")
    page.locator("a.row.listing").first.wait_for(timeout=120_000)
    page.locator(".state.done").wait_for(timeout=120_000)


def test_from_the_first_upload_to_the_next_scan(site: Site, tmp_path: Path, photo_server: str) -> None:
    page = site.page(viewport={"width": 1280, "height": 900})
    site.sign_in(page, "kim")
    keeps_a_catalog(page, tmp_path)
    scanned(
        page,
        table(tmp_path / "a.csv", photo_server, {"A": "2 70", "B": "3 71", "C": "4", "D": "5", "E": "300"}),
    )
    assert page.locator("a.row.listing").count() == 5
    reviews_by_keyboard(page)
    packs_evidence(page)
    scanned(page, table(tmp_path / "b.csv", photo_server, {"F": "70", "G": "71", "H": "301"}))
    verdicts = [row.split("\n")[0] for row in page.locator(".judged .badge b").all_inner_texts()]
    assert verdicts == ["Counterfeit", "Counterfeit", "Clear"], (
        "the confirmed fakes are known, the rest is not"
    )
    addresses = looks_right_everywhere(site, page)
    other_owners_see_nothing(site, addresses)
    assert [line for line in site.said if "404" not in line and "422" not in line] == []


def keeps_a_catalog(page: Any, tmp_path: Path) -> None:
    """A brand, its images (one refused with its reason), a logo and a licensed seller."""
    menu(page, "Brands")
    page.get_by_label("Name").fill("Aurelio")
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Files").set_input_files(files(tmp_path / "shop"))
    page.get_by_role("button", name="Upload").click()
    page.get_by_text("7 of 7 files sent, 1 refused").wait_for()
    refused = page.locator(".uploads .wrong").inner_text()
    assert "is not an image" in refused
    assert "picture itself" in refused
    page.locator(".grid img").nth(5).wait_for()
    page.get_by_label("Licensed sellers").fill("shop-licensed")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Logos 0").click()
    dropped(page, "logo.png", png(90))
    page.get_by_role("link", name="Logos 1").wait_for()


def reviews_by_keyboard(page: Any) -> None:
    """Confirm two, reject one that is taken back and confirmed unsure: no hand leaves the keys."""

    def pressed(key: str) -> str:
        with page.expect_navigation():
            page.keyboard.press(key)
        title: str = page.locator("h1").inner_text()
        return title

    menu(page, "Review")
    chooses_a_brand_by_arrow(page)
    order = [page.locator("h1").inner_text()]
    order += [pressed("j") for _ in range(3)]
    assert sorted(order) == ["Offer A", "Offer B", "Offer C", "Offer D"]
    assert [pressed("k") for _ in range(3)] == order[2::-1]
    assert page.locator(".marks polygon").count() > 0
    draws_keypoints(page, pressed)
    answers = {"Offer A": "c", "Offer B": "c", "Offer C": "r", "Offer D": "x"}
    for step, title in enumerate(order):
        after = pressed(answers[title])
        assert after == (order[step + 1] if step < 3 else "Nothing waits")
        assert page.get_by_role("status").inner_text()
    assert pressed("u") == order[3], "the last answer is taken back"
    pressed(answers[order[3]])
    menu(page, "Overview")
    assert "of 3 answered were fakes" in page.locator(".tiles").inner_text()


def chooses_a_brand_by_arrow(page: Any) -> None:
    """An arrow passes over choices without leaving the page; the button that appears applies one."""
    page.get_by_label("Brand").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Show").press("Enter")
    page.wait_for_url("**brand=Aurelio")
    menu(page, "Review")


def draws_keypoints(page: Any, pressed: Any) -> None:
    """Lines lie over the pictures; M hides them, also on the next page, and brings them back."""
    lines = page.locator("svg.lines")
    lines.wait_for()
    boxes = [one.bounding_box() for one in page.locator(".pair .frame").all()]
    drawn = lines.bounding_box()
    assert abs(drawn["x"] - boxes[0]["x"]) < 1
    assert abs(drawn["x"] + drawn["width"] - boxes[1]["x"] - boxes[1]["width"]) < 1
    assert abs(drawn["height"] - boxes[0]["height"]) < 1
    page.keyboard.press("m")
    lines.wait_for(state="hidden")
    pressed("j")
    page.get_by_label("Matched keypoints").wait_for()
    lines.wait_for(state="hidden")
    page.keyboard.press("m")
    lines.wait_for()
    pressed("k")


def packs_evidence(page: Any) -> None:
    """The pack of a confirmed fake comes as a ZIP that holds both pictures and the verdict."""
    menu(page, "Scans")
    page.locator("a.row").first.click()
    page.locator("a.row.listing", has_text="Offer A").click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Evidence ZIP").click()
    with zipfile.ZipFile(io.BytesIO(Path(coming.value.path()).read_bytes())) as archive:
        names = archive.namelist()
        assert "kim: a fake" in archive.read("evidence.txt").decode()
    assert {"verdict.json", "side-by-side.png", "SHA256SUMS"} <= set(names)
    assert sum(name.startswith("photos/") for name in names) == 2


def looks_right_everywhere(site: Site, page: Any) -> list[str]:
    """No page is wider than the screen, what can be pressed has a name, text can be read; gives addresses."""
    page.goto("/scans")
    job = page.locator("a.row").first.get_attribute("href")
    page.goto(job)
    listing = page.locator("a.row.listing").first.get_attribute("href")
    page.goto("/brands")
    brand = page.locator(".brands a").first.get_attribute("href")
    named = [job, listing, brand, listing.partition("?")[0] + "/evidence.zip"]
    keys = ("/", "/scans", "/brands", "/search", "/account", "/review", "/keys", "/record")
    look_right(site, page, [*keys, *named[:3], listing.partition("?")[0] + "/keypoints"])
    return named


def look_right(site: Site, page: Any, addresses: list[str]) -> None:
    """As `looks_right_everywhere` says, narrow and wide, light and dark."""
    kept = page.context.storage_state()
    for width in (320, 1280):
        for scheme in ("light", "dark"):
            looked = site.page(
                viewport={"width": width, "height": 844}, color_scheme=scheme, storage_state=kept
            )
            for address in addresses:
                looked.goto(address)
                assert not looked.evaluate(WIDER), f"{address} at {width}"
                assert looked.evaluate(UNNAMED) == [], address
                assert looked.evaluate(FAINT) == [], f"{address} {scheme}"
            looked.context.close()


def other_owners_see_nothing(site: Site, addresses: list[str]) -> None:
    page = site.page(viewport={"width": 1280, "height": 900})
    site.sign_in(page, "lee")
    assert "Nothing waits" in page.locator("h1").inner_text()
    for address in ("/brands", "/scans", "/review"):
        page.goto(address)
        assert "Aurelio" not in page.content()
        assert "Offer" not in page.content()
    for address in addresses:
        assert page.request.get(address).status == 404


def test_an_admin_invites_someone_by_keyboard_who_chooses_a_password(site: Site) -> None:
    ada = site.page(viewport={"width": 1280, "height": 900})
    site.sign_in(ada, "ada")
    ada.locator(".who summary").press("Enter")
    ada.keyboard.press("Escape")
    assert ada.locator(".who").get_attribute("open") is None
    ada.keyboard.press("Enter")
    ada.get_by_role("link", name="People").press("Enter")
    ada.get_by_label("Name to sign in with").fill("noor")
    ada.keyboard.press("Tab")
    ada.keyboard.type("Acme")
    ada.keyboard.press("Enter")
    link = ada.locator(".secret").inner_text()
    assert link.startswith(f"{site.address}/welcome/")
    noor = site.page(viewport={"width": 390, "height": 844})
    noor.goto(link)
    assert [noor.evaluate(one) for one in (WIDER, UNNAMED, FAINT)] == [False, [], []]
    noor.get_by_label("Password", exact=True).fill("seven copper lanterns drift")
    noor.get_by_label("Password again").fill("seven copper lanterns drift")
    noor.keyboard.press("Enter")
    noor.get_by_role("heading", name="Sign in").wait_for()
    assert noor.get_by_label("Name").input_value() == "noor"
    noor.get_by_label("Password").fill("seven copper lanterns drift")
    noor.keyboard.press("Enter")
    noor.wait_for_url(f"{site.address}/")
    ada.goto("/people")
    person = ada.get_by_role("link", name="noor").get_attribute("href")
    look_right(site, ada, ["/people", person, "/keys", "/record"])
    ada.goto(person)
    ada.on("dialog", lambda dialog: dialog.accept())
    ada.get_by_role("button", name="Lock").press("Enter")
    ada.get_by_role("button", name="Unlock").wait_for()
    noor.reload()
    noor.get_by_role("heading", name="Sign in").wait_for()
    assert [line for line in site.said if "401" not in line] == []


def test_a_scan_of_a_command_is_come_to_from_the_list(site: Site, tmp_path: Path) -> None:
    workspace, listings = tmp_path / "workspace", write_listings(tmp_path / "listings")
    catalog = drawn.write_catalog(tmp_path / "catalog", range(6))
    assert matcher(workspace, "catalog", "import", catalog, "--brand", "Aurelio").exit_code == 0
    run = matcher(workspace, "scan", listings, "--out", tmp_path / "monday night")
    assert run.exit_code == 1, run.output
    ada = site.page(viewport={"width": 1280, "height": 900})
    site.sign_in(ada, "ada")
    menu(ada, "Scans")
    ada.get_by_role("link", name="Scan into monday night").click()
    ada.get_by_role("heading", name="Scan into monday night").wait_for()
    look_right(site, ada, ["/", "/scans", ada.url.removeprefix(site.address)])
    ada.locator("a.row.listing").first.click()
    ada.get_by_role("button", name="Confirm fake").wait_for()
    assert site.said == []


def test_without_scripts_everything_still_works(site: Site, tmp_path: Path, photo_server: str) -> None:
    page = site.page(java_script_enabled=False)
    site.sign_in(page, "kim")
    page.goto("/brands")
    page.get_by_label("Name").fill("Aurelio")
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Files").set_input_files(files(tmp_path / "shop"))
    page.get_by_role("button", name="Upload").click()
    assert page.locator(".uploads .good").count() == 6
    page.goto("/scans")
    page.get_by_label("Table").set_input_files(table(tmp_path / "a.csv", photo_server, {"A": "2", "B": "3"}))
    page.get_by_role("button", name="Scan").click()
    for _ in range(300):
        if page.locator(".state.done").count():
            break
        page.wait_for_timeout(200)
        page.reload()
    page.get_by_role("link", name="Review").last.click()
    first = page.locator("h1").inner_text()
    page.get_by_role("button", name="Not a fake").click()
    assert page.locator("h1").inner_text() != first
    page.get_by_role("button", name="Undo").click()
    assert page.locator("h1").inner_text() == first
    page.locator(".who summary").click()
    page.get_by_role("button", name="Sign out").click()
    assert page.url == f"{site.address}/sign-in"


def test_a_photo_of_the_catalog_is_recognised(site: Site, tmp_path: Path) -> None:
    page = site.page(viewport={"width": 390, "height": 844})
    site.sign_in(page, "kim")
    page.goto("/brands")
    page.get_by_label("Name").fill("Aurelio")
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Files").set_input_files(files(tmp_path / "shop"))
    page.get_by_role("button", name="Upload").click()
    page.get_by_text("7 of 7 files sent, 1 refused").wait_for()
    page.goto("/search")
    page.get_by_label("Photo", exact=True).set_input_files(
        drawn.saved(drawn.edited(drawn.product(2)), tmp_path / "found.png")
    )
    page.get_by_role("button", name="Search").click()
    page.locator(".found").wait_for(timeout=60_000)
    assert "R-2" in page.locator(".grid li").first.inner_text()
    assert page.locator(".found figure img").evaluate("one => one.naturalWidth") > 0
    assert not page.evaluate(WIDER)
