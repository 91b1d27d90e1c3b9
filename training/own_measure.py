"""What a fine-tune is measured by: a workspace's held-out photos, looked up among its references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.edits import EDITS, seeded, uploaded
from matcher.models import Pixels
from training.held_out import Parted
from training.measure import KINDS, Probe, decoded
from training.own_photos import OwnPhoto
from training.photo_store import PhotoStore

SEED = 77
MOST_REFERENCES = 2000
"""Looked up among: the held-out products, and others until there are so many."""
MOST_COPIES = 240
BACKGROUNDS = 40
"""Learnt photos that are pasted on and fill collages; they stand for no product."""
VIEWS, COPIES = "views", "copies"


def own_probes(parted: Parted, trained: PhotoStore, held: PhotoStore) -> dict[str, Probe]:
    """Views: other photos of held-out products. Copies: edits of their first photos. Either may be absent.

    Both are looked up among one photo a product, the held-out ones first, its shop image where it has one.
    """
    own, others = by_photo(parted.held, held), by_photo(parted.trained, trained)
    first = first_photos(own)
    references = {name: own[photo] for name, photo in first.items()}
    rest = {name: others[photo] for name, photo in first_photos(others).items()}
    # A photo that is pasted on is no reference: it would be found, and rightly.
    backgrounds = list(rest.values())[: min(BACKGROUNDS, len(rest) // 2)]
    room = max(0, MOST_REFERENCES - len(references))
    gallery = [*references.values(), *list(rest.values())[len(backgrounds) :][:room]]
    place = {name: index for index, name in enumerate(references)}
    views = [
        (place[photo.product], pixels)
        for photo, pixels in own.items()
        if photo.product in first and photo != first[photo.product]
    ]
    copies = list(_copies(references, backgrounds)) if backgrounds else []
    probes = {
        VIEWS: _probe(gallery, views, [VIEWS] * len(views)),
        COPIES: _probe(gallery, [(place[name], seen) for name, _, seen in copies], [k for _, k, _ in copies]),
    }
    return {name: probe for name, probe in probes.items() if probe.queries}


def by_photo(photos: Sequence[OwnPhoto], store: PhotoStore) -> dict[OwnPhoto, Pixels]:
    """The pixels of each photo that could be decoded, mapped, not copied."""
    numbers = {Path(path).name: number for number, path in enumerate(store.paths)}
    return {photo: store[numbers[photo.content_hash]] for photo in photos if photo.content_hash in numbers}


def first_photos(photos: Iterable[OwnPhoto]) -> dict[str, OwnPhoto]:
    """The photo that stands for each product: its first shop image, else its first photo."""
    first: dict[str, OwnPhoto] = {}
    for photo in photos:
        if photo.product and (photo.product not in first or (photo.shop and not first[photo.product].shop)):
            first[photo.product] = photo
    return first


def _copies(
    references: Mapping[str, Pixels], backgrounds: Sequence[Pixels]
) -> Iterable[tuple[str, str, Pixels]]:
    """(product, kind of edit, edited photo) of the first references, kinds taking turns."""
    for turn, (name, pixels) in enumerate(list(references.items())[:MOST_COPIES]):
        kind, rng = KINDS[turn % len(KINDS)], seeded(SEED, name)

        def other(rng: np.random.Generator = rng) -> Image.Image:
            return Image.fromarray(np.asarray(backgrounds[int(rng.integers(len(backgrounds)))]))

        blob = uploaded(EDITS[kind](Image.fromarray(np.asarray(pixels)), rng, other), rng)
        yield name, kind, decoded(blob, name)


def _probe(gallery: Sequence[Pixels], queries: Sequence[tuple[int, Pixels]], kinds: Sequence[str]) -> Probe:
    return Probe(
        list(gallery),
        [pixels for _, pixels in queries],
        np.array([place for place, _ in queries], np.int64),
        np.array(kinds, np.str_),
    )
