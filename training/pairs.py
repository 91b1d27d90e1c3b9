"""Batches of pairs: two views that should lie close together, and what makes them so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matcher.models import Pixels
from matcher.models.views import Box, boxes
from training import augment
from training.augment import ANOTHER_PHOTO, EDITED, PLAIN, Rng
from training.photo_store import PhotoStore
from training.recipe import Mix

WHOLE_PHOTO = 0
"""Index of the whole photo among a photo's windows."""


@dataclass(frozen=True)
class Batch:
    """`left` and `right`: uint8 (n, side, side, 3), two views of each item.

    `window`: which window of the right view shows the item, int64 (n,). `photo`: number of the left view's
    photo, int64 (n,). `product`: items of one product share a number, int64 (n,). `copied`: whether the right
    view is an edit of the left one's photo, bool (n,).
    """

    left: NDArray[np.uint8]
    right: NDArray[np.uint8]
    window: NDArray[np.int64]
    photo: NDArray[np.int64]
    product: NDArray[np.int64]
    copied: NDArray[np.bool_]


class Pairs:
    """Draws batch number n from a seed and n alone, so that a resumed run sees what an unbroken one would.

    `product_of` names the product a photo shows, `shop_images` are the photos that a catalog would hold;
    a photo without a product is only ever copied.
    """

    def __init__(
        self,
        photos: PhotoStore,
        product_of: Mapping[str, str],
        shop_images: frozenset[str],
        *,
        mix: Mix,
        seed: int,
    ) -> None:
        self.photos, self.mix, self.seed = photos, mix, seed
        self._windows = boxes(mix.tiles)
        self._product_of, self._shop = product_of, shop_images

    @cached_property
    def _groups(self) -> list[list[list[int]]]:
        """Products by set and name: photo numbers of each product with two photos or more."""
        found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for number, path in enumerate(self.photos.paths):
            if path in self._product_of:
                product = self._product_of[path]
                found[product.split(":")[0]][product].append(number)
        groups = [
            [members for _, members in sorted(group.items()) if len(members) > 1] for group in found.values()
        ]
        return [group for group in groups if group]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {product: number for number, product in enumerate(sorted(set(self._product_of.values())))}

    def product_number(self, photo: int) -> int:
        """The product's number; a photo without one is a product of its own."""
        product = self._product_of.get(self.photos.paths[photo])
        return len(self._numbers) + photo if product is None else self._numbers[product]

    def batch(self, number: int, side: int) -> Batch:
        """Batch `number` with views of `side` pixels."""
        rng = np.random.default_rng([self.seed, number])
        copied = rng.choice(len(self.photos), self.mix.copies, replace=False)
        items = [self._copy(int(photo), side, rng) for photo in copied]
        items += [self._product(members, side, rng) for members in self._drawn_products(rng)]
        numbers, left, right, windows = zip(*items, strict=True)
        return Batch(
            np.stack(left),
            np.stack(right),
            np.array(windows),
            np.array(numbers),
            np.array([self.product_number(photo) for photo in numbers]),
            np.arange(len(items)) < len(copied),
        )

    def _drawn_products(self, rng: Rng) -> list[list[int]]:
        """Products from all sets in turn, no product twice."""
        if not self._groups:
            return []
        each = -(-self.mix.products // len(self._groups))
        chosen = [members for group in self._groups for members in siblings(group, each, rng)]
        return chosen[: self.mix.products]

    def _copy(self, photo: int, side: int, rng: Rng) -> tuple[int, Pixels, Pixels, int]:
        pixels = self.photos[photo]
        left = augment.toned(augment.view(pixels, side, PLAIN, rng), 0.3, rng)
        right, window = self._edited(pixels, side, rng)
        return photo, left, augment.toned(right, 1.0, rng), window

    def _edited(self, pixels: Pixels, side: int, rng: Rng) -> tuple[Pixels, int]:
        kind = rng.random()
        mask = augment.product_mask(pixels) if rng.random() < self.mix.staged else None
        if mask is not None:
            sheet, box = augment.staged(pixels, mask, self._background(side, rng), rng)
            return sheet, self._window(box, rng)
        if kind < self.mix.pasted + self.mix.tiled:
            whole = augment.view(pixels, side, augment.Geometry(area=(0.7, 1.0), lean=0.1, flip=0.3), rng)
            whole = augment.toned(whole, 0.4, rng)
            if kind < self.mix.pasted:
                share = rng.uniform(0.33, 0.8)
                sheet, box = augment.pasted(whole, self._background(side, rng), share, rng)
            else:
                others = [self._background(side, rng) for _ in range(4)]
                sheet, box = augment.tiled(whole, others, rng)
            return sheet, self._window(box, rng)
        seen = augment.view(pixels, side, EDITED, rng)
        return (augment.lettered(seen, rng) if rng.random() < self.mix.lettered else seen), WHOLE_PHOTO

    def _product(self, members: Sequence[int], side: int, rng: Rng) -> tuple[int, Pixels, Pixels, int]:
        shop = [photo for photo in members if self.photos.paths[photo] in self._shop]
        if shop and rng.random() < 0.6:
            first = shop[int(rng.integers(len(shop)))]
        else:
            first = members[int(rng.integers(len(members)))]
        others = [photo for photo in members if photo != first]
        second = self.photos[others[int(rng.integers(len(others)))]]
        left = augment.toned(augment.view(self.photos[first], side, PLAIN, rng), 0.3, rng)
        right = augment.toned(augment.view(second, side, ANOTHER_PHOTO, rng), 0.8, rng)
        return first, left, right, WHOLE_PHOTO

    def _background(self, side: int, rng: Rng) -> Pixels:
        return augment.view(self.photos[int(rng.integers(len(self.photos)))], side, PLAIN, rng)

    def _window(self, box: Box, rng: Rng) -> int:
        """The window that fits `box` best, or the whole photo: both are searched, so both are trained."""
        overlaps = [overlap(box, window) for window in self._windows]
        best = int(np.argmax(overlaps))
        return best if rng.random() < 0.6 else WHOLE_PHOTO


def siblings(group: Sequence[list[int]], count: int, rng: Rng) -> list[list[int]]:
    """Up to `count` products of a group, each beside its neighbour: by name that is a sibling, the hardest.

    Another flavour of a package, the same garment in another colour.
    """
    pairs = max(1, len(group) // 2)
    starts = 2 * rng.choice(pairs, min(-(-count // 2), pairs), replace=False) + rng.integers(2)
    places = dict.fromkeys((int(start) + step) % len(group) for start in starts for step in (0, 1))
    return [group[place] for place in places][:count]


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)
