"""The report: whole, self-contained, says what was found, and lets no listing's text become markup."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import UsageError
from matcher.outputs import verdict_line
from matcher.records import Evidence, ImageRole, Listing, Region, Verdict, VerdictKind
from matcher.report import ReferenceFacts, ReferenceKey, ReportRow, Thumbnail, write_report
from matcher.report.rows import ROLES
from tests.matcher.report.samples import sample_row, sample_rows, sample_summary

VOID = {"meta", "img", "input", "br", "link"}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "</title></bdi></article><iframe src=//evil.example>",
    "&lt;b&gt; &amp;",
    "<!-- ",
    "\u202egpj.exe\u202c",
    "a" * 5_000,
    "\x00\x1b[31m",
)


class Page(HTMLParser):
    """The elements of a page in order as (tag, attributes), its text by element, the tags left open."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.inside: dict[str, str] = {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"{tag} has an attribute twice"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        place = self.open[-1] if self.open else ""
        self.inside[place] = self.inside.get(place, "") + data
        if place not in {"script", "style"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        return [
            one
            for name, one in self.elements
            if name == tag and all(one.get(key) == value for key, value in wanted.items())
        ]

    def cards(self) -> list[dict[str, str]]:
        return self.all("article")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


def opened(folder: Path, rows: Iterable[ReportRow], **summary: Any) -> Page:
    rows = list(rows)
    path = folder / "report.html"
    write_report(path, sample_summary(len(rows), **summary), rows)
    page = Page(path.read_text(encoding="utf-8"))
    assert page.open == []
    return page


def row(number: int = 0, **listing: Any) -> ReportRow:
    drawn = sample_row(number, random.Random(number))
    return replace(drawn, listing=drawn.listing.model_copy(update=listing))


def bare(verdict: Verdict | None = None, **listing: Any) -> ReportRow:
    one = Listing(listing_id="L", images=(), **listing)
    return ReportRow(one, verdict or Verdict(listing_id="L", verdict=VerdictKind.CLEAR, score=0.1))


def with_evidence(*evidence: Evidence, photo: tuple[int, int] = (1000, 500)) -> ReportRow:
    verdict = Verdict(
        listing_id="L", verdict=VerdictKind.REVIEW, score=0.5, brand="Norrvik", evidence=evidence
    )
    return replace(bare(verdict), photos={0: Thumbnail(b"x", "image/webp", *photo)})


def test_a_card_says_what_was_found_and_draws_where(folder: Path) -> None:
    page = opened(folder, [row(0)])
    for words in (
        "L-20400",
        "Norrvik rain jacket, mint condition, original box",
        "% below",
        "not licensed",
        "The photo is a copy of reference NOR-1000, mirrored",
        "Text “NORVIK” is close to the wordmark “Norrvik”",
        "The photo is the brand's own picture, mirrored",
        "3 other matches",
        "+2.9",
    ):
        assert words in page.text
    [card] = page.cards()
    assert card["data-verdict"] == "counterfeit"
    assert card["data-signals"].split() == ["copy", "wordmark", "price", "seller"]
    assert [one["viewbox"] for one in page.all("svg") if one.get("class") == "marks"] == ["0 0 1200 1600"]
    assert len([one for one in page.all("polygon") if "class" not in one]) == 2


def test_cards_stand_in_the_order_given(folder: Path) -> None:
    page = opened(folder, sample_rows(7))
    assert [card["data-position"] for card in page.cards()] == [str(number) for number in range(7)]


def test_the_head_counts_the_whole_scan_also_what_is_left_out(folder: Path) -> None:
    counts = {VerdictKind.CLEAR: 19_000, VerdictKind.REVIEW: 900, VerdictKind.COUNTERFEIT: 100}
    page = opened(folder, sample_rows(1), listings=20_000, counts=counts, shown=1, left_out=19_999, failed=1)
    for words in (
        "19,000",
        "95.0 %",
        "900",
        "4.5 %",
        "This page shows 1 of 20,000 listings",
        "1 row could not be",
    ):
        assert words in page.text


def test_an_empty_report_says_so(folder: Path) -> None:
    page = opened(folder, [])
    assert "No listing was scanned" in page.text
    assert page.cards() == []
    left_out = opened(folder, [], listings=12, left_out=12, counts={VerdictKind.CLEAR: 12})
    assert "No listing is shown on this page All 12 verdicts are in verdicts.jsonl" in left_out.text


def test_a_row_without_photo_reference_title_or_evidence_is_still_a_card(folder: Path) -> None:
    page = opened(folder, [bare()])
    assert "No title" in page.text
    assert "No signal found anything." in page.text
    assert page.all("img") == []


def test_the_photo_with_evidence_comes_first_and_the_others_follow(folder: Path) -> None:
    photos = {number: Thumbnail(bytes([number]), "image/jpeg", 10, 10) for number in range(3)}
    evidence = Evidence(signal="copy", score=1, weight=3, photo=2, region=Region(0, 0, 5, 5))
    page = opened(folder, [replace(with_evidence(evidence), photos=photos)])
    assert [one["alt"] for one in page.all("img")] == [
        "Listing photo 3",
        "Listing photo 1",
        "Listing photo 2",
    ]


def test_the_same_outline_is_drawn_once_with_both_numbers(folder: Path) -> None:
    region = Region(100, 50, 300, 200)
    pair = (Evidence(signal=name, score=1, weight=1, photo=0, region=region) for name in ("copy", "product"))
    page = opened(folder, [with_evidence(*pair)])
    assert [one["points"] for one in page.all("polygon")] == ["100,50 300,50 300,200 100,200"] * 2
    assert "1·2" in page.text


def test_text_is_shown_close_up_and_its_number_stands_beside_it(folder: Path) -> None:
    quiet = Evidence(signal="seller", score=1, weight=2)
    spelling = Evidence(signal="wordmark", score=1, weight=5, photo=0, region=Region(400, 300, 500, 320))
    closeup = Thumbnail(b"close", "image/webp", 200, 48)
    page = opened(folder, [replace(with_evidence(quiet, spelling), closeups={1: closeup})])
    [shown] = [one for one in page.all("img") if one.get("class") == "closeup"]
    assert (shown["width"], shown["height"], shown["alt"]) == ("200", "48", "The text in the photo")
    [label] = page.all("text")
    assert float(label["x"]) < 400


@pytest.mark.parametrize(
    "quad",
    [
        None,
        [],
        "quad",
        [[0, 0]] * 3,
        [[0, 0], [1], [2, 2], [3, 3]],
        [["a", 0]] * 4,
        [[1e300, 0]] * 4,
        [[float("nan"), 0]] * 4,
    ],
)
def test_a_quadrilateral_that_cannot_be_drawn_gives_way_to_the_region(folder: Path, quad: Any) -> None:
    evidence = Evidence(signal="copy", score=1, photo=0, region=Region(0, 0, 9, 9)).model_copy(
        update={"detail": {"quad": quad}}
    )
    page = opened(folder, [with_evidence(evidence)])
    assert page.all("polygon")[0]["points"] == "0,0 9,0 9,9 0,9"


@pytest.mark.parametrize(
    "region", [None, Region(5, 5, 5, 9), Region(0, 0, float("inf"), 1), Region(9, 9, 1, 1)]
)
def test_a_region_that_cannot_be_drawn_is_not(folder: Path, region: Region | None) -> None:
    evidence = Evidence(signal="copy", score=1, photo=0, region=region)
    assert opened(folder, [with_evidence(evidence)]).all("polygon") == []


def test_evidence_about_a_photo_that_is_not_there_is_still_told(folder: Path) -> None:
    page = opened(
        folder, [with_evidence(Evidence(signal="copy", score=1, photo=9, region=Region(0, 0, 5, 5)))]
    )
    assert "Reused photo" in page.text


def test_prices_in_two_currencies_are_not_compared(folder: Path) -> None:
    key = ReferenceKey("Norrvik", "SKU-1")
    evidence = Evidence(signal="product", score=0.9, brand=key[0], reference_id=key[1])
    facts = {key: ReferenceFacts("Tent", Decimal("20000"), "JPY")}
    one = replace(with_evidence(evidence), reference_facts=facts)
    one = replace(one, listing=Listing(listing_id="L", images=(), price=Decimal("100"), currency="EUR"))
    page = opened(folder, [one])
    assert "20,000 JPY" in page.text
    assert "below" not in page.text.split("20,000 JPY")[0].rsplit("100 EUR", 1)[1]


@pytest.mark.parametrize(("signal", "compared"), [("product", True), ("known-counterfeit", False)])
def test_a_price_is_compared_with_a_references_and_never_with_a_counterfeits(
    folder: Path, signal: str, compared: bool
) -> None:
    key = ReferenceKey("Norrvik", "X-1", ROLES.get(signal, ImageRole.REFERENCE))
    evidence = Evidence(signal=signal, score=0.9, weight=2, brand=key[0], reference_id=key[1])
    facts = {key: ReferenceFacts("Tent", Decimal("40"), "EUR")}
    one = replace(with_evidence(evidence), reference_facts=facts)
    one = replace(one, listing=Listing(listing_id="L", images=(), price=Decimal("20"), currency="EUR"))
    text = opened(folder, [one]).text
    assert "20 EUR" in text
    assert ("50 % below" in text) is compared


@pytest.mark.parametrize(
    ("signal", "name"),
    [("known-counterfeit", "Known counterfeit"), ("logo", "Logo"), ("product", "Reference")],
)
def test_what_stands_beside_the_photo_is_called_what_it_is(folder: Path, signal: str, name: str) -> None:
    key = ReferenceKey("Norrvik", "X-1", ROLES.get(signal, ImageRole.REFERENCE))
    evidence = Evidence(signal=signal, score=0.9, weight=2, brand=key[0], reference_id=key[1])
    one = replace(with_evidence(evidence), photos=row(0).photos)
    page = opened(folder, [replace(one, reference_facts={key: ReferenceFacts("Tent")})])
    assert f"{name} Norrvik X-1" in page.text


def test_a_reference_is_not_taken_for_a_logo_of_the_same_id(folder: Path) -> None:
    said = {"score": 0.9, "brand": "Norrvik", "reference_id": "X-1"}
    copy, logo = Evidence(signal="copy", weight=3, **said), Evidence(signal="logo", weight=2, **said)
    facts = {
        ReferenceKey("Norrvik", "X-1"): ReferenceFacts("Tent"),
        ReferenceKey("Norrvik", "X-1", ImageRole.LOGO): ReferenceFacts("Wordmark in red"),
    }
    page = opened(folder, [replace(with_evidence(copy, logo), photos=row(0).photos, reference_facts=facts)])
    assert "Reference Norrvik X-1" in page.text
    assert "Wordmark in red" not in page.text


def test_the_record_is_the_verdicts_line(folder: Path) -> None:
    one = row(0)
    page = opened(folder, [one])
    assert page.inside["pre"] == verdict_line(one.verdict)
    assert json.loads(page.inside["pre"])["listing_id"] == "L-20400"


def test_nothing_outside_the_file_is_asked_for(folder: Path) -> None:
    page = opened(folder, sample_rows(10))
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base", "video", "audio", "source", "use"}
        assert not {"srcset", "poster", "action", "background", "style", "xlink:href"} & set(attributes)
        assert attributes.get("src", "data:image/").startswith("data:image/")
        assert tag == "a" or "href" not in attributes
    assert "url(" not in page.inside["style"]
    assert "@import" not in page.inside["style"]


def test_the_policy_allows_the_one_style_and_the_one_script_by_hash(folder: Path) -> None:
    page = opened(folder, [row(0)])
    [policy] = [
        one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy"
    ]
    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    assert parts["default-src"] == parts["base-uri"] == parts["form-action"] == "'none'"
    assert parts["img-src"] == "data:"
    for tag, name in (("style", "style-src"), ("script", "script-src")):
        assert len(page.all(tag)) == 1
        digest = base64.b64encode(hashlib.sha256(page.inside[tag].encode()).digest()).decode()
        assert parts[name] == f"'sha256-{digest}'"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_listing_becomes_markup(folder: Path, text: str) -> None:
    plain = opened(folder, [hostile("words")])
    page = opened(folder, [hostile(text)])
    assert [tag for tag, _ in page.elements if tag != "span"] == [
        tag for tag, _ in plain.elements if tag != "span"
    ]
    assert {key for _, one in page.elements for key in one} == {
        key for _, one in plain.elements for key in one
    }


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("<>\"'&{}%/=`\\\r\n\t\0"), max_size=40)
)
def test_no_text_at_all_becomes_markup(folder: Path, text: str) -> None:
    plain = opened(folder, [hostile("words")])
    page = opened(folder, [hostile(text or "x")])
    assert [tag for tag, _ in page.elements if tag != "span"] == [
        tag for tag, _ in plain.elements if tag != "span"
    ]


