"""The demo set: invented brands, catalogs, and listings with known truth, all drawn by the project."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from matcher.demo.brands import BRANDS, DemoBrand
from matcher.demo.garments import folds
from matcher.demo.listings import KINDS, Plan, Shop, plans
from matcher.demo.marks import logo_sheet
from matcher.demo.packaging import panels, wrap
from matcher.demo.photography import film
from matcher.demo.products import cut_out
from matcher.demo.stock import Fake, known_fakes, references
from matcher.records import Brand

__all__ = ["BrandFiles", "DemoSet", "make_demo"]

CATALOG_COLUMNS = ("reference_id", "image", "title", "brand", "price", "currency", "gtin")
LISTING_COLUMNS = ("listing_id", "image", "title", "description", "price", "currency", "seller_id", "url")
TRUTH_COLUMNS = ("listing_id", "verdict", "kind", "brand", "reference_id")


@dataclass(frozen=True)
class BrandFiles:
    """A brand of the demo and where its catalog, logo and known counterfeits lie."""

    brand: Brand
    catalog: Path
    logo: Path
    known_counterfeits: Path


@dataclass(frozen=True)
class DemoSet:
    """Where a demo lies; `brands_file` says the same as `brands`, with paths relative to `folder`."""

    folder: Path
    brands: tuple[BrandFiles, ...]
    brands_file: Path
    listings: Path
    truth: Path


def make_demo(folder: Path, *, seed: int = 7) -> DemoSet:
    """Draw the demo into `folder` (made if missing) and say where its parts are.

    The same `seed` gives the same bytes with the same Pillow. Nothing outside `folder` is written.
    """
    for name in ("catalog", "logos", "known", "photos"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shop: Shop = {}
    fakes = known_fakes(seed)
    brands = tuple(write_brand(folder, brand, shop, fakes) for brand in BRANDS)
    brands_file = folder / "brands.json"
    brands_file.write_text(
        json.dumps([described(folder, files) for files in brands], indent=2) + "\n", encoding="utf-8"
    )
    write_listings(folder, seed, shop, fakes)
    for cache in (panels, wrap, cut_out, folds, film):  # hundreds of MB that whoever goes on to scan needs
        cache.cache_clear()
    return DemoSet(folder, brands, brands_file, folder / "listings.csv", folder / "truth.csv")


def write_brand(folder: Path, brand: DemoBrand, shop: Shop, fakes: Sequence[Fake]) -> BrandFiles:
    """Write a brand's logo, catalog and known counterfeits; its front images are also kept in `shop`."""
    place = folder / "catalog" / brand.slug
    place.mkdir(exist_ok=True)
    rows = []
    for product, images in references(brand):
        shop[product.reference_id] = images[0]
        names = [f"{brand.slug}/{product.reference_id}-{number}.jpg" for number in range(1, len(images) + 1)]
        for name, image in zip(names, images, strict=True):
            (folder / "catalog" / name).write_bytes(image)
        about = (brand.title(product), brand.name, str(product.price), brand.currency, product.gtin)
        rows.append((product.reference_id, "|".join(names), *about))
    catalog = write_csv(folder / "catalog" / f"{brand.slug}.csv", CATALOG_COLUMNS, rows)
    logo = folder / "logos" / f"{brand.slug}.png"
    logo_sheet(brand).save(logo, optimize=False)
    return BrandFiles(brand.record, catalog, logo, write_known(folder, brand, fakes))


def write_known(folder: Path, brand: DemoBrand, fakes: Sequence[Fake]) -> Path:
    """Write a brand's known counterfeits, photos and table; the price is the genuine product's."""
    rows = []
    for fake in fakes:
        if fake.brand is not brand:
            continue
        (folder / "known" / f"{fake.fake_id}.jpg").write_bytes(fake.photo)
        product = fake.product
        about = (
            f"Counterfeit of {brand.title(product)}",
            brand.name,
            str(product.price),
            brand.currency,
            product.gtin,
        )
        rows.append((fake.fake_id, f"{fake.fake_id}.jpg", *about))
    return write_csv(folder / "known" / f"{brand.slug}.csv", CATALOG_COLUMNS, rows)


def write_listings(folder: Path, seed: int, shop: Shop, fakes: list[Fake]) -> None:
    """Write the listings in a mixed order, their photos and the truth."""
    rng = np.random.default_rng(seed)
    planned = list(plans(rng, shop, fakes))
    listings, truth = [], []
    for number, place in enumerate(rng.permutation(len(planned)).tolist(), 1):
        plan, listing_id = planned[place], f"L-{number:03d}"
        names = write_photos(folder, listing_id, plan.shoot(np.random.default_rng([seed, place])))
        listings.append(listing_row(listing_id, names, plan))
        truth.append((listing_id, KINDS[plan.kind].value, plan.kind, plan.brand, plan.reference_id))
    write_csv(folder / "listings.csv", LISTING_COLUMNS, listings)
    write_csv(folder / "truth.csv", TRUTH_COLUMNS, truth)


def write_photos(folder: Path, listing_id: str, photos: Iterable[bytes]) -> list[str]:
    """Write a listing's photos; returns their paths relative to `folder`."""
    names = []
    for number, photo in enumerate(photos, 1):
        names.append(f"photos/{listing_id}-{number}.jpg")
        (folder / names[-1]).write_bytes(photo)
    return names


def listing_row(listing_id: str, names: list[str], plan: Plan) -> tuple[str, ...]:
    """A listing's row of the manifest."""
    url = f"https://example.com/listing/{listing_id}"
    return listing_id, "|".join(names), plan.title, plan.description, plan.price, "EUR", plan.seller_id, url


def described(folder: Path, files: BrandFiles) -> dict[str, object]:
    """A brand as brands.json tells it."""
    about = files.brand.model_dump(mode="json")
    paths = {"catalog": files.catalog, "logo": files.logo, "known_counterfeits": files.known_counterfeits}
    return about | {name: path.relative_to(folder).as_posix() for name, path in paths.items()}


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    """Write a table as UTF-8 CSV with a header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    return path
