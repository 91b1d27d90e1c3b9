"""A small set of photos with badges in boxes, and the models that find them."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from matcher.config import ModelSettings, Settings
from tests.matcher.drawn import saved
from tests.matcher.models.logo_contracts import badge, goods
from tests.matcher.models.tiny_logos import write_tiny

BRANDS = {"sun": 1, "moon": 2, "star": 3}
PHOTOS_EACH = 6


def write_set(folder: Path) -> Path:
    """`boxes.csv` with six photos of each of three brands, a badge in each, at places the detector knows."""
    rows = ["image,brand,x1,y1,x2,y2"]
    for turn, (brand, number) in enumerate(BRANDS.items()):
        for place in range(PHOTOS_EACH):
            x, y = 120 * ((place + turn) % 4), 120 * (place % 3)
            name = f"{brand}-{place}.png"
            saved(
                Image.fromarray(goods((number, (x, y)), size=(480, 480), side=120)), folder / "images" / name
            )
            rows.append(f"{name},{brand},{x},{y},{x + 120},{y + 120}")
    (folder / "boxes.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def write_photos(folder: Path, count: int = 4) -> Path:
    """Grey goods without a badge, each of another shape."""
    for number in range(count):
        saved(Image.fromarray(goods(size=(400 + 8 * number, 400))), folder / f"plain-{number}.png")
    return folder


def write_logos(folder: Path, *numbers: int) -> Path:
    """The clean badges, a file each."""
    for number in numbers:
        saved(badge(number), folder / f"badge-{number}.png")
    return folder


def settings(folder: Path, text: str = "none") -> Settings:
    """The tiny models, written into `folder`."""
    logo = f"onnx:{write_tiny(folder)}"
    return Settings(models=ModelSettings(logo=logo, text=text, logo_least=0.1))


def config(folder: Path) -> Path:
    """A settings file that names them."""
    write_tiny(folder / "models")
    path = folder / "settings.toml"
    lines = ["[models]", f"logo = 'onnx:{folder / 'models'}'", "logo_least = 0.1", "text = 'none'"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
