"""Text in the encodings that catalogues come in."""

from __future__ import annotations

import codecs
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.manifests import read_listings
from matcher.manifests.encodings import detect_encoding
from matcher.records import FailedRow
from tests.matcher.manifests.contract import told

TITLES = {
    "gb18030": ["正品运动鞋 新款上市", "男士休闲皮鞋真皮商务", "女包单肩斜挎小方包", "限时特价,全国包邮"],
    "cp932": [
        "スニーカー 新品 送料無料",
        "レディース バッグ 本革",
        "腕時計 メンズ 防水",
        "正規品 保証書付き",
    ],
    "cp949": ["정품 운동화 신상품", "여성 가죽 숄더백", "남성용 방수 손목시계", "무료 배송"],
    "cp1252": ["Chaussures d’été", "Größe 42, weiß", "Niño: camiseta año 2024", "Prix 19,99 €"],
    "cp1251": ["Кроссовки мужские", "Сумка женская кожаная", "Часы наручные", "Бесплатная доставка"],
    "utf-8": ["Schuhgröße", "靴", "обувь", "👟"],
}


def text_with(titles: list[str]) -> str:
    return "listing_id;title\r\n" + "".join(f"L-{at};{title}\r\n" for at, title in enumerate(titles))


@pytest.mark.parametrize("encoding", TITLES)
@pytest.mark.parametrize("repeats", [1, 50])
def test_titles_are_read_in_their_encoding(tmp_path: Path, encoding: str, repeats: int) -> None:
    titles = TITLES[encoding] * repeats
    path = tmp_path / "m.csv"
    path.write_bytes(text_with(titles).encode(encoding))
    assert [row.title for row in told(read_listings(path))] == titles


@pytest.mark.parametrize(
    "encoding",
    ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"],
    ids=lambda name: str(name),
)
def test_unicode_is_told_by_its_mark_or_its_zeros(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "gb18030" else ""
    path = tmp_path / "m.csv"
    path.write_bytes((mark + text_with(TITLES["utf-8"])).encode(encoding))
    assert [row.title for row in told(read_listings(path))] == TITLES["utf-8"]


@settings(max_examples=60, deadline=None)
@given(title=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), big=st.booleans())
def test_utf16_without_a_mark_is_recognised_by_its_header(title: str, big: bool) -> None:
    encoding = "utf-16-be" if big else "utf-16-le"
    assert detect_encoding(io.BytesIO(f"listing_id,image,title\n1,,{title}".encode(encoding))) == encoding


@settings(max_examples=100, deadline=None)
@given(content=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff")))
def test_utf8_is_always_taken_for_utf8(content: str) -> None:
    assert detect_encoding(io.BytesIO(content.encode())) == "utf-8"


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=400))
def test_some_codec_is_named_for_any_bytes(content: bytes) -> None:
    assert codecs.lookup(detect_encoding(io.BytesIO(content)))


def test_a_stray_byte_spoils_its_row_and_not_the_encoding(tmp_path: Path) -> None:
    content = text_with(["Schuhgröße für Füße, größer"] * 6).encode() + b"bad;ab\xffc\r\nL-9;gr\xc3\xbcn\r\n"
    path = tmp_path / "m.csv"
    path.write_bytes(content)
    rows = list(read_listings(path))
    assert [row.line for row in rows if isinstance(row, FailedRow)] == [8]
    assert told(rows)[-1].title == "grün"
    assert "encoding" in told(rows)[-2]


@pytest.mark.parametrize(
    ("encoding", "stray"), [("gb18030", b"\xff"), ("cp932", b"\x81"), ("utf-16-le", b"\x00\xdc")]
)
def test_an_undecodable_byte_in_other_encodings_spoils_its_row_alone(
    tmp_path: Path, encoding: str, stray: bytes
) -> None:
    title = TITLES["cp932" if encoding == "cp932" else "gb18030"][0]
    good = "".join(f"L-{at};{title}\n" for at in range(300))
    content = f"listing_id;title\n{good}bad;".encode(encoding) + stray + f"\nlast;{title}\n".encode(encoding)
    path = tmp_path / "m.csv"
    path.write_bytes(content)
    rows = list(read_listings(path))
    assert [row.line for row in rows if isinstance(row, FailedRow)] == [302]


def test_a_file_that_leaves_ascii_late_is_judged_where_it_does(tmp_path: Path) -> None:
    titles = ["plain"] * 30_000 + TITLES["gb18030"]
    path = tmp_path / "m.csv"
    path.write_bytes(text_with(titles).encode("gb18030"))
    assert [row.title for row in told(read_listings(path))] == titles
