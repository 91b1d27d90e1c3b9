"""Imports a catalog manifest: image files first, then rows in batches; bad rows are reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Connection

from matcher.catalog.brands import add_brand, find_brand
from matcher.catalog.database import Database
from matcher.catalog.image_store import ImageStore, stored_hash_of
from matcher.catalog.products import StoredImage, UnreadImage
from matcher.catalog.queries import check_key, groups
from matcher.catalog.references import Outcome, put_product
from matcher.catalog.tables import DEFAULT_OWNER
from matcher.config import ImageSettings
from matcher.errors import CatalogError, ImageError
from matcher.faults import commit_point
from matcher.records import Brand, FailedRow, ImageRole, ReferenceRow, brand_key

if TYPE_CHECKING:
    from matcher.manifests import Row

BATCH_ROWS = 16
"""Rows committed together; their images' bytes are on disk before."""


@dataclass(frozen=True)
class ImportSummary:
    """How many products an import added, changed and found unchanged, and what it could not take in.

    A row none of whose images is usable is in `failed` and changes nothing. Where only some are bad, the
    row goes in with the others, and each bad image is in `failed`, its reason ending in "the row's other
    images went in"; what the catalog has from that path or URL already is kept, since a server may be down
    for a day.
    """

    added: int
    changed: int
    unchanged: int
    failed: list[FailedRow]


@dataclass(frozen=True)
class SettledRow:
    """What came of one row; `reasons` are those of its bad images, or why the whole row failed."""

    line: int
    reference_id: str
    outcome: Outcome | Literal["failed"]
    reasons: str = ""


Record = Callable[[Connection, list[SettledRow]], None]
"""Keeps what came of a batch's rows, in the transaction that commits the batch."""


@dataclass(frozen=True)
class _Prepared:
    """A row whose images are in the image store."""

    line: int
    brand: str
    row: ReferenceRow
    images: tuple[StoredImage | UnreadImage, ...]


@dataclass
class _Import:
    """One run of an import: what it works with and what it has counted."""

    store: ImageStore
    read: Callable[[str], bytes]
    brand: str
    role: ImageRole
    settings: ImageSettings
    source: str
    owner_id: int
    record: Record | None = None
    failed: list[FailedRow] = field(default_factory=list)
    counts: dict[Outcome, int] = field(default_factory=lambda: {"added": 0, "changed": 0, "unchanged": 0})
    seen: set[tuple[str, str]] = field(default_factory=set)

    def fail(self, line: int, reference_id: str, reason: str, source: str = "") -> None:
        self.failed.append(
            FailedRow(source=source or self.source, line=line, listing_id=reference_id, reason=reason)
        )


def import_references(
    database: Database,
    store: ImageStore,
    rows: Iterable[Row[ReferenceRow] | FailedRow],
    read: Callable[[str], bytes],
    *,
    brand: str = "",
    role: ImageRole = ImageRole.REFERENCE,
    settings: ImageSettings,
    source: str = "",
    owner_id: int = DEFAULT_OWNER,
    record: Record | None = None,
) -> ImportSummary:
    """Take `rows` into the catalog; `read` gives the bytes of an image named as in its row.

    A row's own brand counts where `brand` is empty; where both are given they must be the same brand. A
    brand that is not there yet is added with its name as wordmark. `source` names the manifest in failures.
    `record` is told of every row, in the transaction that takes it in.
    What a row was not given stays as the catalog has it. The same import again changes nothing, also after a
    kill at any point of this one. Bad rows and images go to the summary; raises `CatalogError` only when the
    database or the image store fails.
    """
    run = _Import(store, read, brand.strip(), role, settings, source, owner_id, record)
    for batch in groups(rows, BATCH_ROWS):
        with store.keeping():
            failed_before = len(run.failed)
            prepared = list(_prepare_batch(run, batch))
            if prepared or record:
                _commit_batch(database, run, prepared, run.failed[failed_before:])
    return ImportSummary(**run.counts, failed=run.failed)


