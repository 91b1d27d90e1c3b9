"""The text finder: windows that hold all that looks like writing, and a reader that looks only there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import ModelError
from matcher.models import Pixels
from matcher.models.rapidocr_reader import RapidOcrReader
from matcher.models.text_finder import STRIDE, TextFinder, Window, apart, grown
from tests.matcher import drawn
from tests.matcher.models.text_reader_contract import TextReaderContract, written


@pytest.fixture(scope="module")
def finder() -> TextFinder:
    return TextFinder()


@pytest.fixture(scope="module")
def found(finder: TextFinder) -> RapidOcrReader:
    return RapidOcrReader(finder=finder)


class TestContract(TextReaderContract):
    @pytest.fixture
    def reader(self, found: RapidOcrReader) -> RapidOcrReader:
        return found


def share(windows: list[Window], image: Pixels) -> float:
    return sum(one.width * one.height for one in windows) / (image.shape[0] * image.shape[1])


def test_a_word_on_a_large_photo_is_in_one_small_window(finder: TextFinder) -> None:
    sheet = np.full((736, 736, 3), 190, np.uint8)
    sheet[480:580, 96:416] = written("adidos", size=(320, 100), height=44, paper=190)
    (window,) = finder.windows(sheet)
    assert window.x <= 140
    assert window.right >= 280
    assert window.y <= 520
    assert window.low >= 570
    assert share([window], sheet) < 0.4


def test_letters_that_fill_a_photo_are_seen_by_the_coarse_look(finder: TextFinder) -> None:
    sheet = written("ZARA", size=(736, 480), height=250)
    covered = np.zeros(sheet.shape[:2], bool)
    for one in finder.windows(sheet):
        covered[one.y : one.low, one.x : one.right] = True
    assert covered[sheet[..., 0] < 128].mean() > 0.95


def test_a_blank_sheet_needs_no_look(finder: TextFinder) -> None:
    assert finder.windows(np.full((736, 544, 3), 200, np.uint8)) == []


def test_a_page_full_of_writing_is_looked_at_as_a_whole(finder: TextFinder) -> None:
    sheet = written(*["small print of the label"] * 8, size=(736, 736), height=42)
    assert finder.windows(sheet) == [Window(0, 0, 736, 736)]


def test_a_word_on_a_busy_photo_is_read_as_without_the_finder(found: RapidOcrReader) -> None:
    sheet = drawn.pixels(drawn.product(5, (960, 720)))
    sheet[100:220, 300:700] = written("Panasonic", size=(400, 120))
    for reader in (RapidOcrReader(), found):
        assert "Panasonic" in [line.text for line in reader.read([sheet])[0]]


class Short(TextFinder):
    """Finds no more of a word than its beginning."""

    def windows(self, image: Pixels) -> list[Window]:
        return [Window(64, 128, 192, 128)]


def test_a_word_that_its_window_cuts_is_read_to_its_end() -> None:
    sheet = np.full((736, 736, 3), 190, np.uint8)
    sheet[128:256, 96:640] = written("SKECHERS", size=(544, 128), height=80, paper=190)
    (line,) = RapidOcrReader(finder=Short()).read([sheet])[0]
    assert line.text == "SKECHERS"


def test_digits_tell_whether_a_finder_was_asked_and_which(found: RapidOcrReader) -> None:
    keener = RapidOcrReader(finder=TextFinder(peak=0.5))
    assert len({RapidOcrReader().fingerprint, found.fingerprint, keener.fingerprint}) == 3


def test_a_window_grows_on_the_sides_asked_for_and_within_the_image() -> None:
    assert grown(Window(64, 64, 64, 64), (0, 0, 40, 0), 736, 736) == Window(64, 64, 128, 64)
    assert grown(Window(64, 64, 64, 64), (500, 0, 0, 500), 736, 256) == Window(0, 64, 128, 192)


windows = st.builds(
    lambda x, y, across, down: Window(x * STRIDE, y * STRIDE, across * STRIDE, down * STRIDE),
    *(st.integers(0, 20), st.integers(0, 20), st.integers(1, 6), st.integers(1, 6)),
)


@given(st.lists(windows, max_size=12))
def test_joined_windows_hold_all_that_went_in_and_do_not_overlap(given: list[Window]) -> None:
    kept = apart(given)
    covered = np.zeros((30, 30), np.int64)
    for one in kept:
        covered[one.y // STRIDE : one.low // STRIDE, one.x // STRIDE : one.right // STRIDE] += 1
    assert covered.max(initial=0) <= 1
    for one in given:
        assert covered[one.y // STRIDE : one.low // STRIDE, one.x // STRIDE : one.right // STRIDE].all()


def test_a_graph_that_is_missing_or_another_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"text finder: cannot be read: .*models\.text_finder"):
        TextFinder(tmp_path / "none.onnx")
    (tmp_path / "damaged.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match="damaged"):
        TextFinder(tmp_path / "damaged.onnx")
