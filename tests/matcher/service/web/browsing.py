"""A real browser at a running service, and what every page in it must hold to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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


def menu(page: Any, name: str) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()


def dropped(page: Any, name: str, blob: bytes) -> None:
    """Drag a file onto the page and let it go."""
    script = """([name, bytes]) => { const moved = new DataTransfer();
        moved.items.add(new File([new Uint8Array(bytes)], name, {type: "image/png"})); return moved; }"""
    moved = page.evaluate_handle(script, [name, list(blob)])
    for happens in ("dragover", "drop"):
        page.dispatch_event(".drop", happens, {"dataTransfer": moved})
