"""Crops of logos for the embedder: a clean reference and a photo of the logo, cut by a box a little off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.models import Pixels
from matcher.models.logo_crops import cut_pixels
from matcher.records import Region
from training.augment import Rng
from training.logos.artwork import Logo, Rgba
from training.logos.recipe import EmbedderTable, ScenesTable
from training.logos.scenes import PARTS, WEAR, background, folds, on_label, paper, photographed, sized
from training.logos.styles import ALTERATIONS, altered, styled, worn
from training.logos.surface import FLAT, Box, laid

SMALLEST, LARGEST = 24.0, 180.0
"""Longer side of a logo in a photo, pixels."""
REFERENCE_SIDE = 160.0


@dataclass(frozen=True)
class Crops:
    """Two views (n, side, side, 3) uint8 of n logos; `label` (n,) int64: an altered logo has its own."""

    left: NDArray[np.uint8]
    right: NDArray[np.uint8]
    label: NDArray[np.int64]


class CropPairs:
    """Batches of one part by number: the same number, the same batch."""

    def __init__(
        self, logos: Sequence[Logo], photos: Sequence[Pixels], scenes: ScenesTable, table: EmbedderTable,
        *, seed: int, part: str,
    ) -> None:  # fmt: skip
        self.logos, self.photos, self.scenes, self.table = logos, photos, scenes, table
        self._seed = [seed, 10 + PARTS[part]]

    def batch(self, number: int) -> Crops:
        """Batch `number`: some logos stand beside an altered form of theirs, which is another logo."""
        rng = np.random.default_rng([*self._seed, number])
        count = min(self.table.items, len(self.logos))
        chosen = rng.choice(len(self.logos), count, replace=False)
        items: list[tuple[int, Pixels, Pixels]] = []
        for place in chosen:
            if len(items) == self.table.items:
                break
            drawing = self.logos[int(place)].drawing()
            label = int(place) * (1 + len(ALTERATIONS))
            items.append((label, *self.pair(drawing, rng)))
            if len(items) < self.table.items and rng.random() < self.table.twins:
                kind = int(rng.integers(len(ALTERATIONS)))
                other = altered(drawing, rng, ALTERATIONS[kind])
                if other is not None:
                    items.append((label + 1 + kind, *self.pair(other, rng)))
        labels, left, right = zip(*items, strict=True)
        return Crops(np.stack(left), np.stack(right), np.array(labels, np.int64))

    def pair(self, drawing: Rgba, rng: Rng) -> tuple[Pixels, Pixels]:
        """A reference and a photo of one logo; sometimes two photos."""
        first = self.seen(drawing, rng) if rng.random() < 0.3 else self.reference(drawing, rng)
        return first, self.seen(drawing, rng)

    def reference(self, drawing: Rgba, rng: Rng) -> Pixels:
        """The logo as a catalog holds it: flat, on paper, tightly cut."""
        kinds = self.scenes.styles if rng.random() < 0.4 else (1.0, 0.0, 0.0, 0.0)
        artwork = styled(drawing, rng, kinds)
        size = sized(artwork, REFERENCE_SIDE)
        edge = 12 + rng.uniform(0, 20)
        for _ in range(4):
            sheet = paper(int(size[1] + 2 * edge), int(size[0] + 2 * edge), rng)
            together, box = laid(sheet, artwork, (edge, edge), size, FLAT, rng)
            if box is not None:
                return self._cut(together, box, rng.uniform(0, 1.5))
        # White artwork on four white sheets: show it by its form.
        dark = np.full((int(size[1] + 2 * edge), int(size[0] + 2 * edge), 3), 110, np.uint8)
        together, box = laid(cast(Pixels, dark), artwork, (edge, edge), size, FLAT, rng)
        whole = (edge, edge, edge + size[0], edge + size[1])
        return self._cut(together, box or whole)

    def seen(self, drawing: Rgba, rng: Rng) -> Pixels:
        """The logo in a photo, cut by a box whose sides are a little off."""
        for _ in range(6):
            artwork = worn(
                styled(drawing, rng, self.scenes.styles), rng, str(rng.choice(WEAR, p=self._wear()))
            )
            if rng.random() < 0.08:
                artwork = on_label(artwork, rng)
            longest = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
            size = sized(artwork, longest)
            sheet = self._ground(int(size[0] * 1.5 + 12), int(size[1] * 1.5 + 12), rng)
            corner = (sheet.shape[1] - size[0]) / 2, (sheet.shape[0] - size[1]) / 2
            together, box = laid(sheet, artwork, corner, size, folds(rng, self.scenes.covered), rng)
            if box is not None:
                off = jittered(box, self.table.jitter, rng)
                return self._cut(photographed(together, rng, max(0.3, min(1.1, longest / 80))), off)
        return self.reference(drawing, rng)

    def _cut(self, image: Pixels, box: Box, share: float = 1.0) -> Pixels:
        """The box cut as at run time, with `share` of the margin."""
        return cut_pixels(image, Region(*box), side=self.table.side, margin=self.table.margin * share)

    def _wear(self) -> NDArray[np.float64]:
        return np.array(self.scenes.wear) / sum(self.scenes.wear)

    def _ground(self, width: int, height: int, rng: Rng) -> Pixels:
        """A part of a photo at the size asked for, at about the photo's own scale, or paper."""
        if rng.random() < 0.2:
            return paper(height, width, rng)
        photo = background(self.photos, rng)
        factor = max(width / photo.shape[1], height / photo.shape[0], rng.uniform(0.5, 1.2))
        scaled = cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
        y = int(rng.integers(0, max(1, scaled.shape[0] - height + 1)))
        x = int(rng.integers(0, max(1, scaled.shape[1] - width + 1)))
        return cast(Pixels, np.ascontiguousarray(scaled[y : y + height, x : x + width]))


def jittered(box: Box, share: float, rng: Rng) -> Box:
    """The box with each side moved by up to `share` of its width or height."""
    width, height = box[2] - box[0], box[3] - box[1]
    moved = np.clip(rng.normal(0, share / 2, 4), -share, share) * (width, height, width, height)
    return cast(Box, tuple(float(value) for value in np.array(box) + moved))
