"""Whole listings with known truth: a folder with brands, listings and truth, scanned by the product."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError

from matcher.assembly import build_galleries
from matcher.catalog import add_brand, import_references, iterate_failures, iterate_verdicts
from matcher.config import Settings
from matcher.demo import make_demo
from matcher.errors import MatcherError, UsageError
from matcher.labels import TruthRow, read_truth, read_verdicts
from matcher.manifests import Row, manifest_folder, read_references
from matcher.policy import Policy
from matcher.records import Brand, FailedRow, ImageRole, ReferenceRow, Verdict
from matcher.scan import ScanRequest, run_scan
from matcher.sources import ImageSource
from matcher.workspace import Workspace

DEMO = "demo"
LISTINGS = ("listings.csv", "listings.jsonl", "listings.parquet", "listings.tsv", "listings.xlsx")
FILES = {
    "catalog": ImageRole.REFERENCE,
    "logo": ImageRole.LOGO,
    "known_counterfeits": ImageRole.KNOWN_COUNTERFEIT,
}
_IMAGES = (".png", ".jpg", ".jpeg", ".webp")
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class BrandSource:
    """A brand, and where the manifests (or the one image) of each kind lie."""

    brand: Brand
    files: tuple[tuple[ImageRole, Path], ...]


@dataclass(frozen=True)
class VerdictSet:
    """A set as it lies in `folder`; `listings` is None where there are only recorded verdicts."""

    folder: Path
    name: str
    brands: tuple[BrandSource, ...]
    listings: Path | None
    truth: tuple[TruthRow, ...]


@dataclass(frozen=True)
class Scanned:
    """What a scan said: verdicts by listing id, listings that failed, photos, and the seconds it took."""

    verdicts: dict[str, Verdict]
    failed: frozenset[str]
    photos: int
    seconds: float


@contextmanager
def opened_set(
    dataset: Path, *, seed: int | None = None, tell: Tell = lambda *_: None
) -> Iterator[VerdictSet]:
    """The set in the folder; `demo:SEED`, or a `seed`, draws the demo into a folder that is removed after.

    Raises UsageError where the folder holds no such set.
    """
    kind, _, number = dataset.name.partition(":")
    if dataset.exists() or (seed is None and kind != DEMO):
        yield read_verdict_set(dataset)
        return
    if seed is None:
        if not number.isdigit():
            raise UsageError(f"{dataset}: say which demo by its seed, such as demo:7")
        seed = int(number)
    with TemporaryDirectory(prefix="matcher-verdicts-") as folder:
        tell("drawing the demo", 0, 1)
        make_demo(Path(folder) / "set", seed=seed)
        found = read_verdict_set(Path(folder) / "set")
        yield VerdictSet(found.folder, f"{DEMO}:{seed}", found.brands, found.listings, found.truth)


def read_verdict_set(folder: Path) -> VerdictSet:
    """The set in `folder`, or in the folder `set` below it, as `matcher demo` and `review export` write it.

    Raises UsageError where `truth.csv` is missing or wrong, or `brands.json` is.
    """
    place = folder / "set" if (folder / "set" / "truth.csv").is_file() else folder
    if not (place / "truth.csv").is_file():
        raise UsageError(f"{folder}: holds no truth.csv; name a set such as `matcher review export` writes")
    rows, failed = read_truth(place / "truth.csv")
    if failed:
        raise UsageError(f"{place / 'truth.csv'}:{failed[0].line}: {failed[0].reason}")
    found = next((place / name for name in LISTINGS if (place / name).is_file()), None)
    listings = found if found and found.stat().st_size and (place / "brands.json").is_file() else None
    brands = tuple(_brands(place)) if listings else ()
    return VerdictSet(place, folder.resolve().name, brands, listings, tuple(rows))


def _brands(folder: Path) -> Iterator[BrandSource]:
    path = folder / "brands.json"
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        for one in described:
            facts = {key: value for key, value in one.items() if key not in FILES}
            files = [(role, one[key]) for key, role in FILES.items() if one.get(key)]
            brand = Brand.model_validate(facts)
            yield BrandSource(brand, tuple((role, _inside(folder, name)) for role, name in files))
    except (OSError, ValueError, TypeError, AttributeError, ValidationError) as error:
        raise UsageError(f"{path}: is no list of brands: {str(error).splitlines()[0]}") from error


def _inside(folder: Path, name: Any) -> Path:
    path = (folder / str(name)).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise UsageError(f"{folder / 'brands.json'}: {name} is no file of the set")
    return path


def scan_set(
    found: VerdictSet,
    settings: Settings,
    policy: Policy,
    *,
    limit: int | None = None,
    tell: Tell = lambda *_: None,
) -> Scanned:
    """Import the brands into a workspace of its own and scan the listings, as a user would.

    Raises MatcherError where a row of a catalog fails, UsageError where the set cannot be scanned.
    """
    if found.listings is None:
        raise UsageError(f"{found.folder}: has no listings and brands to scan; give --verdicts SCAN_FOLDER")
    began = time.monotonic()
    with TemporaryDirectory(prefix="matcher-verdicts-") as name:
        place = Path(name)
        with Workspace.open(place / "workspace", settings) as workspace:
            tell("importing the catalogs", 0, 1)
            for brand in found.brands:
                _import(workspace, brand)
            build_galleries(workspace).catch_up()
            total = min(limit or len(found.truth), len(found.truth))
            summary = run_scan(
                workspace, policy, ScanRequest(found.listings, place / "scan", limit=limit),
                progress=lambda rows, _: tell("scanning", min(rows, total), total),
            )  # fmt: skip
            with workspace.database.read() as connection:
                verdicts = {one.listing_id: one for one in iterate_verdicts(connection, summary.scan_id)}
                failed = {one.listing_id for one in iterate_failures(connection, summary.scan_id)}
    seconds = time.monotonic() - began
    return Scanned(verdicts, frozenset(failed - verdicts.keys()), summary.photos, seconds)


def recorded(folder: Path) -> Scanned:
    """The verdicts that lie in a scan's folder; raises ManifestError."""
    return Scanned({one.listing_id: one for one in read_verdicts(folder)}, frozenset(), 0, 0.0)


