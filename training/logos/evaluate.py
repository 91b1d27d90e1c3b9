"""Figures of the two networks on scenes of logos and photos that they were not trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import nms

from benchmarks.box_metrics import Boxes, average_precision_50, hits
from matcher.models import Pixels
from matcher.models.logo_crops import cut_pixels
from matcher.records import Region
from training.learner import as_images
from training.logos.artwork import Logo
from training.logos.crops import CropPairs
from training.logos.detector import Detector, boxes_at, places
from training.logos.embedder import LogoEmbedder
from training.logos.scenes import Scene, Scenes
from training.logos.styles import ALTERATIONS, altered

OVERLAP = 0.5
"""Of two boxes that overlap more, the one with the lower score is dropped."""
FEW = 5
"""Boxes a photo that `recall@5` allows."""
Finds = Callable[[Pixels], tuple[NDArray[np.float64], NDArray[np.float64]]]
Embeds = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def suppressed(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], side: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Boxes (m, 4) within the image and scores (m,) left after suppression, best first."""
    clipped = np.clip(boxes, 0, side)
    kept = nms(torch.from_numpy(clipped), torch.from_numpy(scores), OVERLAP).numpy()
    return clipped[kept].astype(np.float64), scores[kept].astype(np.float64)


def finder(network: Detector, side: int, top: int) -> Finds:
    """What the detector finds in one square image, boxes and scores, best first."""
    middles, _ = places(side)

    def find(pixels: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        with torch.inference_mode():
            scores, reaches = network.eval()(as_images(pixels[None]))
            best, place = torch.sigmoid(scores[0]).topk(top)
            boxes = boxes_at(middles, reaches[0])[place]
        return suppressed(boxes.numpy(), best.numpy(), side)

    return find


def embedder(network: LogoEmbedder) -> Embeds:
    """Descriptors of crops, 64 at a time."""

    def embed(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            parts = [network.eval()(as_images(crops[at : at + 64])) for at in range(0, len(crops), 64)]
        return np.asarray(torch.cat(parts).numpy())

    return embed


@dataclass(frozen=True)
class Found:
    """All boxes found in all scenes, and the true ones; all of one label."""

    detected: Boxes
    true: Boxes


def found_in(scenes: Iterable[Scene], find: Finds) -> Found:
    """Detections in scenes; those in the middle of an unsure box are left out, as in training."""
    detected: list[tuple[int, NDArray[np.float64], float]] = []
    true: list[tuple[int, NDArray[np.float64], float]] = []
    for number, scene in enumerate(scenes):
        boxes, scores = find(scene.pixels)
        for box, score in zip(boxes, scores, strict=True):
            if not _within(box, scene.unsure) or _overlaps(box, scene.boxes):
                detected.append((number, box, float(score)))
        true += [(number, box.astype(np.float64), 1.0) for box in scene.boxes]
    return Found(as_boxes(detected), as_boxes(true))


def detection_figures(scenes: Iterable[Scene], find: Finds) -> dict[str, float]:
    """`AP50`, and `recall@5`: the share of logos found, at an overlap of 0.5, by five boxes a scene."""
    found = found_in(scenes, find)
    few = best_few(found.detected, FEW)
    return {
        "AP50": average_precision_50(found.detected, found.true),
        "recall@5": float(hits(few, found.true).sum() / max(1, len(found.true.score))),
    }


def best_few(boxes: Boxes, count: int) -> Boxes:
    """The `count` boxes of highest score in each image."""
    kept: list[int] = []
    for image in np.unique(boxes.image):
        mine = np.flatnonzero(boxes.image == image)
        kept += mine[np.argsort(-boxes.score[mine], kind="stable")][:count].tolist()
    place = np.array(sorted(kept), np.int64)
    return Boxes(boxes.image[place], boxes.label[place], boxes.box[place], boxes.score[place])


def embedding_figures(pairs: CropPairs, embed: Embeds, count: int, seed: int = 0) -> dict[str, float]:
    """`R@1` of photos among one reference of each logo; `altered`: nearer their own logo than its twin.

    A photo of an altered logo and one of its original each count as right where they lie nearer to the
    reference of their own form.
    """
    rng = np.random.default_rng(seed)
    drawings = [logo.drawing() for logo in pairs.logos[:count]]
    references = embed(np.stack([pairs.reference(drawing, rng) for drawing in drawings]))
    seen = embed(np.stack([pairs.seen(drawing, rng) for drawing in drawings]))
    twins = [altered(drawing, rng, str(rng.choice(ALTERATIONS))) for drawing in drawings]
    able = [place for place, twin in enumerate(twins) if twin is not None]
    kept = [twin for twin in twins if twin is not None]
    other = embed(np.stack([pairs.reference(twin, rng) for twin in kept]))
    other_seen = embed(np.stack([pairs.seen(twin, rng) for twin in kept]))
    original, original_seen = references[able], seen[able]
    right = [
        (original_seen * original).sum(1) > (original_seen * other).sum(1),
        (other_seen * other).sum(1) > (other_seen * original).sum(1),
    ]
    best = (seen @ references.T).argmax(axis=1)
    return {
        "R@1": float((best == np.arange(len(seen))).mean()),
        "altered": float(np.mean(right)),
        "count": float(len(seen)),
    }


def recognition_figures(
    scenes: Scenes, numbers: Iterable[int], find: Finds, pairs: CropPairs, embed: Embeds
) -> dict[str, float]:
    """`top1`: of the logos that the detector found, the share whose nearest reference is their own.

    The gallery holds one reference of every logo of the part. Invented wordmarks and altered logos are in no
    gallery and are left out.
    """
    rng = np.random.default_rng(1)
    logos: list[Logo] = list(pairs.logos)
    references = embed(np.stack([pairs.reference(logo.drawing(), rng) for logo in logos]))
    names = {logo.key: place for place, logo in enumerate(logos)}
    wanted, crops = [], []
    for number in numbers:
        scene = scenes[number]
        boxes, _ = find(scene.pixels)
        for key, true in zip(scene.keys, scene.boxes, strict=True):
            shared = [_overlap(box, true) for box in boxes]
            if key in names and shared and max(shared) >= OVERLAP:
                region, table = Region(*boxes[int(np.argmax(shared))].tolist()), pairs.table
                crops.append(cut_pixels(scene.pixels, region, side=table.side, margin=table.margin))
                wanted.append(names[key])
    if not crops:
        return {"top1": float("nan"), "logos_found": 0.0}
    best = (embed(np.stack(crops)) @ references.T).argmax(axis=1)
    return {"top1": float((best == np.array(wanted)).mean()), "logos_found": float(len(wanted))}


def as_boxes(rows: list[tuple[int, NDArray[np.float64], float]]) -> Boxes:
    """Boxes of one label from rows of image, corners and score."""
    return Boxes(
        np.array([row[0] for row in rows], np.int64),
        np.zeros(len(rows), np.int64),
        np.array([row[1] for row in rows], np.float64).reshape(-1, 4),
        np.array([row[2] for row in rows], np.float64),
    )


def _within(box: NDArray[np.float64], others: NDArray[np.float32]) -> bool:
    middle = (box[:2] + box[2:]) / 2
    return bool(((others[:, :2] < middle) & (middle < others[:, 2:])).all(axis=1).any())


def _overlaps(box: NDArray[np.float64], others: NDArray[np.float32]) -> bool:
    return any(_overlap(box, other) >= OVERLAP for other in others)


def _overlap(one: NDArray[np.float64], other: NDArray[np.float32]) -> float:
    shared = np.clip(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0, None).prod()
    areas = (one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod()
    return float(shared / max(1e-9, float(areas - shared)))
