"""Every kind of edit changes a photo, the same way for the same seed."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw

from benchmarks.edits import EDITS, MILD_EDITS, seeded, uploaded


def drawn(width: int = 160, height: int = 120, shade: str = "navy") -> Image.Image:
    picture = Image.new("RGB", (width, height), "beige")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((width // 10, height // 8, width // 2, height // 2), fill=shade)
    draw.line((0, height - 1, width - 1, height // 3), fill="firebrick", width=3)
    return picture


def other() -> Image.Image:
    return drawn(200, 140, "green")


def differ(first: Image.Image, second: Image.Image) -> bool:
    return first.size != second.size or ImageChops.difference(first, second).getbbox() is not None


def test_there_are_fourteen_kinds() -> None:
    assert len(EDITS) == 14


@pytest.mark.parametrize("kind", EDITS)
@pytest.mark.parametrize("seed", range(6))
def test_an_edit_changes_the_photo_and_leaves_the_original_alone(kind: str, seed: int) -> None:
    photo = drawn()
    edited = EDITS[kind](photo, seeded(seed, kind), other)
    assert edited.mode == "RGB"
    assert differ(edited, photo)
    assert not differ(photo, drawn())
    assert max(edited.size) <= 1.5 * max(photo.size)


@pytest.mark.parametrize("kind", EDITS)
def test_the_same_seed_gives_the_same_edit_and_another_seed_another(kind: str) -> None:
    def once(seed: int) -> bytes:
        rng = seeded(seed, "photo")
        return uploaded(EDITS[kind](drawn(), rng, other), rng)

    assert once(1) == once(1)
    assert len({once(seed) for seed in range(8)}) > 1


@pytest.mark.parametrize("kind", EDITS)
@given(width=st.integers(1, 40), height=st.integers(1, 40), seed=st.integers(0, 99))
def test_the_smallest_photos_survive_every_edit(kind: str, width: int, height: int, seed: int) -> None:
    photo = Image.new("RGB", (width, height), "teal")
    edited = EDITS[kind](photo, seeded(seed, ""), lambda: other().resize((9, 7)))
    assert min(edited.size) >= 1


@pytest.mark.parametrize("edit", MILD_EDITS)
def test_mild_edits_keep_most_of_the_photo(edit) -> None:  # type: ignore[no-untyped-def]
    edited = edit(drawn(), seeded(4, "mild"), other)
    assert edited.width * edited.height >= 0.2 * 160 * 120


def test_an_upload_is_a_jpeg_of_ordinary_quality() -> None:
    picture = Image.open(io.BytesIO(uploaded(drawn(), np.random.default_rng(0))))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (160, 120))


def test_a_paste_shows_the_photo_at_about_half_the_background() -> None:
    white, black = Image.new("RGB", (50, 80), "white"), Image.new("RGB", (200, 140), "black")
    box = EDITS["pasted"](white, seeded(0, ""), lambda: black).getbbox()
    assert box is not None
    assert 0.39 <= (box[3] - box[1]) / 140 <= 0.61
