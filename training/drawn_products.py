"""Draws products to train on: packages with made-up print, each beside siblings that differ in a flavour.

Real photos of packages teach an embedder few brands. These show many layouts, each in the light of a shop and
in a hand before a shelf; what tells siblings apart is what it has to look at.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.demo.obstacles import in_the_way
from matcher.demo.solids import box as box_of
from matcher.demo.solids import smooth_profile, trimmed, turned, warp
from matcher.errors import MatcherError
from matcher.models import Pixels
from training.augment import Rng
from training.logos.artwork import Logo, draw_all, of_part
from training.logos.scenes import background, photographed
from training.photo_store import shrunk, store_photos
from training.photos import all_photos, grocery_photos
from training.product_print import Face, Family, draw_family

SIDE = 320
"""Longest side of what is written, pixels."""
TALL = 420
LEAST_HELD = 100.0
"""Width of a package in pixels from which fingers can be drawn before it."""
PHOTOS = 3
"""Phone photos of each product."""


def cut_out(print_: Face, kind: str, yaw: float, pitch: float, colour: str) -> Image.Image:
    """The package as an RGBA cut-out, turned by `yaw` and looked down on by `pitch`, radians."""
    if kind == "box":
        return trimmed(box_of(print_.front, print_.side, print_.top, yaw=yaw, pitch=pitch, tall=TALL))
    wrap = Image.new("RGB", (4 * print_.front.width, print_.front.height))
    for turn, face in enumerate((print_.side, print_.front, print_.side, print_.front)):
        wrap.paste(face.resize(print_.front.size), (turn * print_.front.width, 0))
    shape = [(0, 1), (1, 1)] if kind == "can" else [(0, 0.35), (0.14, 0.4), (0.28, 1), (1, 1)]
    # The wrap's middle lies right of a front; an eighth of a turn brings that before the eye.
    body = turned(
        wrap, smooth_profile(shape, TALL), width=int(TALL * print_.front.width / print_.front.height),
        roll=yaw - np.pi / 4, pitch=max(0.03, pitch * 0.6), lid=colour,
    )  # fmt: skip
    return trimmed(body)


def shop_image(cut: Image.Image, rng: Rng) -> Pixels:
    """The package alone on white, a little room around it."""
    side = round(max(cut.size) * rng.uniform(1.05, 1.4))
    sheet = Image.new("RGB", (side, side), "#ffffff")
    sheet.paste(cut, ((side - cut.width) // 2, (side - cut.height) // 2), cut)
    return np.asarray(sheet)


def phone_photo(cut: Image.Image, shelf: Sequence[Image.Image], behind: Pixels, rng: Rng) -> Pixels:
    """The package in a hand or on its side before a shelf with its siblings, in a phone's light."""
    width, height = (480, 360) if rng.random() < 0.5 else (360, 480)
    scene = Image.fromarray(cv2.resize(behind, (width, height), interpolation=cv2.INTER_AREA))
    for other in shelf:
        _stand(scene, other, rng.uniform(0.2, 0.45), rng)
    if rng.random() < 0.5:
        scene = Image.fromarray(cv2.GaussianBlur(np.asarray(scene), (0, 0), rng.uniform(0.6, 3.0)))
    quad = _held(cut, width, height, rng)
    scene.paste(placed := warp(cut, quad, (width, height), Image.Resampling.BILINEAR), (0, 0), placed)
    wide = float(np.hypot(quad[1][0] - quad[0][0], quad[1][1] - quad[0][1]))
    if wide > LEAST_HELD and rng.random() < 0.7:
        scene.paste(fingers := in_the_way(rng, quad, width, height), (0, 0), fingers)
    return photographed(_lamp(np.asarray(scene), rng), rng, softest=1.6)


