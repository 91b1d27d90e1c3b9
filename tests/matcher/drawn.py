"""Drawn products, edited photos of them, and a small workspace that knows them."""

from __future__ import annotations

import atexit
import io
import random
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from matcher.assembly import build_galleries
from matcher.catalog import DEFAULT_OWNER, ImportSummary, add_brand, import_references
from matcher.config import (
    GallerySettings,
    MatchingSettings,
    ModelSettings,
    ScanSettings,
    Settings,
)
from matcher.manifests import read_references
from matcher.models import Pixels
from matcher.records import Brand, ImageRole
from matcher.sources import ImageSource
from matcher.workspace import Workspace

SETTINGS = Settings(
    models=ModelSettings(
        embed_side=192,
        photo_tiles=((0.5, 3),),
        keypoint_side=384,
        keypoint_count=400,
        text="none",
        logo="none",
    ),
    matching=MatchingSettings(voting_keypoints=250, by_descriptor=5, by_vote=6),
    gallery=GallerySettings(max_segments=4),
    scan=ScanSettings(workers=1, chunk_photos=4),
)
"""Small models and chunks, so that the tests are quick."""
LICENSED = "shop-licensed"
BRANDS = {"Aurelio": range(6), "Borealis": range(6, 12)}
"""Each brand's products by number."""


def product(number: int, size: tuple[int, int] = (300, 240)) -> Image.Image:
    """A product shot that no other number gives: a label with shapes and letters on a plain ground."""
    chance = random.Random(number)
    image = Image.new("RGB", size, _colour(chance, 150, 256))
    draw = ImageDraw.Draw(image)
    for _ in range(26):
        x, y = chance.randrange(10, size[0] - 50), chance.randrange(10, size[1] - 40)
        box = (x, y, x + chance.randrange(12, 50), y + chance.randrange(12, 40))
        shape = chance.choice((draw.rectangle, draw.ellipse))
        shape(box, fill=_colour(chance), outline=_colour(chance, 0, 90), width=2)
    for _ in range(8):
        word = "".join(chance.choice("ABCDEFGHKLMNPRSTUVXYZ23456789") for _ in range(chance.randrange(3, 7)))
        place = chance.randrange(8, size[0] - 90), chance.randrange(8, size[1] - 30)
        font = ImageFont.load_default(chance.randrange(14, 28))
        draw.text(place, word, fill=_colour(chance, 0, 120), font=font)
    return image


def _colour(chance: random.Random, low: int = 0, high: int = 256) -> tuple[int, int, int]:
    return chance.randrange(low, high), chance.randrange(low, high), chance.randrange(low, high)


def pixels(image: Image.Image) -> Pixels:
    return np.array(image.convert("RGB"))


def edited(image: Image.Image) -> Image.Image:
    """Shrunk, cropped, brightened and saved as a poor JPEG: what a re-seller does to a shop's photo."""
    width, height = image.size
    cropped = image.crop((int(width * 0.06), int(height * 0.05), int(width * 0.96), int(height * 0.97)))
    brighter = ImageEnhance.Brightness(cropped).enhance(1.15).resize((width * 4 // 5, height * 4 // 5))
    buffer = io.BytesIO()
    brighter.save(buffer, "JPEG", quality=60)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def mirrored(image: Image.Image) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def pasted(image: Image.Image, ground: Image.Image, share: float = 0.45) -> Image.Image:
    """`image` on `ground`, `share` of its width and height."""
    width, height = ground.size
    made = ground.copy()
    small = image.resize((int(width * share), int(height * share)))
    made.paste(small, (int(width * 0.3), int(height * 0.25)))
    return made


def jpeg(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def write_catalog(folder: Path, numbers: Iterable[int], *, price: str = "80.00") -> Path:
    """A catalog manifest with the products' images beside it."""
    rows = ["reference_id,image,title,price,currency"]
    for number in numbers:
        saved(product(number), folder / f"p{number}.png")
        rows.append(f"R-{number},p{number}.png,Product {number},{price},EUR")
    return written(folder / "catalog.csv", rows)


def written(path: Path, rows: Sequence[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def imported(
    workspace: Workspace,
    manifest: Path,
    brand: str,
    role: ImageRole = ImageRole.REFERENCE,
    owner_id: int = DEFAULT_OWNER,
) -> ImportSummary:
    """Take a catalog manifest in, as `catalog import` does."""
    folder = manifest if manifest.is_dir() else manifest.parent
    with ImageSource(folder, workspace.settings) as source:
        return import_references(
            workspace.database,
            workspace.store,
            read_references(manifest),
            source.read,
            brand=brand,
            role=role,
            settings=workspace.settings.images,
            source=str(manifest),
            owner_id=owner_id,
        )


def fill(folder: Path, catalogs: Path, settings: Settings = SETTINGS) -> None:
    """Make a workspace in `folder` with both brands; an interrupted run can simply be run again."""
    with Workspace.open(folder, settings) as workspace:
        for name, numbers in BRANDS.items():
            with workspace.database.write() as connection:
                add_brand(connection, Brand(name=name, wordmarks=(name,), licensed_sellers=(LICENSED,)))
            manifest = catalogs / name / "catalog.csv"
            if not manifest.exists():
                write_catalog(manifest.parent, numbers)
            imported(workspace, manifest, name)
        build_galleries(workspace).catch_up()


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="matcher-drawn-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    fill(folder / "workspace", folder / "catalogs")
    return folder


def workspace_folder(folder: Path) -> Path:
    """A copy of the workspace with both brands' products, galleries caught up."""
    shutil.copytree(_template() / "workspace", folder)
    return folder


def catalogs_folder() -> Path:
    """The catalog manifests that the workspace was filled from, a folder a brand; not to be changed."""
    return _template() / "catalogs"
