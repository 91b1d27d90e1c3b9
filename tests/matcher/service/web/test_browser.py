"""The pages in a real browser: from signing in to the next scan, by keyboard, narrow and wide, dark too."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.matcher import drawn
from tests.matcher.commands.conftest import matcher
from tests.matcher.service.tenants import png
from tests.matcher.service.test_jobs import TOML
from tests.matcher.service.test_server import begin

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
UNNAMED = """() => [...document.querySelectorAll("button, a, input:not([type=hidden]), select, textarea")]
  .filter((one) => !one.hidden && !one.textContent.trim() && !one.ariaLabel && !one.labels?.length)
  .filter((one) => !one.querySelector("img[alt]")).map((one) => one.outerHTML.slice(0, 90))"""
FAINT = """() => {
  const part = (one) => (one /= 255) <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const behind = (one) => {
    for (; one; one = one.parentElement) {
      const [r, g, b, a = 1] = numbers(getComputedStyle(one).backgroundColor);
      if (a === 1) return [r, g, b];
    }
  };
  const own = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  return [...document.querySelectorAll("body *")].filter((one) => own(one) && one.checkVisibility())
    .filter((one) => !one.closest(".off, svg, .sr, .skip")).map((one) => {
      const style = getComputedStyle(one), ground = light(behind(one)), ink = light(numbers(style.color));
      const ratio = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
      const size = parseFloat(style.fontSize), bold = style.fontWeight >= 700;
      const large = size >= 24 || (bold && size >= 18.6);
      return ratio < (large ? 3 : 4.5) ? `${ratio.toFixed(2)} ${one.outerHTML.slice(0, 80)}` : "";
    }).filter(Boolean);
}"""
"""Text whose contrast is under what WCAG 2.2 asks for at level AA (criterion 1.4.3)."""
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@dataclass
class Site:
    """A running service, its browser, and people's names with their passwords."""

    address: str
    browser: Any
    passwords: dict[str, str]
    said: list[str] = field(default_factory=list)

    def page(self, **options: Any) -> Any:
        """A new browser's page, whose complaints and foreign requests are noted in `said`."""
        opened = self.browser.new_context(base_url=self.address, **options).new_page()
        opened.on("console", lambda message: self.said.append(message.text))
        opened.on("pageerror", lambda error: self.said.append(str(error)))
        opened.on("request", self._asked)
        return opened

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.said.append(request.url)

    def sign_in(self, page: Any, name: str) -> None:
        page.goto("/")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(self.passwords[name])
        page.keyboard.press("Enter")
        page.wait_for_url(f"{self.address}/")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def site(browser: Any, tmp_path: Path) -> Iterator[Site]:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "matcher.toml").write_text(TOML)
    people = {"kim": "Acme", "lee": "Other"}
    passwords = {
        name: matcher(
            workspace, "admin", "person", name, "--owner", owner, "--role", "manager"
        ).stdout.strip()
        for name, owner in people.items()
    }
    running, address = begin(workspace)
    try:
        yield Site(address, browser, passwords)
    finally:
        running.terminate()
        running.communicate(timeout=60)


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


def menu(page: Any, name: str) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()


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
    page.get_by_text("6 of 7 taken in").wait_for()
    assert "is not an image" in page.locator(".uploads .wrong").inner_text()
    page.get_by_role("link", name="Show what is there now").click()
    assert page.locator(".grid img").count() == 6
    page.get_by_label("Licensed sellers").fill("shop-licensed")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Logos 0").click()
    dropped(page, "logo.png", png(90))
    page.get_by_text("1 of 1 taken in").wait_for()


def dropped(page: Any, name: str, blob: bytes) -> None:
    """Drag a file onto the page and let it go."""
    script = """([name, bytes]) => { const moved = new DataTransfer();
        moved.items.add(new File([new Uint8Array(bytes)], name, {type: "image/png"})); return moved; }"""
    moved = page.evaluate_handle(script, [name, list(blob)])
    for happens in ("dragover", "drop"):
        page.dispatch_event(".drop", happens, {"dataTransfer": moved})


def reviews_by_keyboard(page: Any) -> None:
    """Confirm two, reject one that is taken back and confirmed unsure: no hand leaves the keys."""

    def pressed(key: str) -> str:
        with page.expect_navigation():
            page.keyboard.press(key)
        title: str = page.locator("h1").inner_text()
        return title

    menu(page, "Review")
    order = [page.locator("h1").inner_text()]
    order += [pressed("j") for _ in range(3)]
    assert sorted(order) == ["Offer A", "Offer B", "Offer C", "Offer D"]
    assert [pressed("k") for _ in range(3)] == order[2::-1]
    assert page.locator(".marks polygon").count() > 0
    answers = {"Offer A": "c", "Offer B": "c", "Offer C": "r", "Offer D": "x"}
    for step, title in enumerate(order):
        after = pressed(answers[title])
        assert after == (order[step + 1] if step < 3 else "Nothing waits")
        assert page.get_by_role("status").inner_text()
    assert pressed("u") == order[3], "the last answer is taken back"
    pressed(answers[order[3]])
    menu(page, "Overview")
    assert "of 3 answered were fakes" in page.locator(".tiles").inner_text()


def packs_evidence(page: Any) -> None:
    """The pack of a confirmed fake comes as a ZIP that holds both pictures and the verdict."""
    menu(page, "Scans")
    page.locator("a.row").first.click()
    page.locator("a.row.listing", has_text="Offer A").click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Evidence pack").click()
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
    kept = page.context.storage_state()
    for width in (390, 1280):
        for scheme in ("light", "dark"):
            looked = site.page(
                viewport={"width": width, "height": 844}, color_scheme=scheme, storage_state=kept
            )
            for address in ("/", "/scans", "/brands", "/search", "/account", "/review", *named[:3]):
                looked.goto(address)
                assert not looked.evaluate(WIDER), f"{address} at {width}"
                assert looked.evaluate(UNNAMED) == [], address
                assert looked.evaluate(FAINT) == [], f"{address} {scheme}"
    return named


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
    page.get_by_role("button", name="Reject").click()
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
    page.get_by_text("6 of 7 taken in").wait_for()
    page.goto("/search")
    page.get_by_label("Photo", exact=True).set_input_files(
        drawn.saved(drawn.edited(drawn.product(2)), tmp_path / "found.png")
    )
    page.get_by_role("button", name="Search").click()
    page.locator(".found").wait_for(timeout=60_000)
    assert "R-2" in page.locator(".grid li").first.inner_text()
    assert page.locator(".found figure img").evaluate("one => one.naturalWidth") > 0
    assert not page.evaluate(WIDER)
