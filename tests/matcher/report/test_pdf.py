"""The evidence pack as PDF: any script can be read, fonts are in it, no listing's text becomes markup."""

from __future__ import annotations

import io
import random
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from PIL import Image

from matcher.assembly import build_keypoints
from matcher.config import ImageSettings
from matcher.errors import UsageError
from matcher.images import decode
from matcher.records import ReviewAnswer
from matcher.report import card, pdf
from matcher.report.agreement import agreement
from matcher.report.pack import Pack, PackedAnswer, PackedImage
from matcher.report.side_by_side import lines_drawn, side_by_side
from tests.matcher import drawn
from tests.matcher.report.samples import sample_row

pytest.importorskip("typst", reason="the extra `pdf` is not installed")
pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
TIME = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
SCRIPTS = "Сумка Ελλάδα 手提包 ハンドバッグ 가방 กระเป๋า ✓"
MARKUP = '#read("/etc/passwd") *bold* $x$ <label> @cite // \\ ` [x] #{ } "quoted" {{ 7 * 7 }}'


def picture(number: int) -> bytes:
    buffer = io.BytesIO()
    drawn.product(number).save(buffer, "PNG")
    return buffer.getvalue()


def pack(**listing: Any) -> Pack:
    """The pack of a listing that reuses a reference's photo, answered by someone."""
    row = sample_row(0, random.Random(0))
    made = card(replace(row, listing=row.listing.model_copy(update=listing)), 0)
    photo, reference = (
        decode(drawn.jpeg(drawn.edited(drawn.product(1))), "p", ImageSettings()),
        decode(picture(1), "r", ImageSettings()),
    )
    agreed = agreement(photo.pixels, reference.pixels, *build_keypoints(drawn.SETTINGS))
    assert agreed.count > 25
    assert made.photo
    return Pack(
        card=made,
        photos=[PackedImage("photo-1", "https://shop.example/ü.png", "png", picture(1))],
        references=[
            PackedImage("Norrvik-1", "reference 1", "png", picture(1)), PackedImage("b", "s", "png", b"gone")
        ],
        answers=[PackedAnswer(ReviewAnswer.CONFIRM, "kim", f"ひどい {MARKUP}", TIME)],
        side_by_side=side_by_side(photo, made.photo, reference),
        keypoints=lines_drawn(photo, reference, agreed),
        examined=TIME,
        made=TIME,
    )  # fmt: skip


def opened(of: Pack) -> Any:
    return pdfium.PdfDocument(pdf.write_pdf(of, ImageSettings()))


def words(document: Any) -> str:
    """All text, as a reader would copy it."""
    return re.sub(r"\s+", " ", " ".join(page.get_textpage().get_text_range() for page in document))


def test_it_says_what_the_pack_says_in_any_script() -> None:
    document = opened(pack(title=SCRIPTS, seller_id="山田商店", url="https://shop.example/" + "a" * 300))
    said = words(document)
    told = (
        "山田商店", "Why", "The photo is the brand's own picture", "Wordmark", "NORVIK",
        "kim: a fake: ひどい", "photos/01-photo-1.png", "cannot be read",
        "The strongest of them are drawn",
        "2026-03-01 09:30:00 UTC",
    )  # fmt: skip
    for wanted in (*SCRIPTS.split(), *told):
        assert wanted in said, wanted
    assert "\u200b" not in said
    assert ("https://shop.example/" + "a" * 300) in said.replace(" ", "")
    assert document.get_metadata_dict()["Title"] == SCRIPTS


def test_every_character_is_drawn_by_a_font_in_the_file() -> None:
    document = opened(pack(title=SCRIPTS, description=""))
    blank = opened(pack(title=" ".join("\U000f0000" for _ in SCRIPTS.split())))
    shown, empty = (np.asarray(one[0].render(scale=2).to_pil().convert("L")) for one in (document, blank))
    assert (shown < 128).sum() != (empty < 128).sum()
    fonts = {one.group().decode() for one in re.finditer(rb"/BaseFont/[A-Z]{6}\+[\w-]+", pdf_bytes(document))}
    assert any("CJKjp" in one or "CJKJP" in one for one in fonts), fonts
    assert any("NotoSans" in one for one in fonts)


def pdf_bytes(document: Any) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_a_listings_text_stays_text() -> None:
    said = words(opened(pack(title=MARKUP, seller_id="\u202egpj.exe")))
    for part in MARKUP.split():
        assert part in said, part
    assert "root:" not in said
    assert "U+202Egpj.exe" in said


def test_the_same_pack_gives_the_same_bytes_and_an_endless_title_a_bounded_file() -> None:
    first, again = (pdf.write_pdf(pack(title="\ud800 half"), ImageSettings()) for _ in range(2))
    assert first == again
    endless = opened(pack(title="endless " * 20_000, listing_id="x" * 400))
    assert len(endless) < 20


def test_what_has_no_blanks_breaks_inside_the_page_and_is_copied_whole() -> None:
    long = {"listing_id": "item-" + "0123456789abcdef" * 12, "seller_id": "z" * 180}
    document = opened(pack(url="https://shop.example/" + "a" * 300, **long))
    for page in document:
        text = page.get_textpage()
        assert max(text.get_charbox(at)[2] for at in range(text.count_chars())) < page.get_width() - 40
    said = words(document).replace(" ", "")
    assert all(one in said for one in long.values())


def test_many_files_are_left_to_the_zip() -> None:
    one = PackedImage("photo", "s", "png", picture(1))
    said = words(opened(replace(pack(), photos=[one] * 60, references=[], side_by_side=b"", keypoints=b"")))
    assert "20 more files are in the ZIP" in said
    assert "Matched keypoints" not in said


def test_without_its_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "PARTS", ("no_such_package",))
    with pytest.raises(UsageError, match=r"\[pdf\]"):
        pdf.write_pdf(pack(), ImageSettings())


def test_lines_between_keypoints_are_drawn_in_both_pictures() -> None:
    with Image.open(io.BytesIO(pack().keypoints)) as sheet:
        lines = (np.asarray(sheet.convert("RGB")) == (0, 117, 122)).all(axis=2)
    left, right = np.array_split(lines, 2, axis=1)
    assert left.sum() > 500
    assert right.sum() > 500
