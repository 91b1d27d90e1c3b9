"""Sets that are searched: each is known by what lies in its folder, and read as its publishers mean it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.adapters import TRUTH_SETS, detect, named
from benchmarks.adapters.grocery import COLUMNS
from benchmarks.products import products_from_folder
from benchmarks.truth_sets import truth_from_folder
from matcher.errors import UsageError
from tests.benchmarks.adapters.made import ids_of, kinds_of, parquet, photos, text, truth_of
from tests.benchmarks.drawings import drawn_photo, save

SOP_HEADER = "image_id class_id super_class_id path"
IN_SHOP_HEADER = "image_name item_id evaluation_status"
PARTITION = "Eval/list_eval_partition.txt"


def make_disc21(folder: Path) -> Path:
    photos(folder, *(f"references_0/images/references/R00000{n}.jpg" for n in range(3)))
    photos(folder, *(f"references_7/images/references/R00070{n}.jpg" for n in range(2)))
    photos(folder, *(f"final_queries/images/final_queries/Q5000{n}.jpg" for n in range(4)))
    photos(folder, *(f"dev_queries/images/queries/Q0000{n}.jpg" for n in range(3)))
    photos(folder, "train_19/images/train/T950000.jpg", "train_19/images/train/T950001.jpg")
    text(folder / "dev_ground_truth.csv", "query_id,reference_id", "Q00001,R000002")
    text(
        folder / "final_ground_truth.csv", "query_id,reference_id", "Q50000,R000001", "Q50000,R000700",
        "Q50001,", "Q50002,R999999", "Q50009,",
    )  # fmt: skip
    return folder


def make_copydays(folder: Path) -> Path:
    photos(folder, "original/200000.jpg", "original/200100.jpg", "strong/200001.jpg", "strong/200002.jpg")
    return photos(folder, "crops/50/200100.jpg", "jpegqual/3/200000.jpg", "distractors/a.jpg")


def make_online_products(folder: Path) -> Path:
    text(
        folder / "Ebay_test.txt", SOP_HEADER, "1 11319 1 bicycle_final/111_0.JPG",
        "2 11319 1 bicycle_final/111_1.JPG", "3 11320 5 fan_final/222_0.JPG",
    )  # fmt: skip
    return photos(folder, "bicycle_final/111_0.JPG", "bicycle_final/111_1.JPG", "fan_final/222_0.JPG")


def make_products_10k(folder: Path) -> Path:
    text(folder / "train.csv", "name,class,group", "1.jpg,0,0", "2.jpg,7,0")
    text(folder / "test_kaggletest.csv", "name,class,Usage", "9.jpg,7,Public")
    return photos(folder, "train/1.jpg", "train/2.jpg", "test/9.jpg")


def make_in_shop(folder: Path) -> Path:
    names = [f"img/WOMEN/Dresses/id_00000002/0{n}_1_front.jpg" for n in range(3)]
    rows = zip(
        names, ("id_00000002", "id_00000002", "id_00000001"), ("query", "gallery", "train"), strict=True
    )
    text(folder / "Eval" / "list_eval_partition.txt", "3", IN_SHOP_HEADER, *("   ".join(row) for row in rows))
    return photos(folder, *(f"Img/{name}" for name in names))


def make_metu(folder: Path) -> Path:
    photos(folder, "queries/a_12.jpg", "queries/b_12.jpg", "queries/c_3.jpg", "pool/999.jpg")
    return folder


def make_open_food_facts(folder: Path) -> Path:
    text(folder / "val.txt", "en-organic/1.png", "en-organic/2.png", "lidl/3.png")
    names = "en-organic/1.png", "en-organic/2.png", "lidl/3.png", "lidl/4.png"
    return photos(folder, *(f"logo_dataset/{name}" for name in names))


def make_lookbench(folder: Path) -> Path:
    shown = [save(drawn_photo(n), folder.parent / f"drawn{n}.png") for n in range(5)]
    subset = folder / "real_studio_flat"
    parquet(subset / "query.parquet", shown[:2], item_ID=["i1", "gone"], category=["dress", "shoe"])
    parquet(subset / "gallery.parquet", shown[2:4], item_ID=["i1", "i2"], category=["dress", "shoe"])
    parquet(folder / "noise" / "gallery.parquet", shown[4:], item_ID=["i1"], category=["hat"])
    return folder


def test_disc21_asks_the_listed_queries_of_the_references_that_are_there(tmp_path: Path) -> None:
    made = truth_from_folder(make_disc21(tmp_path), "copies")
    assert made.layout == detect(tmp_path) == "disc21"
    assert ids_of(made) == ["R000000", "R000001", "R000002", "R000700", "R000701"]
    assert truth_of(made) == {"Q50000": {"R000001", "R000700"}, "Q50001": set()}
    assert kinds_of(made) == {"Q50000": "copy", "Q50001": "distractor"}
    assert [photo.path.name for photo in made.training] == ["T950000.jpg", "T950001.jpg"]
    assert made.notes == (
        "1 queries left out: their photo is not there",
        "1 queries left out: their reference is not there",
    )


def test_disc21_takes_every_other_photo_as_a_distractor_where_only_copies_are_listed(tmp_path: Path) -> None:
    made = truth_from_folder(make_disc21(tmp_path), "copies", layout="disc21-dev")
    assert truth_of(made) == {"Q00000": set(), "Q00001": {"R000002"}, "Q00002": set()}


def test_disc21_is_known_by_the_challenge_s_own_folders_too(tmp_path: Path) -> None:
    photos(
        tmp_path, "images/references/R000000.jpg", "images/queries/Q00000.jpg", "images/queries/Q00001.jpg"
    )
    text(tmp_path / "list_files" / "public_ground_truth.csv", "Q00000,R000000", "Q00001,")
    assert detect(tmp_path) == "disc21-dev"
    assert truth_of(truth_from_folder(tmp_path, "copies")) == {"Q00000": {"R000000"}, "Q00001": set()}


def test_copydays_knows_an_attack_by_the_first_four_digits(tmp_path: Path) -> None:
    made = truth_from_folder(make_copydays(tmp_path), "copies")
    assert made.layout == detect(tmp_path) == "copydays"
    assert ids_of(made) == ["2000", "2001", "distractors/a.jpg"]
    assert truth_of(made) == {
        "strong/200001.jpg": {"2000"}, "strong/200002.jpg": {"2000"}, "crops/50/200100.jpg": {"2001"},
        "jpegqual/3/200000.jpg": {"2000"},
    }  # fmt: skip
    assert set(kinds_of(made).values()) == {"strong", "crops/50", "jpegqual/3"}


def test_copydays_originals_may_lie_beside_the_attacks(tmp_path: Path) -> None:
    photos(tmp_path, "200000.jpg", "strong/200001.jpg")
    assert truth_of(truth_from_folder(tmp_path, "copies")) == {"strong/200001.jpg": {"2000"}}


def test_online_products_leave_each_test_photo_out(tmp_path: Path) -> None:
    made = products_from_folder(make_online_products(tmp_path / "Stanford_Online_Products").parent)
    assert made.layout == "online-products"
    assert ids_of(made) == ["11319", "11319", "11320"]
    assert kinds_of(made) == {"bicycle_final/111_0.JPG": "bicycle", "bicycle_final/111_1.JPG": "bicycle"}
    assert [query.left_out for query in made.queries] == [0, 1]


def test_products_10k_looks_test_photos_up_among_training_photos(tmp_path: Path) -> None:
    made = products_from_folder(make_products_10k(tmp_path))
    assert made.layout == detect(tmp_path) == "products-10k"
    assert (ids_of(made), truth_of(made)) == (["0", "7"], {"test/9.jpg": {"7"}})


def test_in_shop_takes_the_gallery_and_the_queries(tmp_path: Path) -> None:
    made = products_from_folder(make_in_shop(tmp_path))
    assert made.layout == detect(tmp_path) == "in-shop"
    assert ids_of(made) == ["id_00000002"]
    assert made.references[0].path.is_file()
    assert [(query.kind, query.truth) for query in made.queries] == [("Dresses", {"id_00000002"})]
    assert made.queries[0].blob() == (tmp_path / "Img" / made.queries[0].query_id).read_bytes()


def test_metu_counts_every_mark_of_a_group_but_the_query_itself(tmp_path: Path) -> None:
    made = products_from_folder(make_metu(tmp_path))
    assert made.layout == detect(tmp_path) == "metu"
    assert ids_of(made) == ["queries/a_12.jpg", "queries/b_12.jpg", "queries/c_3.jpg", "pool/999.jpg"]
    assert truth_of(made) == {
        "queries/a_12.jpg": {"queries/b_12.jpg"}, "queries/b_12.jpg": {"queries/a_12.jpg"},
    }  # fmt: skip
    assert made.notes == ("1 queries left out: alone in their group",)


def test_open_food_facts_takes_the_logos_that_are_listed(tmp_path: Path) -> None:
    made = products_from_folder(make_open_food_facts(tmp_path))
    assert made.layout == detect(tmp_path) == "open-food-facts"
    assert ids_of(made) == ["en-organic", "en-organic", "lidl"]
    assert set(truth_of(made)) == {"logo_dataset/en-organic/1.png", "logo_dataset/en-organic/2.png"}


def test_lookbench_unpacks_one_subset_once_and_joins_the_noise(tmp_path: Path) -> None:
    folder = make_lookbench(tmp_path / "v20251201")
    made = products_from_folder(folder / "real_studio_flat")
    assert made.layout == detect(folder) == "lookbench"
    assert ids_of(made) == ["i1", "i2", "noise/i1"]
    assert truth_of(made) == {"query.parquet#0": {"i1"}, "query.parquet#1": set()}
    assert kinds_of(made) == {"query.parquet#0": "dress", "query.parquet#1": "distractor"}
    written = made.references[0].path
    assert written.read_bytes() == (tmp_path / "drawn2.png").read_bytes()
    stamp = written.stat().st_mtime_ns
    assert products_from_folder(folder / "real_studio_flat").references == made.references
    assert written.stat().st_mtime_ns == stamp


def test_lookbench_asks_for_one_of_several_subsets(tmp_path: Path) -> None:
    folder = make_lookbench(tmp_path / "v20251201")
    (folder / "aigen_studio").symlink_to(folder / "real_studio_flat")
    with pytest.raises(UsageError, match="name one of aigen_studio, real_studio_flat"):
        products_from_folder(folder)


def test_a_row_added_to_the_parquet_file_unpacks_it_anew(tmp_path: Path) -> None:
    folder = make_lookbench(tmp_path / "v20251201") / "real_studio_flat"
    products_from_folder(folder)
    shown = [tmp_path / f"drawn{n}.png" for n in range(3)]
    parquet(folder / "gallery.parquet", shown, item_ID=["i1", "i2", "i3"], category=["a", "b", "c"])
    assert ids_of(products_from_folder(folder))[:3] == ["i1", "i2", "i3"]


def test_a_published_set_of_copies_is_halved_by_its_queries(tmp_path: Path) -> None:
    make_copydays(tmp_path)
    photos(tmp_path, *(f"strong/2001{n:02d}.jpg" for n in range(1, 20)))
    tune, report = (truth_of(truth_from_folder(tmp_path, "copies", part=part)) for part in ("tune", "report"))  # type: ignore[arg-type]
    assert not tune.keys() & report.keys()
    assert tune | report == truth_of(truth_from_folder(tmp_path, "copies"))


def test_a_folder_of_photos_still_has_copies_made_of_it(tmp_path: Path) -> None:
    made = truth_from_folder(photos(tmp_path, *(f"{n}.jpg" for n in range(12))), "copies", seed=3)
    assert made.layout == "copies"


def test_every_layout_has_a_name_of_its_own_and_a_wrong_name_lists_them(tmp_path: Path) -> None:
    names = [adapter.name for adapter in TRUTH_SETS]
    assert len(set(names)) == len(names)
    with pytest.raises(UsageError, match="no layout 'disk21'; there are csv, disc21"):
        named("disk21", TRUTH_SETS)
    with pytest.raises(UsageError, match="no layout 'disk21'"):
        truth_from_folder(tmp_path, "copies", layout="disk21")


@pytest.mark.parametrize(
    ("make", "path", "lines", "complaint"),
    [
        (make_disc21, "final_ground_truth.csv", ("Q50000,R000001,0.5",), "row 1: has 3 fields where 2"),
        (make_disc21, "final_ground_truth.csv", ("Q50000,",  "R000001,Q50000"), "row 2: 'R000001,Q50000'"),
        (make_online_products, "Ebay_test.txt", (SOP_HEADER, "1 x 1 a.jpg"), "row 2: ids are whole numbers"),
        (make_online_products, "Ebay_test.txt", (SOP_HEADER, "1 2 1"), "row 2: has 3 fields where 4"),
        (make_online_products, "Ebay_test.txt", ("1 2 1 a.jpg",), "does not begin with 'image_id"),
        (make_online_products, "Ebay_test.txt", (SOP_HEADER, "1 2 1 ../../a.jpg"), "leads out of"),
        (make_products_10k, "train.csv", ("name,label", "1.jpg,0"), "has no column class"),
        (make_products_10k, "train.csv", ("name,class,group", "1.jpg,shoe,0"), "row 2: class 'shoe'"),
        (make_products_10k, "train.csv", ("name,class", "1.jpg,0,0,0"), "row 2: has more cells"),
        (make_products_10k, "test_kaggletest.csv", ("name,class,Usage", "9.jpg,8,Public"), "class 8 has no"),
        (make_in_shop, PARTITION, ("2", IN_SHOP_HEADER, "a b query"), "2 photos and lists 1"),
        (make_in_shop, PARTITION, ("1", IN_SHOP_HEADER, "a b test"), "row 3: status 'test'"),
        (make_in_shop, PARTITION, ("1", IN_SHOP_HEADER, "a query"), "row 3: has 2 fields"),
        (make_in_shop, PARTITION, ("1", IN_SHOP_HEADER, "a b query"), "item b has no gallery"),
        (make_open_food_facts, "val.txt", ("en-organic/1.png", "2.png"), "row 2: '2.png' is not LABEL/FILE"),
        (make_open_food_facts, "val.txt", ("en-organic/../../x.png",), "is not LABEL/FILE"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_refused_in_one_line(
    make: Callable[[Path], Path], path: str, lines: tuple[str, ...], complaint: str, tmp_path: Path
) -> None:
    folder = make(tmp_path)
    layout = detect(folder)
    text(folder / path, *lines)
    with pytest.raises(UsageError, match=complaint) as caught:
        named(layout or "", TRUTH_SETS).read(folder)
    assert "\n" not in str(caught.value)
    assert path.rpartition("/")[2] in str(caught.value) or "leads out" in complaint


def test_names_that_say_nothing_are_refused(tmp_path: Path) -> None:
    make_metu(tmp_path / "metu")
    photos(tmp_path / "metu", "queries/nike.jpg")
    with pytest.raises(UsageError, match=r"nike\.jpg: a query of METU is named"):
        products_from_folder(tmp_path / "metu")
    make_copydays(tmp_path / "copydays")
    photos(tmp_path / "copydays", "strong/cat.jpg")
    with pytest.raises(UsageError, match=r"cat\.jpg: a photo of Copydays is named"):
        truth_from_folder(tmp_path / "copydays", "copies")
    photos(tmp_path / "orphan", "original/200000.jpg", "strong/999901.jpg")
    with pytest.raises(UsageError, match="no original of block 9999"):
        truth_from_folder(tmp_path / "orphan", "copies")


def test_a_parquet_row_without_an_image_or_item_is_refused(tmp_path: Path) -> None:
    folder = make_lookbench(tmp_path / "v1") / "real_studio_flat"
    parquet(folder / "gallery.parquet", [None], item_ID=["i1"])
    with pytest.raises(UsageError, match=r"gallery\.parquet row 0: has no image"):
        products_from_folder(folder)
    assert not list(folder.glob("*.part")) + list(folder.glob("gallery.images"))
    parquet(folder / "gallery.parquet", [tmp_path / "drawn0.png"], item_ID=["i1"])
    parquet(folder / "query.parquet", [tmp_path / "drawn0.png"], item_ID=[None])
    with pytest.raises(UsageError, match="row 0: has no item_ID"):
        products_from_folder(folder)
    text(folder / "gallery.parquet", "no table")
    with pytest.raises(UsageError, match="is no Parquet file"):
        products_from_folder(folder)


def test_a_grocery_list_that_is_none_is_refused(tmp_path: Path) -> None:
    header = ",".join(COLUMNS)
    text(tmp_path / "classes.csv", header, "7,Oat-Drink,Milk,/icons/Packages/Oat.png")
    text(tmp_path / "val.txt", "val/Packages/o2.png, 7, 3")
    text(tmp_path / "train.txt", "train/Packages/o1.png")
    with pytest.raises(UsageError, match=r"train\.txt row 1: is not 'path, class, coarse class'"):
        products_from_folder(tmp_path)
    text(tmp_path / "train.txt", "train/Packages/o1.png, 7, 3")
    text(tmp_path / "test.txt", "test/Packages/o3.png, 7, 3")
    assert len(products_from_folder(tmp_path).queries) == 3
