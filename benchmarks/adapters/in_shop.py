"""DeepFashion In-shop Clothes Retrieval: several views of one garment, taken for a shop.

Layout of the published files: `Eval/list_eval_partition.txt` (older copies have it beside `img/`), whose
first line counts the photos, whose second is `image_name item_id evaluation_status`, and whose paths
begin with `img/`; the photos in `Img/img/` or `img/`. Source: Liu et al., "DeepFashion: Powering Robust
Clothes Recognition and Retrieval with Rich Annotations", CVPR 2016.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from benchmarks.adapters.rows import inside, lines, wrong
from benchmarks.datasets import Query, ReferenceImage, TruthSet
from matcher.errors import UsageError

LISTS = ("Eval/list_eval_partition.txt", "list_eval_partition.txt")
HEADER = "image_name item_id evaluation_status"
STATUSES = ("train", "query", "gallery")


def fits(folder: Path) -> bool:
    """Whether the partition of this benchmark lies there (another set has a file of the same name)."""
    path = _partition(folder)
    return path is not None and any(
        " ".join(line.split()) == HEADER for number, line in lines(path) if number == 2
    )


def read(folder: Path) -> TruthSet:
    """The gallery is the references; a query's kind is its category folder.

    Raises UsageError when the list is cut short, a row is malformed or a query's item has no gallery photo.
    """
    path = _partition(folder)
    if path is None:
        raise UsageError(f"{folder}: has no {LISTS[0]}")
    rows = _rows(path)
    photos = folder / "Img" if (folder / "Img" / "img").is_dir() else folder
    references = tuple(
        ReferenceImage(item, inside(photos, image)) for _, image, item, status in rows if status == "gallery"
    )
    known = {reference.reference_id for reference in references}
    queries = []
    for line, image, item, status in rows:
        if status == "query":
            if item not in known:
                raise wrong(path, line, f"item {item} has no gallery photo")
            kind = PurePosixPath(image).parts[2:3] or ("photo",)
            blob = inside(photos, image).read_bytes
            queries.append(Query(image, frozenset({item}), kind[0], blob))
    return TruthSet(folder.name, "in-shop", references, tuple(queries))


def _rows(path: Path) -> list[tuple[int, str, str, str]]:
    """(line, image, item, status) of every photo."""
    texts = dict(lines(path))
    count = texts.get(1, "")
    body = [
        (line, *_three(path, line, text.split()))
        for line, text in texts.items()
        if line > 2
    ]  # fmt: skip
    if not count.isdigit() or int(count) != len(body):
        raise UsageError(f"{path}: says it has {count or 'no'} photos and lists {len(body)}")
    return body


def _three(path: Path, line: int, parts: list[str]) -> tuple[str, str, str]:
    if len(parts) != 3:
        raise wrong(path, line, f"has {len(parts)} fields where 3 are expected")
    image, item, status = parts
    if status not in STATUSES:
        raise wrong(path, line, f"status {status!r} is none of {', '.join(STATUSES)}")
    return image, item, status


def _partition(folder: Path) -> Path | None:
    return next((folder / name for name in LISTS if (folder / name).is_file()), None)
