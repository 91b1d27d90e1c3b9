"""INRIA Copydays: 157 holiday photos, each cropped, compressed and attacked by hand.

Layout, as the published evaluations read it (`facebookresearch/sscd-copy-detection`,
`sscd/datasets/copydays.py`): `original/`, `strong/`, `jpegqual/QUALITY/` and `crops/PERCENT/`, each with
files named by six digits, of which the first four are the block: `200001.jpg` is an attack on
`200000.jpg`. The archives themselves unpack the originals without a folder, so originals beside `strong/`
are read too, and folders named like the archives (`copydays_original`). Source: Douze et al., "Evaluation
of GIST descriptors for web-scale image search", CIVR 2009. Published figures add 10,000 distractors from
YFCC100M, which are not part of the set: put photos of your own into `distractors/`.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.adapters.rows import direct_images
from benchmarks.datasets import ReferenceImage, TruthSet, file_query, image_paths, relative_id
from matcher.errors import UsageError

BLOCK = re.compile(r"(\d{4})\d{2}")
ORIGINALS = ("original", "copydays_original")
ATTACKS = ("strong", "copydays_strong", "jpegqual", "jpeg", "copydays_jpeg", "crops", "copydays_crop")


def fits(folder: Path) -> bool:
    """Whether a folder of attacks and six-digit originals lie there."""
    attacked = any((folder / name).is_dir() for name in ATTACKS)
    return attacked and any(BLOCK.fullmatch(image.stem) for image in _originals(folder)[:3])


def read(folder: Path) -> TruthSet:
    """Originals are references; attacks are queries, their kind the folder (`strong`, `crops/50`).

    Photos in `distractors/` join the references, as in the published protocol. Raises UsageError at a photo
    whose name is not six digits, or whose block has no original.
    """
    references: dict[str, Path] = {}
    for image in _originals(folder):
        references[_block(image)] = image
    queries = []
    for image in (image for name in ATTACKS for image in _images(folder / name)):
        block = _block(image)
        if block not in references:
            raise UsageError(f"{image}: no original of block {block}")
        kind = relative_id(image.parent, folder)
        queries.append(file_query(image, folder, frozenset({block}), kind))
    distractors = _images(folder / "distractors")
    notes = (f"{len(distractors)} distractors among the references",) if distractors else ()
    return TruthSet(
        folder.name,
        "copydays",
        (
            *(ReferenceImage(block, image) for block, image in sorted(references.items())),
            *(ReferenceImage(relative_id(image, folder), image) for image in distractors),
        ),
        tuple(queries),
        notes,
    )


def _originals(folder: Path) -> list[Path]:
    named = [image for name in ORIGINALS for image in _images(folder / name)]
    return named or direct_images(folder)


def _images(folder: Path) -> list[Path]:
    return image_paths(folder) if folder.is_dir() else []


def _block(image: Path) -> str:
    name = BLOCK.fullmatch(image.stem)
    if not name:
        raise UsageError(f"{image}: a photo of Copydays is named by six digits")
    return name[1]
