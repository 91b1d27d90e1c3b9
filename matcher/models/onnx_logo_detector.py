"""Finds logos of any brand with a class-agnostic detector in ONNX Runtime."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.errors import ModelError
from matcher.models import LogoBox, Pixels
from matcher.models.logo_crops import FILL, letterboxed
from matcher.models.logo_graphs import DETECTOR, WEIGHTS, open_graph
from matcher.records import Region

Floats = NDArray[np.float32]
MOST_RANKED = 1_000
"""Boxes of one photo that are compared with one another, the best."""
SMALLEST = 2.0
"""Pixels of the photo; a box less wide or high holds nothing."""


class OnnxLogoDetector:
    """Runs `logo-detector.onnx` of a folder on the CPU, one thread, one photo at a time.

    On one thread a batch gains nothing, and a photo's digits would depend on it. The graph sees a photo in a
    square (`logo_crops.letterboxed`) and gives `boxes` (1, n, 4) and `scores` (1, n); boxes that overlap a
    better one by more than `overlap` (intersection over union) are dropped, and at most `most` of `least`
    score or more are kept.
    """

    def __init__(
        self, folder: Path = WEIGHTS, *, most: int = 8, least: float = 0.1, overlap: float = 0.5
    ) -> None:
        graph = open_graph(folder, DETECTOR, "images")
        self.side, self.most, self.least, self.overlap = graph.side, most, least, overlap
        self._session, self._kind = graph.session, graph.name
        recipe = json.dumps(["letterbox", FILL, graph.side, most, least, overlap, 1])
        digest = hashlib.sha256(graph.content).digest()
        self.fingerprint = hashlib.sha256(digest + recipe.encode()).hexdigest()
        self.name = f"{'builtin' if folder == WEIGHTS else f'onnx:{folder.name}'}@{self.fingerprint[:12]}"
        # Refused now and not by a run, which would hold its memory where no logo is ever looked for.
        if [one.name for one in self._session.get_outputs()] != ["boxes", "scores"]:
            raise ModelError(self._kind, "gives no boxes and scores; export it again")

    def detect(self, images: Sequence[Pixels]) -> list[list[LogoBox]]:
        """Boxes an image, best first, in its pixels."""
        return [self._detected(image) for image in images]

    def _detected(self, image: Pixels) -> list[LogoBox]:
        planes, scale = letterboxed(image, self.side)
        found = self._session.run(None, {"images": planes[None]})
        if len(found) != 2 or found[0].shape[:1] != (1,) or found[0].shape[2:] != (4,):
            raise ModelError(self._kind, "gives no boxes and scores; export it again")
        boxes, scores = found[0][0], found[1].reshape(-1)
        height, width = image.shape[:2]
        limits = np.array([width, height, width, height], np.float32)
        boxes = np.clip(boxes / np.float32(scale), 0, limits)
        kept = self._kept(boxes, scores)
        return [LogoBox(_region(boxes[row]), round(float(scores[row]), 6)) for row in kept]

    def _kept(self, boxes: Floats, scores: Floats) -> list[int]:
        """Rows that stay, best first; of equal scores the first."""
        sides = boxes[:, 2:] - boxes[:, :2]
        sound = np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
        sound &= (scores >= self.least) & (scores <= 1) & (sides >= SMALLEST).all(axis=1)
        rows = np.flatnonzero(sound)
        rows = rows[np.argsort(-scores[rows], kind="stable")][:MOST_RANKED]
        return [int(rows[one]) for one in suppressed(boxes[rows], scores[rows], self.overlap)[: self.most]]


def suppressed(boxes: Floats, scores: Floats, overlap: float) -> list[int]:
    """Rows of `boxes` (n, 4) that overlap no better one by more than `overlap`, best first (greedy NMS)."""
    placed = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    return [int(row) for row in cv2.dnn.NMSBoxes(placed.tolist(), scores.tolist(), 0.0, overlap)]


def _region(box: Floats) -> Region:
    x1, y1, x2, y2 = (round(float(edge), 2) for edge in box)
    return Region(x1, y1, x2, y2)
