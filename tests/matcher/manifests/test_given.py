"""A reference knows what its source told of it, be it empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.manifests import Row, read_references
from matcher.records import ReferenceRow


def given(path: Path) -> set[str]:
    """What the only reference of the manifest was given, beside its id and images."""
    (row,) = read_references(path)
    assert isinstance(row, Row)
    assert isinstance(row.value, ReferenceRow)
    return row.value.model_fields_set - {"reference_id", "images"}


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("sku,image\nR-1,a.png\n", set()),
        ("sku,image,title,EAN\nR-1,a.png,,\n", {"title", "gtin"}),
        ("sku,image,title\nR-1,a.png\n", {"title"}),
        ("sku,image,price\nR-1,a.png,5\n", {"price", "currency"}),
        ("sku,image,price\nR-1,a.png,\n", {"price", "currency"}),
        ("sku,image,currency\nR-1,a.png,EUR\n", {"currency"}),
        ('{"sku": "R-1", "image": "a.png", "brand": null}\n', {"brand"}),
        ('{"sku": "R-1", "image": "a.png"}\n{"sku": "R-1", "image": "b.png", "price": null}\n',
         {"price", "currency"}),
    ],
)  # fmt: skip
def test_a_column_that_is_there_is_given_and_another_is_not(
    text: str, fields: set[str], tmp_path: Path
) -> None:
    path = tmp_path / "manifest"
    path.write_text(text)
    assert given(path) == fields


def test_a_folder_gives_images_alone(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    assert given(tmp_path) == set()
