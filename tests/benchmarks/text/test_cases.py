"""Photos whose text is known: drawn ones repeat and are halved cleanly, real ones are as their table says."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.datasets import half_of
from benchmarks.text.cases import KINDS, SIDES, TextSet, all_photos, drawn_set, real_set
from benchmarks.text.words import listed_words
from matcher.errors import UsageError
from matcher.records import Brand
from matcher.text.folding import joined
from tests.benchmarks.text.fonts import latin_fonts, needs_noto

LATIN = [Brand(name=word.text) for word in listed_words() if word.script == "Latin" and word.text.isascii()][
    :300
]
PHOTOS = 16


def grey(number: int) -> int:
    """The shade of a photo, by which it is known again under whatever was drawn on it."""
    return 20 + 14 * number


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of one shade each, in both halves."""
    place = tmp_path_factory.mktemp("photos")
    for number in range(PHOTOS):
        Image.new("RGB", (60, 48), (grey(number),) * 3).save(place / f"{number:02d}.png")
    return place


@pytest.fixture(scope="module")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return latin_fonts(tmp_path_factory.mktemp("fonts") / "noto")


def photo_of(blob: bytes) -> int:
    """Which photo was drawn on: the shade along its edge."""
    pixels = np.asarray(Image.open(io.BytesIO(blob)).convert("L"), float)
    return round((float(np.median(pixels[0])) - grey(0)) / 14)


def words_of(found: TextSet) -> set[str]:
    """The wordmarks that were drawn, rightly or misspelt, and other names."""
    brands = {joined(one) for case in found.cases for one in case.brands}
    return brands | {joined(case.text) for case in found.cases if case.kind == "other"}


def test_the_same_seed_draws_the_same_photos_to_the_byte(folder: Path, fonts: Path) -> None:
    first, again = (drawn_set(folder, count=6, seed=3, fonts=fonts, brands=LATIN) for _ in range(2))
    assert [case.text for case in first.cases] == [case.text for case in again.cases]
    assert [case.blob() for case in first.cases] == [case.blob() for case in again.cases]
    assert first.cases[0].blob() == first.cases[0].blob()
    assert first.brands == again.brands


def test_another_seed_draws_others(folder: Path, fonts: Path) -> None:
    one, other = (drawn_set(folder, count=20, seed=seed, fonts=fonts, brands=LATIN) for seed in (1, 2))
    assert [case.text for case in one.cases] != [case.text for case in other.cases]
    assert one.cases[0].blob() != other.cases[0].blob()


def test_a_longer_set_begins_with_the_shorter_one(folder: Path, fonts: Path) -> None:
    short, long = (drawn_set(folder, count=count, fonts=fonts, brands=LATIN).cases for count in (3, 5))
    assert [case.blob() for case in short] == [case.blob() for case in long[:3]]


def test_the_parts_share_neither_photo_nor_word(folder: Path, fonts: Path) -> None:
    tune, report = (
        drawn_set(folder, count=2 * PHOTOS, part=part, fonts=fonts, brands=LATIN)
        for part in ("tune", "report")
    )
    assert words_of(tune)
    assert words_of(report)
    assert words_of(tune) & words_of(report) == set()
    photos = [{photo_of(case.blob()) for case in found.cases} for found in (tune, report)]
    halves = [
        {number for number in range(PHOTOS) if half_of(f"{number:02d}.png") == part}
        for part in ("tune", "report")
    ]
    assert photos == halves


def test_the_parts_look_for_the_same_brands(folder: Path, fonts: Path) -> None:
    sets = [
        drawn_set(folder, count=1, part=part, fonts=fonts, brands=LATIN) for part in ("tune", "report", "all")
    ]
    assert sets[0].brands == sets[1].brands == sets[2].brands


def test_every_kind_is_drawn_and_says_what_can_be_read(folder: Path, fonts: Path) -> None:
    found = drawn_set(folder, count=120, fonts=fonts, brands=LATIN)
    known = {brand.name for brand in found.brands}
    listed = {joined(brand.name) for brand in LATIN}
    for case in found.cases:
        assert case.brands <= known
        if case.kind == "wordmark":
            assert {joined(case.text)} == {joined(one) for one in case.brands}
        elif case.kind == "near-miss":
            assert len(case.brands) == 1
            assert joined(case.text) not in listed
        elif case.kind == "other":
            assert not case.brands
            assert joined(case.text) in listed - {joined(name) for name in known}
        else:
            assert (case.text, case.brands) == ("", frozenset())
    assert {case.kind for case in found.cases} == set(KINDS)


