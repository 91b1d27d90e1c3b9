"""Google Merchant feeds."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from matcher.errors import ManifestError
from matcher.manifests import read_listings, read_references
from matcher.records import FailedRow, Listing, ReferenceRow
from tests.matcher.manifests.contract import ManifestContract, Table, lines, told

NAMESPACE = 'xmlns:g="http://base.google.com/ns/1.0"'


def elements(row: dict[str, str]) -> str:
    return "".join(f"<g:{name}>\n {escape(value)} </g:{name}>" for name, value in row.items())


class TestRss(ManifestContract):
    first_line = 1

    def write(self, folder: Path, table: Table) -> Path:
        path = folder / "feed.xml"
        items = "".join(f"<item>{elements(row)}</item>\n" for row in table)
        path.write_text(
            f'<?xml version="1.0"?>\n<rss {NAMESPACE}><channel><title>Shop</title>{items}</channel></rss>',
            encoding="utf-8",
        )
        return path


class TestAtom(ManifestContract):
    first_line = 1

    def write(self, folder: Path, table: Table) -> Path:
        path = folder / "feed.xml"
        entries = "".join(f"<entry>{elements(row)}</entry>" for row in table)
        path.write_text(
            f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACE}>{entries}</feed>', encoding="utf-16"
        )
        return path


RSS = f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" {NAMESPACE}><channel><title>Borealis shop</title><link>https://b.example</link>
<item>
 <title>Plain title</title><link>https://b.example/p/1</link><description><![CDATA[<b>Warm</b>]]></description>
 <g:id>SKU-1</g:id><g:title>Parka</g:title><g:price>199.00 EUR</g:price><g:brand>Borealis</g:brand>
 <g:gtin>00012345600012</g:gtin><g:image_link>https://b.example/1.jpg</g:image_link>
 <g:additional_image_link>https://b.example/1b.jpg</g:additional_image_link>
 <g:additional_image_link>https://b.example/1c.jpg</g:additional_image_link>
 <g:shipping><g:country>DE</g:country><g:price>4.90 EUR</g:price></g:shipping>
</item>
</channel></rss>"""


def feed(folder: Path, content: str | bytes) -> Path:
    path = folder / "feed.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rss(items: str) -> str:
    return f"<rss {NAMESPACE}><channel>{items}</channel></rss>"


def item(identity: str, more: str = "") -> str:
    return f"<item><g:id>{identity}</g:id>{more}</item>"


def test_a_feed_is_a_catalog(tmp_path: Path) -> None:
    images = ("https://b.example/1.jpg", "https://b.example/1b.jpg", "https://b.example/1c.jpg")
    assert told(read_references(feed(tmp_path, RSS))) == [
        ReferenceRow(
            reference_id="SKU-1",
            images=images,
            title="Parka",
            brand="Borealis",
            price=Decimal("199.00"),
            currency="EUR",
            gtin="00012345600012",
        )
    ]


def test_a_feed_is_a_listing_manifest_too(tmp_path: Path) -> None:
    (listing,) = told(read_listings(feed(tmp_path, RSS)))
    assert isinstance(listing, Listing)
    assert (listing.url, listing.description) == ("https://b.example/p/1", "<b>Warm</b>")


def test_an_atom_link_is_its_address(tmp_path: Path) -> None:
    entry = '<entry><id>tag:1</id><g:id>1</g:id><link href="https://b.example/1"/></entry>'
    path = feed(tmp_path, f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACE}>{entry}</feed>')
    (listing,) = told(read_listings(path))
    assert (listing.listing_id, listing.url) == ("1", "https://b.example/1")


def test_the_feed_in_tabs_reads_like_the_feed_in_xml(tmp_path: Path) -> None:
    path = tmp_path / "feed.txt"
    path.write_text(
        "id\ttitle\tdescription\tlink\timage_link\tadditional_image_link\tprice\tbrand\tgtin\n"
        "SKU-1\tParka\t\thttps://b.example/p/1\thttps://b.example/1.jpg\thttps://b.example/1b.jpg,https://b.example/1c.jpg\t"
        "199.00 EUR\tBorealis\t00012345600012\n"
    )
    assert told(read_references(path)) == told(read_references(feed(tmp_path, RSS)))


BILLION_LAUGHS = "<!DOCTYPE rss [<!ENTITY a '" + "ha" * 10 + "'>" + "".join(
    f"<!ENTITY {chr(98 + at)} '{f'&{chr(97 + at)};' * 10}'>" for at in range(9)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    "prologue",
    [
        BILLION_LAUGHS,
        '<!DOCTYPE rss [<!ENTITY j SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/evil.dtd">',
        '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1:9/evil.dtd"> %p;]>',
        "<!DOCTYPE rss>",
    ],
    ids=["billion laughs", "external entity", "external type", "parameter entity", "bare type"],
)
def test_document_types_and_entities_are_refused(tmp_path: Path, prologue: str) -> None:
    path = feed(tmp_path, prologue + rss(item("&j;")))
    with pytest.raises(ManifestError, match="document type or entities"):
        list(read_listings(path))


def test_xml_that_is_no_feed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no RSS or Atom feed: its root is <html>"):
        read_listings(feed(tmp_path, "<html><body/></html>"))
    with pytest.raises(ManifestError, match="not well-formed"):
        read_listings(feed(tmp_path, "<rss><channel"))


def test_a_feed_without_items_is_an_empty_manifest(tmp_path: Path) -> None:
    assert list(read_listings(feed(tmp_path, rss("")))) == []


def test_what_precedes_an_error_is_read(tmp_path: Path) -> None:
    rows = list(read_listings(feed(tmp_path, rss(item("1") + item("2") + "<item><oops></item>"))))
    assert lines(rows) == [1, 2, 3]
    assert isinstance(rows[2], FailedRow)
    assert "the rest of the feed cannot be read: is not well-formed XML" in rows[2].reason


def test_depth_and_length_of_an_item_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = feed(tmp_path, rss(item("1") + "<item>" + "<a>" * 50_000))
    assert "nested more than 64 deep" in told(read_listings(deep))[-1]
    long = feed(tmp_path, rss(item("1") + item("2", "<title>" + "x" * 10_000_000 + "</title>")))
    assert "an item is longer than" in told(read_listings(long))[-1]
    monkeypatch.setattr("matcher.manifests.merchant.MAX_ITEM", 100_000)
    crowd = feed(tmp_path, rss("<junk/>" * 100_000))
    with pytest.raises(ManifestError, match="an item is longer than"):
        read_listings(crowd)


def test_a_declared_encoding_counts(tmp_path: Path) -> None:
    for encoding in ("windows-1252", "GB18030", "Shift_JIS", "iso-8859-1"):
        title = "正品" if encoding in ("GB18030", "Shift_JIS") else "Größe"
        text = f'<?xml version="1.0" encoding="{encoding}"?>' + rss(item("1", f"<title>{title}</title>"))
        assert told(read_listings(feed(tmp_path, text.encode(encoding))))[0].title == title


def test_an_undecodable_byte_spoils_its_item_alone(tmp_path: Path) -> None:
    content = '<?xml version="1.0" encoding="utf-8"?>' + rss(item("1", "<title>a#b</title>") + item("2"))
    rows = list(read_listings(feed(tmp_path, content.encode().replace(b"#", b"\xff"))))
    assert [isinstance(row, FailedRow) for row in rows] == [True, False]
    assert "encoding" in told(rows)[0]