def reference_files(found: VerdictSet) -> dict[tuple[str, str], Path]:
    """The first image of each reference and known counterfeit, by (brand, id)."""
    answer: dict[tuple[str, str], Path] = {}
    for brand in found.brands:
        for role, path in brand.files:
            if role is not ImageRole.LOGO:
                for row in _rows(path, brand.brand.name):
                    if isinstance(row, Row) and row.value.images:
                        key = brand.brand.name, row.value.reference_id
                        answer[key] = manifest_folder(path) / row.value.images[0]
    return answer


def _rows(path: Path, brand: str) -> list[Row[ReferenceRow] | FailedRow]:
    if path.suffix.lower() in _IMAGES:
        return [Row(1, ReferenceRow(reference_id=path.stem, images=(path.name,), brand=brand))]
    return list(read_references(path))


def _import(workspace: Workspace, source: BrandSource) -> None:
    with workspace.database.write() as connection:
        add_brand(connection, source.brand)
    for role, path in source.files:
        with ImageSource(manifest_folder(path), workspace.settings) as images:
            summary = import_references(
                workspace.database, workspace.store, _rows(path, source.brand.name), images.read,
                brand=source.brand.name, role=role, settings=workspace.settings.images, source=str(path),
            )  # fmt: skip
        if summary.failed:
            first = summary.failed[0]
            raise MatcherError(f"{path}:{first.line}: {first.reason}")


def photo_of(folder: Path, image: str, settings: Settings) -> Callable[[], bytes]:
    """Reads a listing's photo when it is asked for; raises ImageError."""

    def read() -> bytes:
        with ImageSource(folder, settings) as source:
            return source.read(image)

    return read
