"""The indexes whose search is compared, by name: ours, raw FAISS, and what one might take instead."""

from __future__ import annotations

import importlib
from typing import cast

from benchmarks.search_index import Index

KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "gallery": ("search_gallery:OurGallery", ("auto",)),
    "gallery-flat": ("search_gallery:OurGallery", ("flat",)),
    "gallery-hnsw": ("search_gallery:OurGallery", ("hnsw",)),
    "gallery-ivfpq": ("search_gallery:OurGallery", ("ivfpq",)),
    "faiss-flat": ("search_faiss:Flat", ()),
    "faiss-hnsw": ("search_faiss:Hnsw", ()),
    "faiss-ivfpq": ("search_faiss:IvfPq", ()),
    "faiss-ivfpq-refined": ("search_faiss:IvfPqRefined", ()),
    "autofaiss": ("search_faiss:AutoFaiss", ()),
    "usearch": ("search_usearch:Usearch", ()),
    "lancedb": ("search_lancedb:LanceDb", ()),
}
"""`module:Class` of this package, and what it is made with; a module is loaded where its library is."""


def made(name: str) -> Index:
    """A new index of that name, empty; ImportError where its library is missing."""
    place, given = KINDS[name]
    module, _, kind = place.partition(":")
    return cast("Index", getattr(importlib.import_module(f"benchmarks.{module}"), kind)(*given))
