"""Merges repeated rows of one listing or reference that stand together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from matcher.manifests.rows import MAX_IMAGES, Row
from matcher.records import FailedRow, Listing, ReferenceRow

R = TypeVar("R", ReferenceRow, Listing)

MAX_HELD = 1_000
"""Failed rows that may wait behind a run before it is closed."""


def merge_repeated(rows: Iterable[Row[R] | FailedRow], source: str) -> Iterator[Row[R] | FailedRow]:
    """One row for each run of rows with the same id (and brand): the first's line, all images, first filled
    texts.

    Failed rows within a run follow it and do not break it, unless they are known to be of another id. Memory
    does not grow with a run: its rows beyond `MAX_IMAGES` images fail as one, and `MAX_HELD` failed rows
    close it.
    """
    run: _Run[R] | None = None
    for row in rows:
        if run is not None and run.takes(row):
            continue
        if run is not None:
            yield from run.rows(source)
            run = None
        if isinstance(row, FailedRow):
            yield row
        else:
            run = _Run(row)
    if run is not None:
        yield from run.rows(source)


class _Run(Generic[R]):
    """Rows of one id so far, merged, and the failed rows among them."""

    def __init__(self, first: Row[R]) -> None:
        self._row: Row[R] = first
        self._failed: list[FailedRow] = []
        self._surplus: list[int] = []
        """Line of the first row whose images were too many, and how many rows followed."""

    def takes(self, row: Row[R] | FailedRow) -> bool:
        """Take `row` in, if it belongs here."""
        if isinstance(row, FailedRow):
            belongs = row.listing_id in ("", _identity(self._row.value)) and len(self._failed) < MAX_HELD
            if belongs:
                self._failed.append(row)
            return belongs
        if not _same(self._row.value, row.value):
            return False
        merged = _merge(self._row.value, row.value)
        if len(merged.images) <= MAX_IMAGES:
            self._row = Row(self._row.line, merged)
        else:
            self._surplus = [self._surplus[0], self._surplus[1] + 1] if self._surplus else [row.line, 1]
        return True

    def rows(self, source: str) -> Iterator[Row[R] | FailedRow]:
        """The merged row, then what failed."""
        yield self._row
        yield from self._failed
        if self._surplus:
            line, count = self._surplus
            reason = f"more than {MAX_IMAGES} images; {count} row(s) from here on are left out"
            yield FailedRow(source=source, line=line, listing_id=_identity(self._row.value), reason=reason)


def _identity(record: Listing | ReferenceRow) -> str:
    return record.listing_id if isinstance(record, Listing) else record.reference_id


def _same(first: Listing | ReferenceRow, later: Listing | ReferenceRow) -> bool:
    if _identity(first) != _identity(later):
        return False
    if isinstance(first, ReferenceRow) and isinstance(later, ReferenceRow):
        return later.brand in ("", first.brand)
    return True


def _merge(first: R, later: R) -> R:
    """`first` with the images of both, and what only `later` says, or only it was given at all."""
    given = later.model_fields_set
    new = {name for name in given if getattr(later, name) or name not in first.model_fields_set}
    update: dict[str, object] = {
        name: getattr(later, name)
        for name in type(first).model_fields
        if name not in ("images", "price", "currency") and not getattr(first, name) and name in new
    }
    if first.price is None and "price" in new:
        # An amount keeps its own currency.
        update.update(price=later.price, currency=later.currency or first.currency)
    images = tuple(dict.fromkeys(first.images + later.images))
    return first.model_copy(update=update | {"images": images})
