"""LookBench: fashion as shoppers look for it, photos of studios and streets against shop images.

Layout, from the set's card (`srpone/look-bench` on Hugging Face, version `v20251201`): a folder for each
of `real_studio_flat`, `aigen_studio`, `real_streetlook` and `aigen_streetlook`, with `query.parquet` and
`gallery.parquet`, whose rows have `image`, `category`, `main_attribute`, `other_attributes`, `bbox`,
`item_ID`, `task` and `difficulty`; a further subset `noise` of distractors joins every gallery. That
`noise` is stored as `noise/gallery.parquet` is inferred from the names of the others. True is a gallery
image with the query's `item_ID`, as in the set's example of an evaluation; its headline figure (*fine
recall*) instead counts items of equal category and attributes, so the two are not comparable. Images are
taken whole: what `bbox` frames is not documented. Source: arXiv 2601.14706.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.adapters.parquet_images import columns_of, unpacked
from benchmarks.adapters.rows import child_folders, wrong
from benchmarks.datasets import Query, ReferenceImage, TruthSet
from matcher.errors import UsageError

QUERY, GALLERY, NOISE = "query.parquet", "gallery.parquet", "noise"
ITEM = "item_ID"


def fits(folder: Path) -> bool:
    """Whether a subset, or several of them, lie there."""
    return _is_subset(folder) or len(_subsets(folder)) > 1


def read(folder: Path) -> TruthSet:
    """One subset; a query's kind is its category. Distractors are taken from `../noise` where that is there.

    Raises UsageError when `folder` holds several subsets, or at a row without an item or image.
    """
    if not _is_subset(folder):
        names = ", ".join(child.name for child in _subsets(folder))
        raise UsageError(f"{folder}: holds several sets; name one of {names}")
    noise = folder.parent / NOISE / GALLERY
    references = _references(folder / GALLERY, "")
    known = {reference.reference_id for reference in references}
    if noise.is_file():
        references += _references(noise, f"{NOISE}/")
    queries = []
    path = folder / QUERY
    columns = (ITEM, *sorted(columns_of(path) & {"category"}))
    for row, (image, values) in enumerate(unpacked(path, *columns)):
        item = str(values[ITEM] if values[ITEM] is not None else "")
        if not item:
            raise wrong(path, row, f"has no {ITEM}")
        truth = frozenset({item} & known)
        kind = str(values.get("category") or "photo") if truth else "distractor"
        queries.append(Query(f"{QUERY}#{row}", truth, kind, image.read_bytes))
    notes = () if noise.is_file() else (f"no {NOISE}/{GALLERY} beside the subset: a smaller gallery",)
    return TruthSet(folder.name, "lookbench", tuple(references), tuple(queries), notes)


def _references(path: Path, prefix: str) -> list[ReferenceImage]:
    return [
        ReferenceImage(f"{prefix}{values[ITEM]}", image)
        for image, values in unpacked(path, ITEM)
    ]  # fmt: skip


def _is_subset(folder: Path) -> bool:
    return (folder / QUERY).is_file() and (folder / GALLERY).is_file()


def _subsets(folder: Path) -> list[Path]:
    return [child for child in child_folders(folder) if _is_subset(child)]
