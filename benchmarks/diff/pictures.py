"""The photos and references of changed listings, from the workspaces that the scans were made in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from benchmarks.diff.changes import Change
from matcher.catalog import JudgedListing, find_listing, latest_scan
from matcher.config import Settings
from matcher.errors import CatalogError, MatcherError, UsageError
from matcher.images import decode, thumbnail
from matcher.manifests import Row, manifest_folder, read_listings
from matcher.records import Listing
from matcher.report import ReportRow, Thumbnail
from matcher.scan_report import THUMBNAIL_SIDE, Pictures
from matcher.sources import ImageSource
from matcher.workspace import Workspace


class Albums:
    """Open workspaces, asked in turn for a listing of either scan; use it in a `with`."""

    def __init__(
        self, workspaces: Sequence[Path], folders: Sequence[Path], manifest: Path | None, wanted: set[str]
    ) -> None:
        """`folders`: where the scans were written, the later first. `manifest`: the listings, for photos.

        Raises ManifestError where that cannot be read.
        """
        self._places, self._folders, self._manifest = workspaces, folders, manifest
        self._images = first_images(manifest, wanted) if manifest else {}
        self._stack = ExitStack()
        self._scans: list[tuple[Connection, Pictures, int]] = []

    def __enter__(self) -> Albums:
        for place in self._places:
            if not place.is_dir():
                raise UsageError(f"{place}: is no workspace")
            workspace = self._stack.enter_context(Workspace.open(place))
            connection = self._stack.enter_context(workspace.database.read())
            for folder in self._folders:
                if scan := latest_scan(connection, str(folder.resolve())):
                    self._scans.append(
                        (connection, Pictures(connection, workspace, scan.owner_id), scan.scan_id)
                    )
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def known(self) -> bool:
        """Whether there is anything to take pictures from."""
        return bool(self._scans or self._images)

    def rows(self, changes: Iterable[Change]) -> Iterator[tuple[Change, ReportRow]]:
        """Each change with what there is to show of it; the evidence is of the side that is not clear."""
        for change in changes:
            yield change, self._row(change)

    def _row(self, change: Change) -> ReportRow:
        best = ReportRow(Listing(listing_id=change.listing_id, images=()), change.worse)
        for connection, pictures, scan_id in self._scans:
            judged = _judged(connection, scan_id, change.listing_id)
            if judged is None:
                continue
            found = next(pictures.rows([judged]))
            if found.photos or not best.listing.images:
                # The evidence is that of the side that is not clear, also where a policy alone decided anew.
                best = replace(found, verdict=change.worse)
            if found.photos:
                break  # photos of a clear listing are not kept
        return best if best.photos else replace(best, photos=self._from_manifest(change.listing_id))

    def _from_manifest(self, listing_id: str) -> dict[int, Thumbnail]:
        """The first photo of the listing as its manifest has it, where that was given."""
        image = self._images.get(listing_id)
        if image is None or self._manifest is None:
            return {}
        try:
            with ImageSource(manifest_folder(self._manifest), Settings()) as source:
                picture = decode(source.read(image), image, Settings().images)
        except MatcherError:
            return {}
        return {0: Thumbnail(thumbnail(picture, THUMBNAIL_SIDE), "image/webp", picture.width, picture.height)}


def first_images(manifest: Path, wanted: set[str]) -> dict[str, str]:
    """The first image of each wanted listing of a manifest; raises ManifestError."""
    rows = (row.value for row in read_listings(manifest) if isinstance(row, Row))
    return {row.listing_id: row.images[0] for row in rows if row.listing_id in wanted and row.images}


def _judged(connection: Connection, scan_id: int, listing_id: str) -> JudgedListing | None:
    try:
        return find_listing(connection, scan_id, listing_id)
    except CatalogError:
        return None  # purged since
