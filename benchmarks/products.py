"""Product-recognition sets by what lies in their folder, whole or the part to tune or report on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from benchmarks.adapters import TRUTH_SETS, named, recognised
from benchmarks.adapters.magento_luma import VIEW_NAME as VIEW_NAME
from benchmarks.datasets import Part, Query, TruthSet
from matcher.errors import UsageError

SHARE_TO_TUNE = 3
"""One query in this many is for tuning, the others are for the report."""


def products_from_folder(folder: Path, *, part: Part = "all", layout: str = "") -> TruthSet:
    """Read the product set in `folder`, by the name of its layout or by what lies there.

    The layouts are those of `benchmarks.adapters`. `part` takes a third of the queries to tune on, or the
    other two thirds to report on, stratified by product; the references are the same. Raises UsageError
    when no layout fits, a file is malformed or no query is left.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; name the folder of a product set")
    if layout:
        adapter, place = named(layout, TRUTH_SETS), folder
    else:
        fitting = recognised(folder, TRUTH_SETS, ("products",))
        if fitting is None:
            raise UsageError(
                f"{folder}: no known layout; give it references.csv (reference_id,image) and queries.csv "
                "(query_id,image,reference_ids)"
            )
        adapter, place = fitting
    found = adapter.read(place)
    queries = tuple(found.queries) if part == "all" else stratified(found.queries, part)
    if not found.references or not queries:
        raise UsageError(
            f"{folder}: layout {found.layout} has {len(found.references)} references, {len(queries)} queries"
        )
    return TruthSet(
        folder.resolve().name, found.layout, found.references, queries, found.notes, found.training
    )


def stratified(queries: Sequence[Query], part: Part) -> tuple[Query, ...]:
    """Every third query of each product for `tune`, the rest for `report`; by hash, so order does not matter.

    The count runs on from product to product, so that products with one or two photos are dealt out as
    well.
    """
    ordered = sorted(queries, key=lambda query: (sorted(query.truth), _digest(query.query_id)))
    wanted = part == "tune"
    chosen = {query.query_id for turn, query in enumerate(ordered) if (turn % SHARE_TO_TUNE == 0) == wanted}
    return tuple(query for query in queries if query.query_id in chosen)


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
