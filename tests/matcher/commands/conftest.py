"""A small shop to try commands on: a brand, its drawn images, and listings that show or do not show them."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from matcher.cli import app

HOSTILE = '[red]click[/red] \x1b[31mme\x07 <script>alert("x")</script> =HYPERLINK()'


def draw(path: Path, seed: int, side: int = 360) -> Path:
    """A picture full of corners, another for each seed."""
    rng = random.Random(seed)
    image = Image.new("RGB", (side, side), tuple(rng.randrange(180, 250) for _ in "rgb"))
    pen = ImageDraw.Draw(image)
    for _ in range(70):
        corners = [(rng.randrange(side), rng.randrange(side)) for _ in range(2)]
        ends = [
            corners[0],
            (corners[0][0] + rng.randrange(15, 70), corners[0][1] + rng.randrange(15, 70)),
            corners[1],
        ]
        pen.polygon(ends, fill=tuple(rng.randrange(256) for _ in "rgb"), outline=(0, 0, 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=92)
    return path


def draw_rings(path: Path, side: int = 360) -> Path:
    """A picture without a corner, like none of the others."""
    image = Image.new("RGB", (side, side), (20, 40, 90))
    pen = ImageDraw.Draw(image)
    for step, radius in enumerate(range(side // 2, 10, -24)):
        box = (side // 2 - radius, side // 2 - radius // 2, side // 2 + radius, side // 2 + radius // 2)
        pen.ellipse(box, fill=(20 + 15 * step, 60, 130 - 8 * step))
    image.save(path, quality=92)
    return path


def write_table(path: Path, columns: str, rows: Sequence[Sequence[str]]) -> Path:
    """A CSV file with a header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns.split(","), *rows])
    return path


def matcher(workspace: Path, *words: object, answer: str | None = None) -> Any:
    """What a command gave back: exit_code, stdout, stderr."""
    return CliRunner().invoke(app, ["--workspace", str(workspace), *map(str, words)], input=answer)


@dataclass(frozen=True)
class Shop:
    """A workspace with the brand Nordlys in it, and the files it was made from."""

    folder: Path
    workspace: Path
    catalog: Path
    listings: Path

    def run(self, *words: object, answer: str | None = None) -> Any:
        """A command on the shop's workspace."""
        return matcher(self.workspace, *words, answer=answer)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Made once; tests that change it put back what others look at."""
    folder = tmp_path_factory.mktemp("shop")
    for number in (1, 2, 3):
        draw(folder / "images" / f"N-{number}.jpg", number)
    (folder / "images" / "broken.jpg").write_bytes(b"no image")
    catalog = write_table(
        folder / "catalog.csv",
        "reference_id,image,title,price,currency",
        [
            ("N-1", "images/N-1.jpg", "Lamp", "100", "EUR"),
            ("N-2", "images/N-2.jpg", "Chair", "80", "EUR"),
            ("N-3", "images/N-3.jpg", HOSTILE, "60", "EUR"),
            ("N-4", "images/broken.jpg", "Broken", "60", "EUR"),
        ],
    )
    Image.open(folder / "images" / "N-1.jpg").resize((300, 300)).save(folder / "copy.jpg", quality=85)
    draw_rings(folder / "other.jpg")
    listings = write_table(
        folder / "listings.csv",
        "listing_id,image,title,price,currency,seller_id",
        [
            ("L-1", "copy.jpg", HOSTILE, "15", "EUR", "quick.parcel"),
            ("L-2", "other.jpg", "Table", "40", "EUR", "attic"),
            ("L-3", "images/N-2.jpg", "Chair", "80", "EUR", "house-1"),
            ("L-4", "missing.jpg", "Nothing", "", "", "attic"),
        ],
    )
    made = Shop(folder, folder / "workspace", catalog, listings)
    assert made.run("brand", "add", "Nordlys", "--licensed-seller", "house-1").exit_code == 0
    assert made.run("catalog", "import", catalog, "--brand", "Nordlys").exit_code == 1, "N-4 is broken"
    return made
