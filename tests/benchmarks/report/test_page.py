"""The page: whole, self-contained, says who leads and why, and lets no name become markup."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from benchmarks.report.comparison import compare
from benchmarks.report.folder import read_run
from benchmarks.report.mistakes import shown
from benchmarks.report.page import write_page
from benchmarks.report.parts import Mistake, Part
from tests.benchmarks.report.made_run import FEW, NOT_RUN, made_run, write

ROOT = Path(__file__).parents[3]
VOID = {"meta", "img", "input", "br", "link"}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title></svg><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "<!-- ",
    "\u202egpj.exe",
    "\x00\x1b[31m",
)
BETTER = {**FEW, "builtin@3606f8d1b1a6": 0.7}


class Page(HTMLParser):
    """The elements of a page in order as (tag, attributes), its text, the tags left open."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.inside: dict[str, str] = {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"{tag} has an attribute twice"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.handle_data(" ")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        place = self.open[-1] if self.open[-1:] in (["script"], ["style"]) else "text"
        self.inside[place] = self.inside.get(place, "") + data

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", self.inside["text"])

    def all(self, tag: str) -> list[dict[str, str]]:
        return [one for name, one in self.elements if name == tag]


def opened(folder: Path, against: Path | None = None, **options: Any) -> Page:
    run = read_run(folder)
    write_page(folder / "page.html", run, compare(read_run(against), run) if against else None, **options)
    page = Page((folder / "page.html").read_text(encoding="utf-8"))
    assert page.open == []
    return page


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder = tmp_path_factory.mktemp("run")
    before = made_run(folder / "before", name="last week", models=BETTER, queries=240, mistakes=2)
    return opened(made_run(folder / "after", models=FEW, queries=240, mistakes=6), before)


def test_it_asks_for_nothing_outside_itself(page: Page) -> None:
    policy = next(one["content"] for one in page.all("meta") if "http-equiv" in one)
    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.inside[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    for _, attributes in page.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        for name in ("src", "href", "srcset", "xlink:href", "action"):
            assert re.match(r"data:image/jpeg;base64,|#|$", attributes.get(name, ""))
    assert not re.search(r"url\(|@import", page.inside["style"])


def test_it_says_who_leads_and_by_how_much(page: Page) -> None:
    assert "builtin leads by 0." in page.text
    assert page.text.count("best") > 6
    assert re.search(r"0\.9\d\d best 0\.9\d\d–0\.9\d\d", page.text)


def test_every_kind_of_chart_is_there_and_told_to_a_screen_reader(page: Page) -> None:
    told = [one.get("aria-label", "") for one in page.all("svg") if one.get("class") == "chart"]
    for start in ("Precision over recall of builtin, pdq", "µAP over images a second", "Share true over",
                  "Recall over queries a second of gallery", "Scores of pdq: "):  # fmt: skip
        assert any(one.startswith(start) for one in told), start


def test_what_did_not_run_is_listed_with_why(page: Page) -> None:
    assert f"copies-clothing-clip not run {NOT_RUN}" in page.text
    assert "verdicts-made failed no listings.csv" in page.text


def test_mistakes_show_query_answers_and_truth(page: Page) -> None:
    assert "Worst mistakes of builtin 6" in page.text
    for words in ("Nothing should have been found", "The truth is answer 3", "Said 3 ✓"):
        assert words in page.text
    alone = [one["alt"] for one in page.all("img")]
    assert alone[:4] == ["Query q0003", "Said 1 sku-50", "Said 2 sku-51", "Said 3 sku-52"]
    assert all(one["loading"] == "lazy" for one in page.all("img"))


def test_listings_show_what_each_signal_is_worth(page: Page) -> None:
    assert "builtin with a signal switched off 1" in page.text
    assert re.search(
        r"copy 0\.910 \+0\.010 −0\.010 to \+0\.030 0\.600 −0\.200 −0\.300 to −0\.100 12", page.text
    )
    assert "reused photo 2 0 38" in page.text
    assert "Said clear at 0.120, truly counterfeit" in page.text


def test_the_other_run_is_compared(page: Page) -> None:
    assert "Compared with last week" in page.text
    assert re.search(
        r"copies-clothing-builtin R@1 0\.\d+ 0\.\d+ \+0\.\d+ better .* \d+ gained, \d+ lost", page.text
    )
    assert page.text.count(" new ") > 2


def test_names_never_become_markup(tmp_path: Path) -> None:
    for number, text in enumerate(HOSTILE):
        mistake = {
            "query": text,
            "kind": text,
            "truth": [text],
            "said": [{"reference_id": text, "score": 0.5}],
        }
        part = {
            "task": text, "model": text, "dataset": {"name": text}, "settings": {"part": text, text: text},
            "seconds": 1, "metrics": {"uAP": 0.5, text: 0.5, "uAP_ci": [0.4, 0.6]}, "by": {text: {"uAP": 1}},
            "mistakes": [mistake, {**mistake, "kind": "b"}], "versions": {text: text},
            "curves": {"precision_recall": [[0.5, 0.5, 0.5], [0.4, 0.5, 0.6]]},
        }  # fmt: skip
        write(tmp_path / "results" / f"{number}.json", part)
        write(tmp_path / "results" / f"{number}-left.json", {"task": text, "state": text, "why": text})
    write(tmp_path / "run.json", {"name": HOSTILE[1], "machine": {text: text for text in HOSTILE}})
    page = opened(tmp_path, tmp_path)
    assert len(page.all("script")) == len(page.all("style")) == 1
    assert not page.all("img")
    assert "U+202E" in page.text


def test_an_empty_run_says_so(tmp_path: Path) -> None:
    write(tmp_path / "results" / "a.json", {"state": "not run", "why": "no photos"})
    page = opened(tmp_path)
    assert "No part was measured" in page.text
    assert "no photos" in page.text


def test_five_hundred_mistakes_are_shared_out_evenly() -> None:
    mistakes = tuple(Mistake(query=str(number)) for number in range(500))
    parts = [Part(str(number), "t", "s", "", "m", mistakes=mistakes[:number]) for number in (10, 400, 500)]
    assert shown(parts, 500) == {"10": 10, "400": 245, "500": 245}
    assert shown(parts, 0) == {"10": 0, "400": 0, "500": 0}
    assert shown(parts, 9999) == {"10": 10, "400": 400, "500": 500}


def test_fewer_mistakes_are_shown_on_demand(tmp_path: Path) -> None:
    folder = made_run(tmp_path, models={"pdq": 0.5}, queries=120, mistakes=4)
    assert "Worst mistakes of pdq 2 of 4" in opened(folder, mistakes=4).text


def test_it_has_the_colours_of_the_product_s_report() -> None:
    sheets = [
        (ROOT / place / "templates" / "report.css").read_text(encoding="utf-8")
        for place in ("matcher/report", "benchmarks/report")
    ]
    mine, theirs = (
        [re.findall(r"(--[a-z-]+): (#\w+)", part) for part in one.split("@media")[:2]] for one in sheets
    )
    assert [set(one) - set(other) for one, other in zip(mine, theirs, strict=True)] == [set(), set()]
