"""The FAISS lists of a voting segment: a short segment's in one file, a long one's written word by word."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import numpy as np

from indexes.durable import FileRecord, NewFile, record_of, sync_file
from indexes.exact import Ids
from indexes.manifest import REPAIR
from indexes.segment import check_sizes, little, read_index, write_whole
from indexes.vocabulary import Reduced
from indexes.voting_manifest import VotingRecord, VotingRole
from matcher.errors import GalleryError

ADDED_AT_ONCE = 2**17
CAN_BE_LONG = hasattr(faiss, "OnDiskInvertedLists")
"""FAISS leaves lists on disk out on Windows; there memory bounds a segment."""
Shape = tuple[int, int]
"""How many words there are, and how many numbers are kept of a feature."""
Files = dict[VotingRole, FileRecord]


class Entries(NamedTuple):
    """Features: numbers of their ids within a segment and their words, both (n,), what is kept, (n, D)."""

    numbers: Ids
    words: Ids
    kept: Reduced


def write_short(folder: Path, name: str, entries: Entries, shape: Shape) -> Files:
    """Write lists by FAISS, each by rising number; takes 24 + D bytes of memory a feature.

    The quantizer in the file is empty: `WordFinder` finds words.
    """
    index = _empty(shape)
    order = np.argsort(entries.numbers, kind="stable")
    for start in range(0, len(order), ADDED_AT_ONCE):
        part = order[start : start + ADDED_AT_ONCE]
        _add(index, entries.numbers[part], entries.words[part], entries.kept[part])
    path = folder / f"{name}-index"
    faiss.write_index(index, str(path))
    sync_file(path)
    return {"index": record_of(path)}


def write_long(folder: Path, name: str, parts: Iterable[Entries], shape: Shape) -> Files:
    """Write lists as FAISS's `OnDiskInvertedLists` has them: of each word what is kept, then the numbers.

    `parts`: each holds all entries of some words, in any order; words rise from part to part. Takes the
    memory of a part.
    """
    sizes = np.zeros(shape[0], np.int64)
    with NewFile(folder / f"{name}-lists") as file:
        for part in parts:
            sizes += _write_lists(file, part, shape[0])
            del part  # the next one is not yet there
    return {"lists": file.record, "sizes": write_whole(folder / f"{name}-sizes", sizes)}


def _write_lists(file: NewFile, part: Entries, words: int) -> Ids:
    """Write the lists of some words; entries a word, (words,)."""
    order = np.lexsort((part.numbers, part.words))
    numbers, kept = part.numbers[order], part.kept[order]
    sizes = np.bincount(part.words, minlength=words)
    end = 0
    for size in sizes[sizes > 0].tolist():
        start, end = end, end + size
        file.write(little(kept[start:end], "u1"))
        file.write(little(numbers[start:end], "<i8"))
    return sizes


def open_lists(folder: Path, record: VotingRecord, shape: Shape) -> Any:
    """The lists of a segment as a FAISS index, mapped; `GalleryError` where they do not fit the record."""
    return (
        _open_long(folder, record, shape) if "lists" in record.files else _open_short(folder, record, shape)
    )


def _open_short(folder: Path, record: VotingRecord, shape: Shape) -> Any:
    size, dims = shape
    index = read_index(folder, record.name, record.names())
    fits = isinstance(index, faiss.IndexIVFScalarQuantizer) and (
        (index.ntotal, index.d, index.nlist, index.code_size) == (record.count, dims, size, dims)
    )
    if not fits or index.sq.qtype != faiss.ScalarQuantizer.QT_8bit_direct:
        raise GalleryError(str(folder), f"{record.name}-index does not fit its segment; {REPAIR}")
    return index


def _open_long(folder: Path, record: VotingRecord, shape: Shape) -> Any:
    sizes = np.fromfile(folder / f"{record.name}-sizes", dtype="<i8")
    fits = len(sizes) == shape[0] and np.all((sizes >= 0) & (sizes <= record.count))
    if not fits or sizes.sum() != record.count:
        raise GalleryError(str(folder), f"{record.name}-sizes does not fit its segment; {REPAIR}")
    lists = faiss.OnDiskInvertedLists(*shape, str(folder / f"{record.name}-lists"))
    lengths = sizes.astype(np.uint64)  # named, so that it outlives the call that reads it
    lists.set_all_lists_sizes(faiss.swig_ptr(lengths))
    lists.totsize, lists.read_only = record.files["lists"].bytes, True
    lists.prefetch_nthread = 0  # it would start threads at each search, to read what the search reads anyway
    try:
        lists.do_mmap()
    except RuntimeError as error:
        check_sizes(folder, record.names())  # a writer may have retired the file just now
        raise GalleryError(str(folder), f"{record.name}-lists cannot be mapped; {REPAIR}") from error
    index = _empty(shape)
    lists.this.disown()
    index.replace_invlists(lists, True)
    index.ntotal = record.count
    return index


def _empty(shape: Shape) -> Any:
    size, dims = shape
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatL2(dims), dims, size, faiss.ScalarQuantizer.QT_8bit_direct, faiss.METRIC_L2, False
    )
    index.is_trained = True
    return index


def _add(index: Any, numbers: Ids, words: Ids, kept: Reduced) -> None:
    """FAISS's adding to given lists; its Python wrapper takes no words, the inner call does."""
    codes, ids, lists = (
        np.ascontiguousarray(given, kind)
        for given, kind in ((kept, np.float32), (numbers, np.int64), (words, np.int64))
    )
    pointers = [faiss.swig_ptr(array) for array in (codes, ids, lists)]
    index.add_core(len(codes), *pointers)
