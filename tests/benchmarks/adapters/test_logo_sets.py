"""Sets of photos with logos in boxes: brands, places and splits as their publishers give them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.adapters import BOX_SETS, detect, read_boxes
from benchmarks.logo_sets import BoxPhoto, BoxSet, LogoBox
from matcher.errors import UsageError
from tests.benchmarks.adapters.made import parquet, photos, text
from tests.benchmarks.drawings import drawn_photo, save

STEM = "flickr_logos_27_dataset"


def make_flickrlogos_27(folder: Path) -> Path:
    text(
        folder / f"{STEM}_training_set_annotation.txt", "1.jpg Adidas 1 38 12 90 80 ",
        "1.jpg Adidas 1 38 12 90 80", "2.jpg Cocacola 6 1 2 30 40", "2.jpg Cocacola 6 5 5 5 40",
    )  # fmt: skip
    text(folder / f"{STEM}_query_set_annotation.txt", "3.jpg\tAdidas", "4.jpg\tnone")
    return photos(folder, *(f"{STEM}_images/{n}.jpg" for n in range(1, 5)))


def make_flickrlogos_32(folder: Path) -> Path:
    photos(folder, "classes/jpg/HP/1.jpg", "classes/jpg/esso/2.jpg", "classes/jpg/no-logo/3.jpg")
    text(folder / "trainset.relpaths.txt", "classes/jpg/HP/1.jpg")
    text(folder / "testset.relpaths.txt", "classes/jpg/esso/2.jpg", "classes/jpg/no-logo/3.jpg")
    text(folder / "classes/masks/hp/1.jpg.bboxes.txt", "x y width height", "10 20 30 40")
    text(folder / "classes/masks/esso/2.jpg.bboxes.txt", "x y width height", "1 1 5 5", "9 9 5 5")
    return folder


def voc(name: str, corners: tuple[object, ...] = (1, 2, 30, 40)) -> str:
    places = "".join(
        f"<{side}>{value}</{side}>"
        for side, value in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    )
    return f"<annotation><object><name>{name}</name><bndbox>{places}</bndbox></object></annotation>"


def make_logodet_3k(folder: Path) -> Path:
    names = {"Clothes/lexus-1/1": "lexus-1", "Clothes/lexus-2/1": "lexus-2", "Food/7-1/2": "7-1"}
    photos(folder, *(f"{name}.jpg" for name in names), "Food/7-1/3.jpg")
    for name, logo in names.items():
        text(folder / f"{name}.xml", voc(logo))
    return folder


def make_open_food_facts(folder: Path) -> Path:
    shown = [save(drawn_photo(n), folder.parent / f"drawn{n}.png") for n in range(2)]
    boxes = {"bbox": [[0.25, 0.5, 0.75, 1.0]], "category_name": ["brand"], "category_id": [0]}
    none: dict[str, list[object]] = {"bbox": [], "category_name": [], "category_id": []}
    parquet(
        folder / "data" / "val-00000-of-00001.parquet", shown, image_id=["a", "b"], width=[120, 120],
        height=[96, 96], objects=[boxes, none],
    )  # fmt: skip
    return folder


def make_boxes_csv(folder: Path) -> Path:
    text(
        folder / "boxes.csv", "image,brand,variant,x1,y1,x2,y2", "a.png,ellesse,Ellesse,13.7,11.4,46.4,23.8",
        "a.png,nike,Nike,1,1,9,9", "b.png,nike,,,,,",
    )  # fmt: skip
    return photos(folder, "images/a.png", "images/b.png", "images/c.png")


MAKERS: dict[str, Callable[[Path], Path]] = {
    "boxes": make_boxes_csv,
    "flickrlogos-27": make_flickrlogos_27,
    "flickrlogos-32": make_flickrlogos_32,
    "logodet-3k": make_logodet_3k,
    "open-food-facts-boxes": make_open_food_facts,
}


def by_id(made: BoxSet) -> dict[str, BoxPhoto]:
    return {photo.photo_id: photo for photo in made.photos}


@pytest.mark.parametrize("name", MAKERS)
def test_each_layout_is_known_and_its_images_are_there(name: str, tmp_path: Path) -> None:
    folder = MAKERS[name](tmp_path / "set")
    assert detect(folder) == name
    made = read_boxes(folder)
    assert made.layout == name
    assert all(photo.path.is_file() for photo in made.photos)
    assert all(box.x1 < box.x2 and box.y1 < box.y2 for photo in made.photos for box in photo.boxes)
    assert read_boxes(folder, name) == made
    if name != "boxes":
        assert detect(folder.parent) == name


def test_every_layout_of_boxes_has_a_made_set() -> None:
    assert set(MAKERS) == {adapter.name for adapter in BOX_SETS}


def test_flickrlogos_27_boxes_once_and_queries_by_brand(tmp_path: Path) -> None:
    made = read_boxes(make_flickrlogos_27(tmp_path))
    found = by_id(made)
    assert found["1.jpg"].boxes == (LogoBox("Adidas", 38, 12, 90, 80),)
    assert made.notes == ("1 boxes without an area left out",)
    assert (found["3.jpg"].brands, found["3.jpg"].boxed, found["3.jpg"].split) == ({"Adidas"}, False, "test")
    assert (found["4.jpg"].brands, found["4.jpg"].boxed) == (frozenset(), True)
    assert (made.brands, made.distractors) == (("Adidas", "Cocacola"), 1)
    assert sum(photo.split == "train" for photo in made.photos) == 2


def test_flickrlogos_32_has_corners_splits_and_photos_without_a_logo(tmp_path: Path) -> None:
    found = by_id(read_boxes(make_flickrlogos_32(tmp_path)))
    assert found["1.jpg"].boxes == (LogoBox("HP", 10, 20, 40, 60),)
    assert [photo.split for photo in found.values()] == ["train", "test", "test"]
    assert (len(found["2.jpg"].boxes), found["3.jpg"].brands) == (2, frozenset())


def test_logodet_numbers_are_dropped_only_where_a_brand_has_several_logos(tmp_path: Path) -> None:
    made = read_boxes(make_logodet_3k(tmp_path))
    assert made.brands == ("7-1", "lexus")
    assert by_id(made)["Clothes/lexus-2/1.jpg"].boxes == (LogoBox("lexus", 1, 2, 30, 40, "lexus-2"),)
    assert made.notes == ("1 photos without boxes left out",)


def test_open_food_facts_boxes_are_in_pixels(tmp_path: Path) -> None:
    found = by_id(read_boxes(make_open_food_facts(tmp_path / "set")))
    assert found["a"].boxes == (LogoBox("brand", 60, 24, 120, 72),)
    assert (found["a"].split, found["b"].brands) == ("val", frozenset())


def test_a_csv_of_boxes_knows_unboxed_brands_and_photos_without_a_logo(tmp_path: Path) -> None:
    found = by_id(read_boxes(make_boxes_csv(tmp_path)))
    assert found["a.png"].boxes[0] == LogoBox("ellesse", 13.7, 11.4, 46.4, 23.8, "Ellesse")
    assert found["a.png"].brands == {"ellesse", "nike"}
    assert (found["b.png"].brands, found["b.png"].boxes, found["b.png"].boxed) == ({"nike"}, (), False)
    assert (found["c.png"].brands, found["c.png"].boxed) == (frozenset(), True)


@pytest.mark.parametrize(
    ("name", "path", "line", "complaint"),
    [
        ("boxes", "boxes.csv", "image,brand,x1,y1,x2", "has no column y2"),
        ("boxes", "boxes.csv", "image,brand,x1,y1,x2,y2\na.png,nike,1,1,none,2", "row 2: could not convert"),
        (
            "boxes",
            "boxes.csv",
            "image,brand,x1,y1,x2,y2\na.png,nike,1,1,nan,2",
            "row 2: a number in .* finite",
        ),
        ("boxes", "boxes.csv", "image,brand,x1,y1,x2,y2\na.png,nike,9,1,2,2", "row 2: is no box"),
        ("boxes", "boxes.csv", "image,brand,x1,y1,x2,y2\na.png,,1,1,2,2", "row 2: has no brand"),
        ("boxes", "boxes.csv", "image,brand,x1,y1,x2,y2\n../../a.png,b,1,1,2,2", "leads out of"),
        (
            "flickrlogos-27",
            f"{STEM}_training_set_annotation.txt",
            "1.jpg Adidas 1 2 3",
            "row 1: has 5 fields",
        ),
        ("flickrlogos-27", f"{STEM}_query_set_annotation.txt", "1.jpg", "row 1: has 1 fields where 2"),
        (
            "flickrlogos-32",
            "testset.relpaths.txt",
            "jpg/esso/2.jpg",
            "row 1: 'jpg/esso/2.jpg' is not classes",
        ),
        (
            "flickrlogos-32",
            "testset.relpaths.txt",
            "classes/jpg/esso/9.jpg",
            r"9\.jpg\.bboxes\.txt: is not there",
        ),
        ("flickrlogos-32", "classes/masks/esso/2.jpg.bboxes.txt", "1 2 3", "is not x y width height"),
        ("logodet-3k", "Food/7-1/2.xml", "<annotation>", "is no XML of boxes"),
        ("logodet-3k", "Food/7-1/2.xml", voc("7-1", (1, 2, "", 4)), "has no box of four numbers"),
        ("logodet-3k", "Food/7-1/2.xml", voc("7-1", (9, 2, 3, 4)), "has no name or no area"),
        ("logodet-3k", "Food/7-1/2.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "is no XML of boxes"),
    ],
)
def test_a_malformed_row_is_refused_in_one_line(
    name: str, path: str, line: str, complaint: str, tmp_path: Path
) -> None:
    folder = MAKERS[name](tmp_path)
    text(folder / path, line)
    with pytest.raises(UsageError, match=complaint) as caught:
        read_boxes(folder, name)
    assert "\n" not in str(caught.value)


def test_a_parquet_box_that_is_none_is_refused(tmp_path: Path) -> None:
    folder = make_open_food_facts(tmp_path / "set")
    table = folder / "data" / "val-00000-of-00001.parquet"
    parquet(
        table, [tmp_path / "drawn0.png"], image_id=["a"], width=[120], height=[96],
        objects=[{"bbox": [[10.0, 20.0, 90.0, 80.0]], "category_name": ["brand"]}],
    )  # fmt: skip
    with pytest.raises(UsageError, match=r"row 0: \[10.0, 20.0, 90.0, 80.0\] is no box"):
        read_boxes(folder)


def test_a_folder_without_a_known_layout_is_told_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"boxes\.csv"):
        read_boxes(photos(tmp_path, "one.png"))
    with pytest.raises(UsageError, match="is not a folder"):
        read_boxes(tmp_path / "absent")
    assert detect(tmp_path) is None
