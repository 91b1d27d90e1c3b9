"""Measures the two exported graphs: on scenes of unseen logos, on photos with true boxes, and in time."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.adapters import boxes_csv
from benchmarks.box_metrics import average_precision_50, hits
from matcher.config import ImageSettings
from matcher.files import replacing
from matcher.images import decode
from matcher.models import Pixels
from matcher.models.logo_crops import letterboxed
from matcher.models.onnx_session import Session, open_session
from training.logos.evaluate import (
    FEW,
    Embeds,
    Finds,
    as_boxes,
    best_few,
    detection_figures,
    embedding_figures,
    recognition_figures,
    suppressed,
)
from training.logos.recipe import read_logo_recipe
from training.logos.stock import Stock
from training.logos.train import crop_pairs

REMEDY = "export it again with training.logos.export"
TIMED = 20


def open_graph(folder: Path, name: str) -> tuple[Session, int]:
    """The graph and the side of its square input, in pixels."""
    session = open_session(name, (folder / name).read_bytes(), REMEDY)
    return session, int(session.get_modelmeta().custom_metadata_map["side"])


def finds_with(session: Session, side: int) -> Finds:
    """What the graph finds in an image of any size: boxes in its pixels and scores, best first."""

    def find(pixels: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        planes, scale = letterboxed(pixels, side)
        boxes, scores = session.run(None, {"images": planes[None]})
        found, sure = suppressed(boxes[0], scores[0], side)
        return found / scale, sure

    return find


def embeds_with(session: Session) -> Embeds:
    """The graph's descriptors of crops, 32 at a time."""

    def embed(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        parts = [
            session.run(None, {"crops": as_input(crops[at : at + 32])})[0] for at in range(0, len(crops), 32)
        ]
        return np.asarray(np.concatenate(parts))

    return embed


def as_input(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 (n, height, width, 3) as float32 (n, 3, height, width) in [0, 1]."""
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), np.float32) / np.float32(255)


def photo_figures(folder: Path, find: Finds) -> dict[str, float]:
    """`AP50` without regard to brands and `recall@5` on photos with true boxes, `boxes.csv` beside `images`.

    Measured on the photos that have a box; logos in them without one count against the detector.
    """
    detected: list[tuple[int, NDArray[np.float64], float]] = []
    true: list[tuple[int, NDArray[np.float64], float]] = []
    photos = [photo for photo in boxes_csv.read(folder).photos if photo.boxes]
    for number, photo in enumerate(photos):
        pixels = decode(photo.path.read_bytes(), photo.photo_id, ImageSettings()).pixels
        boxes, scores = find(pixels)
        detected += [(number, box, float(score)) for box, score in zip(boxes, scores, strict=True)]
        true += [(number, np.array([box.x1, box.y1, box.x2, box.y2]), 1.0) for box in photo.boxes]
    said, wanted = as_boxes(detected), as_boxes(true)
    few = best_few(said, FEW)
    return {
        "AP50": average_precision_50(said, wanted),
        "recall@5": float(hits(few, wanted).sum() / len(wanted.score)),
        "photos": float(len(photos)),
        "boxes": float(len(wanted.score)),
    }


def milliseconds(session: Session, given: str, side: int) -> float:
    """Median time of one input on one thread."""
    image = np.random.default_rng(0).uniform(0, 1, (1, 3, side, side)).astype(np.float32)
    spent = []
    for _ in range(TIMED):
        started = time.perf_counter()
        session.run(None, {given: image})
        spent.append(time.perf_counter() - started)
    return float(np.median(spent) * 1000)


def measure(stock: Stock, photos: Path, weights: Path, count: int) -> dict[str, Any]:
    """All figures by name, on `count` scenes; `logos_in_photos` only where `photos` holds that folder."""
    detector, side = open_graph(weights, "logo-detector.onnx")
    embedder, crop_side = open_graph(weights, "logo-embedder.onnx")
    find, embed = finds_with(detector, side), embeds_with(embedder)
    scenes, pairs = stock.scenes("test"), crop_pairs(stock, "test")
    made = {
        **detection_figures((scenes[number] for number in range(count)), find),
        **recognition_figures(scenes, range(count), find, pairs, embed),
        "scenes": float(count),
        "logos": float(len(pairs.logos)),
    }
    figures: dict[str, Any] = {
        "made": made,
        "crops": embedding_figures(pairs, embed, count),
        "milliseconds": {
            "detector": milliseconds(detector, "images", side),
            "embedder": milliseconds(embedder, "crops", crop_side),
        },
    }
    if (photos / "logos_in_photos").is_dir():
        figures["logos_in_photos"] = photo_figures(photos / "logos_in_photos", find)
    return figures


def main(arguments: list[str] | None = None) -> None:
    """`python -m training.logos.measure --artwork DIR --photos DIR --out DIR`; prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", type=Path, default=Path("configs/train_logos.toml"))
    parser.add_argument("--artwork", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; figures.json lands there")
    parser.add_argument("--weights", type=Path, default=Path("matcher/models/weights"))
    parser.add_argument("--scenes", type=int, default=500)
    options = parser.parse_args(arguments)
    recipe = read_logo_recipe(options.recipe)
    torch.set_num_threads(recipe.threads)
    cv2.setNumThreads(recipe.threads)
    stock = Stock(recipe, options.artwork, options.photos, options.out)
    figures = measure(stock, options.photos, options.weights, options.scenes)
    text = json.dumps({"task": "logo-training", "metrics": figures}, indent=2)
    print(text)
    with replacing(options.out / "figures.json") as (file,):
        file.write((text + "\n").encode())


if __name__ == "__main__":
    main()
