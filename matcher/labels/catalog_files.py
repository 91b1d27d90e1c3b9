"""Writes a workspace's brands with their images as files that a catalog can be imported from again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matcher.catalog import Product, list_brands, list_products
from matcher.errors import CatalogError
from matcher.records import Brand, ImageRole
from matcher.workspace import Workspace

if TYPE_CHECKING:
    from sqlalchemy import Connection

BRANDS = "brands.json"
FILES = {
    ImageRole.REFERENCE: "catalog",
    ImageRole.LOGO: "logo",
    ImageRole.KNOWN_COUNTERFEIT: "known_counterfeits",
}
"""Under what name brands.json names the manifest of each kind of image."""
_PAGE = 200


def write_catalogs(connection: Connection, workspace: Workspace, out: Path) -> None:
    """Write `brands.json`, a manifest for each brand and kind of image, and the images, into `out`.

    An image whose bytes are gone is left out, and so is a product without any.
    """
    (out / "images").mkdir(parents=True, exist_ok=True)
    described = []
    for number, brand in enumerate(list_brands(connection), 1):
        files = {
            key: _write_manifest(connection, workspace, out, brand, role, f"brand-{number}-{key}.jsonl")
            for role, key in FILES.items()
        }
        described.append({**brand.model_dump(mode="json"), **files})
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    (out / BRANDS).write_text(text, encoding="utf-8", errors="backslashreplace")


def _write_manifest(
    connection: Connection, workspace: Workspace, out: Path, brand: Brand, role: ImageRole, name: str
) -> str | None:
    """The manifest's name, or None where the brand has no such image."""
    lines = [
        json.dumps(row)
        for product in _products(connection, brand, role)
        if (row := _row(workspace, out, product))["image"]
    ]
    if not lines:
        return None
    (out / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return name


def _products(connection: Connection, brand: Brand, role: ImageRole) -> Iterator[Product]:
    after = 0
    while page := list_products(connection, brand=brand.name, role=role, after=after, limit=_PAGE):
        yield from page
        after = page[-1].product_id


def _row(workspace: Workspace, out: Path, product: Product) -> dict[str, Any]:
    images = []
    for image in product.images:
        try:
            blob = workspace.store.get(image.content_hash)
        except CatalogError:
            continue
        path = out / "images" / image.content_hash
        if not path.exists():
            path.write_bytes(blob)
        images.append(f"images/{image.content_hash}")
    facts = {"reference_id": product.reference_id, "image": images, "title": product.title}
    price = {} if product.price is None else {"price": str(product.price), "currency": product.currency}
    return {**facts, **price, "gtin": product.gtin}
