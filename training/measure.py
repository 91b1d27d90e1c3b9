"""Figures of a network on photos that it is not trained on, while it trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.datasets import edited_blob, half_of, image_paths, relative_id
from benchmarks.products import VIEW_NAME, products_from_folder
from matcher.config import ImageSettings
from matcher.images import decode
from matcher.models import Pixels
from matcher.models.views import Box, boxes
from training.network import TwoHeads, pool
from training.photos import kept_for_fitting, tuning_paths
from training.recipe import Recipe

SIDE = 256
COPIES = 240
KINDS = ("crop", "rotate", "perspective", "collage", "pasted", "combination")
"""The kinds of edit that are not near 1 from the start."""

Measured = Callable[[TwoHeads], dict[str, float]]
Descriptors = NDArray[np.float32]


@dataclass(frozen=True)
class Probe:
    """References and queries with the place of each one's reference; `kind` splits the figures."""

    references: list[Pixels]
    queries: list[Pixels]
    truth: NDArray[np.int64]
    kind: NDArray[np.str_]


def measure(photos: Path, recipe: Recipe) -> Measured:
    """R@1 of unseen packages, garments and copies, read from the folders the recipe's sets lie in.

    Packages: tuning photos of the brands left out, among all shop images. Garments: other views of styles
    kept for fitting. Copies: edits of photos kept for fitting, of the first set of which some are. What there
    are no photos for is left out.
    """
    probes: dict[str, Probe] = {}
    for chosen in recipe.sets:
        folder = photos / chosen.folder
        if chosen.layout == "grocery":
            probes["packages"] = packages(folder, tuple(chosen.left_out))
        elif chosen.layout == "magento_luma":
            probes["garments"] = garments(folder)
        elif chosen.layout == "photos" and "copies" not in probes:
            probes["copies"] = copies(folder)
    probes = {name: probe for name, probe in probes.items() if probe.queries}
    return measured_on(probes, boxes(recipe.mix.tiles))


def measured_on(probes: Mapping[str, Probe], tiles: tuple[Box, ...]) -> Measured:
    """The recalls of each probe that `measure` would give, named `PROBE FIGURE`."""

    def run(network: TwoHeads) -> dict[str, float]:
        figures: dict[str, float] = {}
        for name, probe in probes.items():
            figures |= {f"{name} {part}": value for part, value in recalls(network, probe, tiles).items()}
        return figures

    return run


def recalls(network: TwoHeads, probe: Probe, tiles: tuple[Box, ...]) -> dict[str, float]:
    """R@1 of both heads joined and of each alone; of the joined ones also by kind."""
    mine = [
        np.stack(part)
        for part in zip(*(embed(network, image, tiles) for image in probe.queries), strict=True)
    ]
    theirs = [
        np.concatenate(part)
        for part in zip(*(embed(network, image, tiles[:1]) for image in probe.references), strict=True)
    ]
    found = [np.einsum("qvd,rd->qrv", left, right) for left, right in zip(mine, theirs, strict=True)]
    joined = (found[0] + found[1]).max(axis=2).argmax(axis=1) == probe.truth
    figures = {"R@1": float(joined.mean())}
    for name, scores in zip(("copy head", "product head"), found, strict=True):
        figures[name] = float((scores.max(axis=2).argmax(axis=1) == probe.truth).mean())
    if len(set(probe.kind)) > 1:
        figures |= {str(kind): float(joined[probe.kind == kind].mean()) for kind in sorted(set(probe.kind))}
    return figures


def embed(network: TwoHeads, image: Pixels, tiles: tuple[Box, ...]) -> tuple[Descriptors, Descriptors]:
    """Copy and product descriptors (windows, dims) of one image at its own shape."""
    factor = SIDE / max(image.shape[:2])
    size = [max(64, round(length * factor / 32) * 32) for length in (image.shape[1], image.shape[0])]
    sized = torch.from_numpy(cv2.resize(image, size, interpolation=cv2.INTER_AREA))[None]
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        features = network.features(sized)
    with torch.inference_mode():
        every = features.expand(len(tiles), -1, -1, -1)
        copy, product = network.heads(pool(every, tiles, torch.arange(len(tiles))))
    return copy.numpy(), product.numpy()


def packages(folder: Path, left_out: tuple[str, ...]) -> Probe:
    """Tuning photos of packages that are never trained on, looked up among all shop images."""
    found = products_from_folder(folder, part="tune")
    place = {reference.reference_id: i for i, reference in enumerate(found.references)}
    chosen = [query for query in found.queries if next(iter(query.truth)).startswith(left_out)]
    return Probe(
        [_read(reference.path) for reference in found.references],
        [decoded(query.blob(), query.query_id) for query in chosen],
        np.array([place[next(iter(query.truth))] for query in chosen]),
        np.full(len(chosen), "package"),
    )


def garments(folder: Path) -> Probe:
    """Other views of the styles kept for fitting, looked up among all main views."""
    named = [(match, path) for path in image_paths(folder) if (match := VIEW_NAME.fullmatch(path.stem))]
    main = {match["id"]: path for match, path in named if match["view"] == "main"}
    place = {product: i for i, product in enumerate(main)}
    chosen = [
        (match, path)
        for match, path in named
        if match["view"] != "main" and match["id"] in main and _kept_style(match["id"])
    ]
    return Probe(
        [_read(path) for path in main.values()],
        [_read(path) for _, path in chosen],
        np.array([place[match["id"]] for match, _ in chosen]),
        np.full(len(chosen), "view"),
    )


def copies(folder: Path) -> Probe:
    """Edits of photos kept for fitting, looked up among all photos kept for fitting."""
    paths = [path for path in tuning_paths(folder) if kept_for_fitting(relative_id(path, folder))]
    backgrounds, known = paths[:40], paths[40:]
    kinds = [KINDS[turn % len(KINDS)] for turn in range(min(COPIES, len(known)))]
    queries = [
        decoded(edited_blob(path, kind, 77, path.name, backgrounds), path.name)
        for path, kind in zip(known, kinds, strict=False)
    ]
    return Probe([_read(path) for path in known], queries, np.arange(len(kinds)), np.array(kinds))


def _kept_style(product: str) -> bool:
    style = product.partition("-")[0]
    return half_of(style) == "tune" and kept_for_fitting(style)


def _read(path: Path) -> Pixels:
    return decoded(path.read_bytes(), str(path))


def decoded(blob: bytes, name: str) -> Pixels:
    """The pixels of an encoded image, as the matcher decodes it."""
    return decode(blob, name, ImageSettings()).pixels