def _prepare_batch(run: _Import, batch: list[Row[ReferenceRow] | FailedRow]) -> Iterator[_Prepared]:
    for row in batch:
        if isinstance(row, FailedRow):
            run.failed.append(row)
            continue
        try:
            brand = _check(run, row.value)
        except CatalogError as error:
            run.fail(row.line, row.value.reference_id, str(error))
            continue
        images = _store_images(run, row.line, row.value)
        if images:
            yield _Prepared(row.line, brand, row.value, images)


def _check(run: _Import, row: ReferenceRow) -> str:
    """The row's brand; raises `CatalogError` where the row cannot go in, whatever its images."""
    brand = _brand_of(run, row)
    check_key(row.reference_id, "the reference_id")
    key = (brand_key(brand), row.reference_id)
    if key in run.seen:
        raise CatalogError(f"reference '{row.reference_id}' occurs again: put its rows together")
    run.seen.add(key)
    return brand


def _store_images(run: _Import, line: int, row: ReferenceRow) -> tuple[StoredImage | UnreadImage, ...]:
    """The row's images in order, bytes on disk; empty where none is usable, which is noted."""
    images: list[StoredImage | UnreadImage] = []
    problems: list[str] = []
    for image in row.images:
        try:
            images.append(_store_image(run, image))
        except (ImageError, OSError) as error:
            images.append(UnreadImage(image))
            problems.append(_reason(image, error))
    if len(problems) == len(images):
        run.fail(line, row.reference_id, "; ".join(problems) or "the row names no image")
        return ()
    for problem in problems:
        run.fail(line, row.reference_id, f"{problem}; the row's other images went in")
    return tuple(images)


def _brand_of(run: _Import, row: ReferenceRow) -> str:
    own = row.brand.strip()
    if run.brand and own and brand_key(own) != brand_key(run.brand):
        raise CatalogError(f"the row is of brand '{own}', the import of '{run.brand}'")
    brand = run.brand or own
    if not brand:
        raise CatalogError("names no brand; fill the column brand, or name one for the whole import")
    check_key(brand_key(brand), "the brand's name")
    return check_key(brand, "the brand's name")


def _reason(image: str, error: ImageError | OSError) -> str:
    return str(error) if isinstance(error, ImageError) else f"{image}: {error.strerror or error}"


def _store_image(run: _Import, source: str) -> StoredImage:
    """The image, its bytes on disk; nothing is kept of one that does not decode."""
    # Imported here: decoding is wanted by imports alone, the database by everyone.
    from matcher.images import decode, storable

    blob = run.read(source)
    picture = decode(blob, source, run.settings)
    kept = storable(blob, source, run.settings)
    run.store.put(picture.content_hash, kept)
    commit_point("import:image-stored")
    return StoredImage(picture.content_hash, stored_hash_of(kept), source, picture.width, picture.height)


def _commit_batch(
    database: Database, run: _Import, prepared: list[_Prepared], failed: list[FailedRow]
) -> None:
    commit_point("import:batch-stored")
    with database.write() as connection:
        outcomes = [_put(connection, run, row) for row in prepared]
        if run.record:
            run.record(connection, _settled(prepared, outcomes, failed))
        commit_point("import:batch-written")
    for outcome in outcomes:
        run.counts[outcome] += 1
    commit_point("import:batch-committed")


def _settled(prepared: list[_Prepared], outcomes: list[Outcome], failed: list[FailedRow]) -> list[SettledRow]:
    """Every row of the batch once, in the order of lines."""
    reasons: dict[int, list[str]] = {}
    for one in failed:
        reasons.setdefault(one.line, []).append(one.reason)
    taken = [
        SettledRow(row.line, row.row.reference_id, outcome, "; ".join(reasons.pop(row.line, ())))
        for row, outcome in zip(prepared, outcomes, strict=True)
    ]
    names = {one.line: one.listing_id for one in failed}
    rest = [SettledRow(line, names[line], "failed", "; ".join(said)) for line, said in reasons.items()]
    return sorted(taken + rest, key=lambda one: one.line)


def _put(connection: Connection, run: _Import, prepared: _Prepared) -> Outcome:
    brand = prepared.brand
    if find_brand(connection, brand, owner_id=run.owner_id) is None:
        add_brand(connection, Brand(name=brand, wordmarks=(brand,)), owner_id=run.owner_id)
    return put_product(connection, brand, prepared.row, prepared.images, run.role, owner_id=run.owner_id)