def hostile(text: str) -> ReportRow:
    """A row that says `text` wherever a user or a catalog could have put it."""
    key = ReferenceKey(text, text)
    evidence = Evidence(
        signal="claims", score=1, weight=1, brand=text, reference_id=text, detail={"phrase": text, "k": text}
    )
    verdict = Verdict(
        listing_id=text,
        verdict=VerdictKind.REVIEW,
        score=0.5,
        brand=text,
        reasons=(text,),
        evidence=(evidence,),
        models={"embedder": text},
    )
    one = Listing(
        listing_id=text, images=(), title=text, price=Decimal(1), currency=text, seller_id=text, url=text
    )
    return ReportRow(one, verdict, reference_facts={key: ReferenceFacts(text, Decimal(1), text)})


def test_text_that_reorders_is_shown_and_kept_apart(folder: Path) -> None:
    page = opened(folder, [row(0, title="photo\u202egpj.exe")])
    assert "photoU+202Egpj.exe" in page.text
    assert len(page.all("bdi")) > 5


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " https://a.example",
        "data:text/html,x",
        "https://",
        "https://a\\b",
        "http://[",
        "//a",
        "ftp://a",
        "",
    ],
)
def test_only_web_addresses_become_links(folder: Path, url: str) -> None:
    assert opened(folder, [row(0, url=url)]).all("a", rel="noopener noreferrer nofollow") == []