def _stand(scene: Image.Image, cut: Image.Image, share: float, rng: Rng) -> None:
    factor = share * scene.height / cut.height
    small = cut.resize((max(2, round(cut.width * factor)), max(2, round(cut.height * factor))))
    room = scene.width - small.width // 2, scene.height - small.height // 2
    scene.paste(small, (int(rng.integers(-small.width // 2, room[0])), int(rng.integers(0, room[1]))), small)


def _held(cut: Image.Image, width: int, height: int, rng: Rng) -> list[tuple[float, float]]:
    """Corners of the package in the photo: turned, leaning, between a third and nearly all of its height."""
    factor = height * rng.uniform(0.4, 0.95) / max(cut.size)
    size = np.array([cut.width, cut.height]) * factor
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]) * size
    corners += rng.uniform(-0.07, 0.07, (4, 2)) * size
    turn = rng.normal(0, 14) if rng.random() < 0.8 else rng.uniform(-100, 100)
    sine, cosine = np.sin(np.radians(turn)), np.cos(np.radians(turn))
    corners = corners @ np.array([[cosine, sine], [-sine, cosine]])
    middle = np.array([width, height]) * rng.uniform(0.38, 0.62, 2)
    return [(float(x), float(y)) for x, y in corners + middle]


def _lamp(scene: NDArray[np.uint8], rng: Rng) -> Pixels:
    """Light that falls off to one side, and at times the spot of a lamp."""
    height, width = scene.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(angle) * (columns / width - 0.5) + np.sin(angle) * (rows / height - 0.5)) * rng.uniform(
        0, 0.7
    )
    light = 1 + slope
    if rng.random() < 0.3:
        x, y, wide = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.05, 0.2) * width
        light = light + rng.uniform(0.3, 1.2) * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / wide**2)
    return cast(Pixels, np.clip(scene * light[..., None], 0, 255).astype(np.uint8))


def draw(family: Family, behind: Sequence[Pixels], out: Path, rng: Rng) -> list[dict[str, str]]:
    """Write a family's shop images and phone photos below `out`; its rows of photos.csv."""
    usual = rng.uniform(0.15, 0.6) * rng.choice([-1, 1]), rng.uniform(0.02, 0.2)
    shop = [cut_out(face, family.kind, *usual, family.colour) for face in family.faces]
    rows = []
    for number, (face, cut) in enumerate(zip(family.faces, shop, strict=True)):
        product = f"{family.name}/{number}"
        views = [shop_image(cut, rng)]
        for _ in range(PHOTOS):
            turned_ = cut_out(face, family.kind, rng.uniform(-1.1, 1.1), rng.uniform(0, 0.45), family.colour)
            shelf = [shop[int(rng.integers(len(shop)))] for _ in range(int(rng.integers(0, 7)))]
            views.append(phone_photo(turned_, shelf, background(behind, rng), rng))
        for place, pixels in enumerate(views):
            file = f"{family.name}-{number}-{place}.jpg"
            Image.fromarray(shrunk(pixels, SIDE)).save(out / file, quality=90)
            rows.append({"image": file, "product": product, "shop": "1" if place == 0 else "0"})
    return rows


def draw_all_products(
    logos: Sequence[Logo], behind: Sequence[Pixels], out: Path, *, families: int, seed: int
) -> None:
    """Draw `families` families into `out` with the list photos.csv, the layout `csv` of a recipe."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "photos.csv").open("w", encoding="utf-8", newline="") as file:
        listed = csv.DictWriter(file, ["image", "product", "shop"])
        listed.writeheader()
        for number in range(families):
            rng = np.random.default_rng([seed, number])
            family = draw_family(f"{number:04d}", logos, behind, rng)
            listed.writerows(draw(family, behind, out, rng))


def main(arguments: list[str] | None = None) -> int:
    """`python -m training.drawn_products --artwork DIR --photos DIR --out DIR`.

    Exit code 0, or 2 with one line on the error stream.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--artwork", type=Path, required=True, help="packages of logos, as training/runs/logos.sh gets them"
    )
    parser.add_argument("--photos", type=Path, required=True, help="folder that holds grocery/ and sneakers/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--families", type=int, default=160)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        logos = of_part(draw_all(options.artwork, options.out / "artwork"), "train")
        labelled = [
            *grocery_photos(options.photos / "grocery", frozenset()),
            *all_photos(options.photos / "sneakers", frozenset()),
        ]
        paths = [photo.path for photo in labelled if not photo.product.startswith("package:")]
        store = store_photos(paths, options.out / "behind", side=SIDE)
        behind = [store[number] for number in range(len(store))]
        draw_all_products(logos, behind, options.out, families=options.families, seed=options.seed)
    except (MatcherError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
