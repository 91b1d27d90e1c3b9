"""What a manifest is at a glance, before its rows are worked on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from matcher.errors import ManifestError
from matcher.manifests.archive import USUAL_LIMITS, ArchiveLimits
from matcher.manifests.columns import LISTINGS, REFERENCES, Schema, unread_columns
from matcher.manifests.packed import is_packed, unpacked_table
from matcher.manifests.reading import first_item, require_columns
from matcher.manifests.rows import Columns
from matcher.records import Listing, ReferenceRow

R = TypeVar("R", ReferenceRow, Listing)


@dataclass(frozen=True)
class Glance:
    """Whether a manifest has a table, rather than images alone, and the columns of it that are not read.

    Columns of a format without a header are those of its first rows.
    """

    table: bool
    unread: tuple[str, ...] = ()


def look_at_references(path: Path, limits: ArchiveLimits = USUAL_LIMITS) -> Glance:
    """A glance at a catalog manifest; raises `ManifestError` as `read_references` does."""
    return _look(path, REFERENCES, REFERENCES.required, limits)


def look_at_listings(path: Path, limits: ArchiveLimits = USUAL_LIMITS) -> Glance:
    """A glance at a manifest of listings; raises `ManifestError` as `read_listings` does.

    Also where no column gives images, since then no listing could be examined.
    """
    return _look(path, LISTINGS, (*LISTINGS.required, "image"), limits)


def _look(path: Path, schema: Schema[R], required: tuple[str, ...], limits: ArchiveLimits) -> Glance:
    if path.is_dir():
        return Glance(table=False)
    if not is_packed(path):
        return _look_at_table(path, schema, required)
    try:
        with unpacked_table(path, limits) as table:
            return _look_at_table(table, schema, required) if table else Glance(table=False)
    except ManifestError as error:
        raise ManifestError(str(path), error.reason) from error


def _look_at_table(path: Path, schema: Schema[R], required: tuple[str, ...]) -> Glance:
    first, _ = first_item(path)
    require_columns(first, schema, path, required)
    names = first.names if isinstance(first, Columns) else ()
    return Glance(table=True, unread=unread_columns(names or (), schema))
