"""A few drawn logos and photos, and a recipe that trains on them in seconds."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tests.matcher import drawn
from training.logos.recipe import LogoRecipe, read_logo_recipe
from training.logos.stock import Stock

ICONS = 24
SHAPES = (
    '<circle cx="12" cy="12" r="11"/>',
    '<path d="M1 1h22v6H1zM9 7h6v16H9z"/>',
    '<path d="M12 1 23 23H1z"/>',
    '<path d="M1 1h9v22H1zM14 1h9v9h-9zM14 14h9v9h-9z"/>',
)


def write_artwork(folder: Path) -> Path:
    """Packages as `npm pack` writes them, and two car logos on white paper."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"title": f"Brand{n} Mark", "slug": f"brand{n}", "hex": f"{n * 9:02x}40a0"} for n in range(ICONS)]
    rows.append({"title": "Kept", "slug": "kept", "hex": "000000", "license": {"type": "CC-BY-4.0"}})
    icons = {
        f"package/icons/{row['slug']}.svg": svg(SHAPES[place % len(SHAPES)]) for place, row in enumerate(rows)
    }
    pack(folder / "simple-icons-1.0.0.tgz", {"package/data/simple-icons.json": json.dumps(rows), **icons})
    logos = {
        f"brand{n}-wide": {
            "body": f'<rect width="40" height="{8 + n % 3}" fill="#2060c0"/>',
            "width": 40,
            "height": 12,
        }
        for n in range(ICONS)
    }
    listed = {"icons": logos, "width": 24, "height": 24}
    pack(folder / "iconify-json-logos-1.0.0.tgz", {"package/icons.json": json.dumps(listed)})
    cars = folder / "carlogos" / "logos"
    cars.mkdir(parents=True)
    for name in ("alfa-example", "omega-example"):
        sheet = np.full((90, 140, 3), 255, np.uint8)
        cv2.ellipse(sheet, (70, 45), (50, 30), 0, 0, 360, (30, 60, 160), 8)
        Image.fromarray(sheet).save(cars / f"{name}.png")
    return folder


def svg(body: str) -> str:
    return f'<svg role="img" viewBox="0 0 24 24" xmlns="http://www.w3.org/2000/svg">{body}</svg>'


def pack(path: Path, files: dict[str, str]) -> None:
    with tarfile.open(path, "w:gz") as package:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            package.addfile(member, io.BytesIO(text.encode()))


def write_photos(folder: Path, count: int = 40) -> Path:
    """`folder/drawn`: drawn products to lay logos on."""
    made = folder / "drawn"
    made.mkdir(parents=True)
    for number in range(count):
        drawn.product(number).save(made / f"{number}.png")
    return folder


def tiny_recipe(**changes: object) -> LogoRecipe:
    """The shipped recipe with small networks' inputs and few steps."""
    table = read_logo_recipe(Path("configs/train_logos.toml")).model_dump()
    rates = {**table["detector"]["rates"], "warmup": 2}
    table |= {
        "store_side": 128, "checkpoint_every": 2, "measure_every": 100, "measure_scenes": 4,
        "left_out": {"brand1"}, "sets": [{"layout": "all photos", "folder": "drawn"}],
        "scenes": {**table["scenes"], "side": 128, "sizes": (20.0, 90.0)},
        "detector": {
            **table["detector"], "side": 128, "channels": 16, "top": 20, "batch": 2, "steps": 4,
            "rates": rates,
        },
        "embedder": {
            **table["embedder"], "side": 64, "dims": 16, "items": 6, "steps": 4, "memory": 16, "rates": rates,
        },
    }  # fmt: skip
    return LogoRecipe.model_validate({**table, **changes})


def open_stock(folder: Path) -> Stock:
    """A stock of drawn logos and photos under `folder`."""
    artwork = write_artwork(folder / "artwork")
    photos = write_photos(folder / "photos")
    return Stock(tiny_recipe(), artwork, photos, folder / "cache")
