"""Whatever stands in a published list, it is read or refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.adapters import BOX_SETS, TRUTH_SETS, named
from matcher.errors import UsageError
from tests.benchmarks.adapters import test_logo_sets as logos
from tests.benchmarks.adapters import test_search_sets as search

LISTS = {
    "disc21": (search.make_disc21, "final_ground_truth.csv", "query_id,reference_id"),
    "online-products": (search.make_online_products, "Ebay_test.txt", search.SOP_HEADER),
    "products-10k": (search.make_products_10k, "train.csv", "name,class,group"),
    "in-shop": (search.make_in_shop, search.PARTITION, f"1\n{search.IN_SHOP_HEADER}"),
    "open-food-facts": (search.make_open_food_facts, "val.txt", "lidl/3.png"),
    "boxes": (logos.make_boxes_csv, "boxes.csv", "image,brand,x1,y1,x2,y2"),
    "flickrlogos-27": (logos.make_flickrlogos_27, f"{logos.STEM}_training_set_annotation.txt", ""),
    "flickrlogos-32": (logos.make_flickrlogos_32, "testset.relpaths.txt", "classes/jpg/no-logo/3.jpg"),
    "logodet-3k": (logos.make_logodet_3k, "Food/7-1/2.xml", ""),
}
"""Maker of the set, the list that is spoilt, and how it begins."""

CELL = st.sampled_from(
    ["1", "-1", "1e999", "nan", "img/a.jpg", "../../a", "/etc/passwd", "a\0b", '"', "Q00001", "R000001", ""]
)
ROW = st.builds(
    lambda cells, mark: mark.join(cells),
    st.lists(CELL | st.text(max_size=8), max_size=8),
    st.sampled_from(", \t"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: make(tmp_path_factory.mktemp(name) / "set") for name, (make, _, _) in LISTS.items()}


@pytest.mark.parametrize("name", LISTS)
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, max_size=4))
def test_a_spoilt_list_is_one_line(name: str, rows: list[str], made: dict[str, Path]) -> None:
    _, path, beginning = LISTS[name]
    spoilt = "\n".join([beginning, *rows]).encode("utf-8", "surrogatepass")
    (made[name] / path).write_bytes(spoilt)
    try:
        if name in {adapter.name for adapter in TRUTH_SETS}:
            named(name, TRUTH_SETS).read(made[name])
        else:
            named(name, BOX_SETS).read(made[name])
    except UsageError as error:
        assert "\n" not in str(error).strip()  # noqa: PT017
