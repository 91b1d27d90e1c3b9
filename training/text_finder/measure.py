"""Measures the shipped text finder on photos it never saw: what lies in its windows, and what it spares."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from benchmarks.datasets import half_of, image_paths, relative_id
from benchmarks.machine import machine, write_json
from benchmarks.products import products_from_folder
from benchmarks.text.kept_lines import KeptLines
from matcher.assembly import build_text_reader
from matcher.config import ImageSettings, ModelSettings
from matcher.models import Pixels, TextLine
from matcher.models.text_boxes import as_seen
from matcher.models.text_finder import TextFinder, Window
from training.photos import read_pixels

FOLDERS = ("clothing/images", "sneakers", "cn_beverages")
PRODUCTS = "grocery"
SURE, LETTERS = 0.85, 4
"""Score and letters of lines that are counted."""
SLACK = 4.0
"""Pixels by which an outline, let out beyond its letters, may stick out of a window."""


def measured(pixels: Pixels, lines: list[TextLine], finder: TextFinder) -> tuple[list[bool], float]:
    """Of each sure line whether it lies in one window whole, and the share of the photo that is looked at."""
    seen = as_seen(pixels, ModelSettings().text_side)
    windows = finder.windows(seen)
    height, width = seen.shape[:2]
    scale = np.array([width / pixels.shape[1], height / pixels.shape[0]])
    sure = [line for line in lines if line.score >= SURE and sum(map(str.isalnum, line.text)) >= LETTERS]
    inside = [any(_holds(window, np.array(line.outline) * scale) for window in windows) for line in sure]
    return inside, sum(window.width * window.height for window in windows) / (width * height)


def _holds(window: Window, outline: NDArray[np.float64]) -> bool:
    (left, top), (right, low) = outline.min(axis=0) + SLACK, outline.max(axis=0) - SLACK
    return bool(window.x <= left and window.y <= top and right <= window.right and low <= window.low)


def held_out(photos: Path) -> dict[str, list[Path]]:
    """Photos by the name of their set, of each the part that nothing is trained on."""
    found = {
        name: [
            path for path in image_paths(photos / name)
            if half_of(relative_id(path, photos / name)) == "report"
        ]
        for name in FOLDERS
    }  # fmt: skip
    packages = products_from_folder(photos / PRODUCTS, part="report").queries
    return found | {PRODUCTS: [photos / PRODUCTS / one.query_id for one in packages]}


def main(arguments: list[str] | None = None) -> None:
    """`python -m training.text_finder.measure --photos DIR --lines FILE --out JSON [--limit N]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder that the sets lie in")
    parser.add_argument("--lines", type=Path, required=True, help="keep what the full reader reads here")
    parser.add_argument("--limit", type=int, default=200, help="photos a set (default 200)")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    reader = build_text_reader(ModelSettings(text="rapidocr", text_finder="none"))
    assert reader is not None
    full, finder = KeptLines(reader, options.lines), TextFinder()
    by: dict[str, dict[str, float]] = {}
    results: dict[str, JsonValue] = {"task": "text-finder", "model": finder.fingerprint[:12], **machine()}
    for name, paths in held_out(options.photos).items():
        pictures = read_pixels(paths[: options.limit], ImageSettings())
        found = [measured(pixels, full.read([pixels])[0], finder) for pixels in pictures]
        inside = [one for lines, _ in found for one in lines]
        by[f"set={name.partition('/')[0]}"] = {
            "photos": len(found),
            "lines": len(inside),
            "inside": sum(inside) / max(1, len(inside)),
            "looked_at": sum(share for _, share in found) / max(1, len(found)),
        }
    lines = sum(one["lines"] for one in by.values())
    share = sum(one["inside"] * one["lines"] for one in by.values()) / max(1, lines)
    results |= {
        "metrics": {"inside": share, "lines": lines},
        "by": {name: {**one} for name, one in by.items()},
    }
    results |= {"settings": {"limit": options.limit, "sure": SURE, "letters": LETTERS}}
    write_json(options.out, results)


if __name__ == "__main__":
    main()
