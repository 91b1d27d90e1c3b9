"""Fonts to draw words with: one that ships with Pillow, under a Noto font's name, and the real ones."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import ImageFont

from benchmarks.text.lettering import FONTS, faces
from matcher.errors import UsageError


def latin_fonts(folder: Path) -> Path:
    """A folder with Pillow's own font in it, called as a Noto font: enough for Latin letters."""
    font = ImageFont.load_default(20)
    assert isinstance(font, ImageFont.FreeTypeFont)
    assert isinstance(font.path, io.BytesIO)
    folder.mkdir(parents=True)
    (folder / "NotoSans-Regular.ttf").write_bytes(font.path.getvalue())
    return folder


def needs_noto(*scripts: str) -> None:
    """Skip where a script's fonts are not installed."""
    for script in scripts:
        try:
            faces(script, FONTS)
        except UsageError as error:
            pytest.skip(str(error))
