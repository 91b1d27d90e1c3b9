"""What a reader is given of a TIFF or AVIF: the picture and what makes it, and nothing that costs more."""

from __future__ import annotations

import io
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from matcher.colour import plain
from matcher.config import ImageSettings
from matcher.containers import MalformedError
from matcher.containers.avif import slim_avif
from matcher.containers.essence import CHUNK_LIMIT
from matcher.containers.tiff import slim_tiff
from matcher.errors import ImageError
from matcher.images import decode
from tests.matcher.malformed import drawn, encoded, exif_of_rationals, exif_with, tiff

PHOTO = drawn(Random(3), (300, 200))
FORMS: list[tuple[str, dict[str, Any]]] = [
    ("RGB", {}),
    ("RGB", {"compression": "tiff_lzw"}),
    ("RGB", {"compression": "tiff_adobe_deflate", "tiffinfo": {317: 2}}),
    ("RGB", {"compression": "jpeg"}),
    ("YCbCr", {}),
    ("CMYK", {}),
    ("RGBA", {}),
    ("P", {}),
    ("1", {"compression": "group4"}),
    ("I;16", {}),
    ("F", {}),
    ("RGB", {"big_tiff": True}),
    ("L", {"compression": "packbits"}),
]


def tags_of(blob: bytes) -> set[int]:
    with TiffImagePlugin.TiffImageFile(io.BytesIO(blob)) as image:
        return set(image.tag_v2)


def pixels_of(blob: bytes) -> np.ndarray[Any, Any]:
    with Image.open(io.BytesIO(blob)) as image:
        return np.asarray(image.convert("RGB") if image.mode == "P" else image)


@pytest.mark.parametrize(("mode", "options"), FORMS)
def test_a_tiff_of_any_form_shows_the_same_without_what_it_tells(mode: str, options: dict[str, Any]) -> None:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in {270: "a note", 305: "an editor", **options.get("tiffinfo", {})}.items():
        info[tag] = value
    photo = PHOTO.convert("L").convert("I").convert("I;16") if mode == "I;16" else PHOTO.convert(mode)
    blob = encoded(photo, "TIFF", **(options | {"tiffinfo": info}), exif=None, icc_profile=b"p" * 90)
    slim = slim_tiff(blob)
    assert np.array_equal(pixels_of(slim), pixels_of(blob))
    assert {270, 305} <= tags_of(blob)
    assert not {270, 305, 34665, 34853, 700} & tags_of(slim)
    assert 34675 in tags_of(slim)


def test_a_tiff_keeps_its_first_page_alone_and_how_it_is_turned() -> None:
    exif = Image.Exif()
    exif.load(exif_with(6)[6:])
    blob = encoded(PHOTO, "TIFF", exif=exif, save_all=True, append_images=[PHOTO.rotate(90)])
    with TiffImagePlugin.TiffImageFile(io.BytesIO(slim_tiff(blob))) as image:
        assert (image.n_frames, image.tag_v2[274]) == (1, 6)
        assert 34853 not in image.tag_v2
    assert decode(blob, "photo", ImageSettings()).pixels.shape == (300, 200, 3)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({273: (3, [8] * (CHUNK_LIMIT + 1))}, "more than 100000 TIFF strips or tiles"),
        ({320: (3, [0] * 200_000)}, "TIFF tag 320 has 200,000 values"),
        ({322: (4, [5_000]), 323: (4, [16]), 324: (4, [8])}, "tiles have a side of 5,000 pixels"),
        ({322: (3, [16]), 323: (3, [60_000]), 324: (4, [8])}, "tiles have a side of 60,000 pixels"),
    ],
)
def test_a_tiff_that_would_cost_more_than_its_picture_is_refused(
    more: dict[int, tuple[int, Any]], reason: str
) -> None:
    with pytest.raises(MalformedError, match=reason):
        slim_tiff(tiff(64, 64, more=more))
    with pytest.raises(ImageError, match=f"photo: .*{reason}"):
        decode(tiff(64, 64, more=more), "photo", ImageSettings())


def test_exif_of_a_tiff_reaches_no_reader() -> None:
    blob = tiff(64, 64, exif=exif_of_rationals(1_000))
    assert 34665 in tags_of(blob)
    assert 34665 not in tags_of(slim_tiff(blob))


def test_exif_of_an_avif_reaches_no_reader_and_the_photo_is_upright() -> None:
    blob = encoded(PHOTO, "AVIF", exif=exif_with(6))
    slim = slim_avif(blob)
    assert len(slim) == len(blob)
    with Image.open(io.BytesIO(blob)) as image:
        assert b"Camera of an invented maker" in image.info["exif"]
    with Image.open(io.BytesIO(slim)) as image:
        assert b"Camera of an invented maker" not in image.info["exif"]
    picture = decode(blob, "photo", ImageSettings())
    assert (picture.width, picture.height) == (200, 300)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_broken_file_is_shown_or_refused_in_one_line(choice: st.DataObject) -> None:
    kind, options = choice.draw(st.sampled_from([*FORMS[:4], FORMS[11], ("AVIF", {})]))
    small = PHOTO.resize((40, 30))
    blob = bytearray(encoded(small, "AVIF" if kind == "AVIF" else "TIFF", **options))
    for _ in range(choice.draw(st.integers(1, 6))):
        blob[choice.draw(st.integers(0, len(blob) - 1))] = choice.draw(st.integers(0, 255))
    end = choice.draw(st.none() | st.integers(1, len(blob)))
    refusal = "photo: "
    try:
        decode(bytes(blob[:end]), "photo", ImageSettings(max_side=2_000, max_pixels=1_000_000))
    except ImageError as error:
        refusal = str(error)
    assert refusal.startswith("photo: ")
    assert "\n" not in refusal


def test_grey_of_any_depth_is_stretched_between_its_ends_wherever_they_lie() -> None:
    values = np.zeros((900, 4), np.float32)
    values[10, 0], values[880, 3], values[400, 1] = -4.0, 12.0, np.nan
    shown = np.asarray(plain(Image.fromarray(values)))
    assert (shown[10, 0], shown[880, 3], shown[0, 0], shown[400, 1]) == (0, 255, 63, 0)
    assert not np.asarray(plain(Image.fromarray(np.full((300, 4), np.nan, np.float32)))).any()
