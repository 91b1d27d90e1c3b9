"""The evidence pack as a PDF: typeset by Typst, with fonts from packages, so that any script can be read."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from matcher.config import ImageSettings
from matcher.errors import ImageError, UsageError
from matcher.images import decode
from matcher.report import words
from matcher.report.pack import Pack, PackedImage, answers_of, facts_of, likely

TEMPLATE = Path(__file__).parent / "templates" / "evidence.typ"
PARTS = ("typst", "manimgx_fonts", "manimgx_fonts_cjk")
"""The packages of the extra `pdf`: who sets the pages, and the fonts (Noto)."""
MOST_FILES = 40
"""Images shown in one PDF; the rest are in the ZIP."""
SMALL_SIDE, LARGE_SIDE = 480, 1_600
"""Pixels of an image's longer side in the list of files, and of the sheets."""
LONGEST = 4_000
"""Characters of one text: a title may be endless."""
# A page takes about a second and its fonts 40 MB: a flood is to wait, not to fill the memory.
_one_at_a_time = threading.Lock()


def can_write() -> bool:
    """Whether the packages of the extra `pdf` are installed."""
    return all(find_spec(name) for name in PARTS)


def write_pdf(pack: Pack, settings: ImageSettings) -> bytes:
    """The pack as a PDF file, the same for the same pack, with its fonts embedded; no network is asked.

    Raises `UsageError` where the packages of the extra `pdf` are missing.
    """
    if not can_write():
        raise UsageError(
            "a PDF needs: pip install 'counterfeit-image-matcher[pdf]'; the ZIP needs nothing more"
        )
    import typst

    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="matcher-pdf-") as made:
        folder = Path(made)
        shutil.copyfile(TEMPLATE, folder / TEMPLATE.name)
        facts = json.dumps(_facts(pack, settings, folder), ensure_ascii=False)
        (folder / "facts.json").write_text(facts, encoding="utf-8")
        written = typst.compile(
            folder / TEMPLATE.name, root=folder, font_paths=_fonts(), ignore_system_fonts=True,
            package_path=folder, package_cache_path=folder, timestamp=int(pack.made.timestamp()),
        )  # fmt: skip
    assert isinstance(written, bytes)
    return written


@cache
def _fonts() -> Any:
    """The fonts of the packages and no others, so that a pack looks the same on every computer."""
    import manimgx_fonts
    import manimgx_fonts_cjk
    import typst

    folders = [str(Path(str(one.__file__)).parent) for one in (manimgx_fonts, manimgx_fonts_cjk)]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=folders)


def _facts(pack: Pack, settings: ImageSettings, folder: Path) -> dict[str, Any]:
    """What the template sets; the pictures it names lie in `folder` then."""
    listing, verdict = pack.card.row.listing, pack.card.row.verdict
    files = pack.files()
    time = pack.made.astimezone(UTC)
    told = {name: text for name, text in facts_of(pack).items() if name not in ("Verdict", "Title")}
    return {
        "kind": verdict.verdict.value,
        "verdict": verdict.verdict.value.capitalize(),
        "likely": likely(pack),
        "title": _short(listing.title or listing.listing_id),
        "date": {part: getattr(time, part) for part in ("year", "month", "day", "hour", "minute", "second")},
        "foot": _short(f"Listing {listing.listing_id}, packed {told['Packed']}", 200),
        "facts": [[name, _short(text)] for name, text in told.items()],
        "reasons": [_short(reason) for reason in verdict.reasons],
        "side_by_side": _sheet(folder / "side-by-side.jpg", pack.side_by_side),
        "keypoints": _sheet(folder / "keypoints.jpg", pack.keypoints),
        "evidence": [
            {"number": one.number, "name": _short(one.name), "found": _short(one.found), "sure": one.sure,
             "weight": one.weight}
            for one in pack.card.evidence
        ],
        "answers": [_short(line) for line in answers_of(pack)],
        "files": list(_files(dict(list(files.items())[:MOST_FILES]), settings, folder)),
        "left_out": max(0, len(files) - MOST_FILES),
    }  # fmt: skip


def _files(files: dict[str, PackedImage], settings: ImageSettings, folder: Path) -> Iterator[dict[str, Any]]:
    for number, (name, image) in enumerate(files.items()):
        picture, size, tall = f"{number}.jpg", "cannot be read", False
        try:
            decoded = decode(image.content, name, settings)
            size, tall = f"{decoded.width:,} x {decoded.height:,} pixels", decoded.height > decoded.width
            _save(Image.fromarray(decoded.pixels), folder / picture, SMALL_SIDE)
        except ImageError:
            picture = ""
        digest = hashlib.sha256(image.content).hexdigest()
        facts = {"name": name, "source": _short(image.source), "bytes": f"{len(image.content):,}"}
        yield {**facts, "size": size, "tall": tall, "sha256": digest, "picture": picture}


def _sheet(path: Path, png: bytes) -> str:
    """The name of the sheet as a JPEG file, which makes a smaller PDF; empty where there is none."""
    if not png:
        return ""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as sheet:
        _save(sheet, path, LARGE_SIDE)
    return path.name


def _save(image: Image.Image, path: Path, side: int) -> None:
    image.thumbnail((side, side), Image.Resampling.BICUBIC)
    image.convert("RGB").save(path, "JPEG", quality=88)


def _short(text: str, most: int = LONGEST) -> str:
    """`text` on one line with hidden characters shown, its end left out where it is endless."""
    whole = text.encode("utf-8", "backslashreplace").decode()
    shown = words.in_plain_text(" ".join(whole.split()))
    return shown if len(shown) <= most else f"{shown[:most]}…"