def test_drawn_photos_are_jpegs_of_the_sizes_sellers_upload(folder: Path, fonts: Path) -> None:
    for case in drawn_set(folder, count=8, fonts=fonts, brands=LATIN).cases:
        image = Image.open(io.BytesIO(case.blob()))
        assert image.format == "JPEG"
        assert SIDES[0] <= max(image.size) <= SIDES[1]


def test_a_word_is_really_printed_on_the_photo(folder: Path, fonts: Path) -> None:
    cases = drawn_set(folder, count=20, fonts=fonts, brands=LATIN).cases
    spread: dict[str, list[float]] = {case.kind: [] for case in cases}
    for case in cases:
        pixels = np.asarray(Image.open(io.BytesIO(case.blob())).convert("L"), float)
        spread[case.kind].append(float(np.ptp(pixels)))
    assert max(spread["none"]) < 15
    assert min(spread["wordmark"] + spread["near-miss"] + spread["other"]) > 15


def test_other_scripts_are_drawn_with_the_fonts_that_are_installed(folder: Path) -> None:
    needs_noto("Latin", "Cyrillic", "Greek", "Arabic", "Thai", "Han", "Kana", "Hangul")
    found = drawn_set(folder, count=40)
    assert len({case.facts["script"] for case in found.cases if case.facts}) >= 4
    assert all(case.blob() for case in found.cases[:4])


def test_without_fonts_it_says_how_to_get_them(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no font for .*--fonts"):
        drawn_set(folder, count=1, fonts=tmp_path)


def test_without_photos_it_says_so(tmp_path: Path, fonts: Path) -> None:
    with pytest.raises(UsageError, match="holds no photo for part 'all'"):
        drawn_set(tmp_path, count=1, fonts=fonts)
    with pytest.raises(UsageError, match="is not a folder"):
        drawn_set(tmp_path / "none", count=1, fonts=fonts)


# Real photos

BRANDS = (Brand(name="Adidas"), Brand(name="Puma"))


def table(folder: Path, *rows: str, head: str = "image,brands,also,split") -> Path:
    path = folder / "truth.csv"
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return path


def test_a_table_says_what_real_photos_show(folder: Path, tmp_path: Path) -> None:
    path = table(tmp_path, "00.png,Adidas|Puma,,tune", "01.png,,Puma,report", "02.png,Puma, Adidas ,report")
    found = real_set(folder, path, BRANDS)
    assert [(case.name, set(case.brands), set(case.also)) for case in found.cases] == [
        ("00.png", {"Adidas", "Puma"}, set()),
        ("01.png", set(), {"Puma"}),
        ("02.png", {"Puma"}, {"Adidas"}),
    ]
    assert {case.kind for case in found.cases} == {"real"}
    assert found.cases[0].blob() == (folder / "00.png").read_bytes()
    assert [case.name for case in real_set(folder, path, BRANDS, part="report").cases] == [
        "01.png",
        "02.png",
    ]


def test_a_table_without_split_is_whole_in_every_part(folder: Path, tmp_path: Path) -> None:
    path = table(tmp_path, "00.png,Adidas", head="image,brands")
    assert len(real_set(folder, path, BRANDS, part="tune").cases) == 1


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("00.png,Adibas,,tune", "names 'Adibas', which is no brand of the lexicon"),
        ("99.png,Adidas,,tune", r"99\.png: is not there"),
        ("00.png,Adidas,,report", "has no row for part 'tune'"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_the_reason(
    folder: Path, tmp_path: Path, row: str, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        real_set(folder, table(tmp_path, row), BRANDS, part="tune")


def test_where_no_near_miss_can_be_every_photo_counts_once(folder: Path, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes((folder / "00.png").read_bytes())
    (tmp_path / "c.png").write_bytes((folder / "01.png").read_bytes())
    found = all_photos(tmp_path, BRANDS)
    assert [(case.name, case.kind) for case in found.cases] == [("a.png", "unknown"), ("c.png", "unknown")]
    parts = [
        {case.name for case in all_photos(folder, BRANDS, part=part).cases} for part in ("tune", "report")
    ]
    assert parts[0].isdisjoint(parts[1])
    assert len(parts[0] | parts[1]) == PHOTOS