def test_a_link_shows_the_host_it_leads_to(folder: Path) -> None:
    page = opened(folder, [row(0, url="https://famous.example@evil.example/x?a=1&b=2")])
    [link] = page.all("a", rel="noopener noreferrer nofollow")
    assert link["href"] == "https://famous.example@evil.example/x?a=1&b=2"
    assert "evil.example ↗" in page.text
    assert "famous.example" not in page.text


def test_a_thumbnail_of_another_type_is_refused_and_the_old_report_stays(folder: Path) -> None:
    path = folder / "report.html"
    write_report(path, sample_summary(1), [row(0)])
    before = path.read_bytes()
    script = replace(bare(), photos={0: Thumbnail(b"<svg/>", "image/svg+xml", 1, 1)})
    with pytest.raises(UsageError, match=r"thumbnail is 'image/svg\+xml'"):
        write_report(path, sample_summary(1), [script])
    assert path.read_bytes() == before
    assert list(folder.iterdir()) == [path]


def test_rows_are_read_one_at_a_time(folder: Path) -> None:
    alive: list[int] = []

    class Counted(dict[int, Thumbnail]):
        def __init__(self) -> None:
            super().__init__({0: Thumbnail(b"x", "image/webp", 1, 1)})
            alive.append(1)

        def __del__(self) -> None:
            alive.pop()

    def rows() -> Iterator[ReportRow]:
        for _ in range(20):
            yield replace(bare(), photos=Counted())
            assert len(alive) <= 2

    write_report(folder / "report.html", sample_summary(20), rows())


def test_the_same_rows_give_the_same_bytes(folder: Path) -> None:
    for name in ("a.html", "b.html"):
        write_report(folder / name, sample_summary(5), sample_rows(5))
    assert (folder / "a.html").read_bytes() == (folder / "b.html").read_bytes()
    for name in ("a.html", "b.html"):
        (folder / name).unlink()
