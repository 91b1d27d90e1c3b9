"""Each layout is recognised by what lies in the folder, and read as its publishers mean it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.datasets import TruthSet
from benchmarks.products import products_from_folder
from matcher.errors import UsageError
from tests.benchmarks.drawings import drawn_photo, save

GROCERY_HEADER = (
    "Class Name (str),Class ID (int),Coarse Class Name (str),Coarse Class ID (int),Iconic Image Path (str)"
)


def truth_of(made: TruthSet) -> dict[str, frozenset[str]]:
    return {query.query_id: query.truth for query in made.queries}


def photos(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        save(drawn_photo(number), folder / name)
    return folder


def test_grocery_takes_the_packages_and_leaves_the_fruit(tmp_path: Path) -> None:
    (tmp_path / "classes.csv").write_text(
        f"{GROCERY_HEADER}\nPlum,0,Fruit,0,/icons/Fruit/Plum.png\nOat-Drink,7,Milk,3,/icons/Packages/Oat.png\n"
    )
    (tmp_path / "train.txt").write_text("train/Packages/o1.png, 7, 3\ntrain/Fruit/p1.png, 0, 0\n")
    (tmp_path / "val.txt").write_text("val/Packages/o2.png, 7, 3\n")
    photos(tmp_path, "icons/Packages/Oat.png", "train/Packages/o1.png", "val/Packages/o2.png")
    made = products_from_folder(tmp_path)
    assert made.layout == "grocery"
    assert [(each.reference_id, each.path.name) for each in made.references] == [("Oat-Drink", "Oat.png")]
    assert truth_of(made) == {"train/Packages/o1.png": {"Oat-Drink"}, "val/Packages/o2.png": {"Oat-Drink"}}
    assert {query.kind for query in made.queries} == {"Milk"}
    assert made.queries[0].blob() == (tmp_path / "train/Packages/o1.png").read_bytes()


def test_views_of_a_style_and_colour_are_looked_up_among_main_views(tmp_path: Path) -> None:
    names = (
        "mh02-black_main",
        "mh02-black_back",
        "mh02-red_main",
        "mb01-blue",
        "mb01-blue_alt1",
        "wx09-grey_back",
    )
    made = products_from_folder(photos(tmp_path, *(f"images/{name}.png" for name in names)))
    assert made.layout == "magento_luma"
    assert [each.reference_id for each in made.references] == ["mb01-blue", "mh02-black", "mh02-red"]
    assert truth_of(made) == {
        "images/mb01-blue_alt1.png": {"mb01-blue"},
        "images/mh02-black_back.png": {"mh02-black"},
    }
    assert made.notes == ("1 photos of products without a main view left out",)


def test_two_folders_hold_references_and_queries(tmp_path: Path) -> None:
    made = products_from_folder(
        photos(tmp_path, "references/a/1.png", "references/a/2.png", "queries/a/3.png", "queries/z/4.png")
    )
    assert made.layout == "folders"
    assert [each.reference_id for each in made.references] == ["a", "a"]
    assert truth_of(made) == {"queries/a/3.png": {"a"}, "queries/z/4.png": frozenset()}


def test_a_folder_an_id_leaves_each_photo_out_in_turn(tmp_path: Path) -> None:
    made = products_from_folder(photos(tmp_path, "a/1.png", "a/2.png", "b/3.png"))
    assert made.layout == "leave-one-out"
    assert truth_of(made) == {"a/1.png": {"a"}, "a/2.png": {"a"}}
    for query in made.queries:
        assert query.left_out is not None
        assert made.references[query.left_out].path == tmp_path / query.query_id


def test_a_csv_of_truth_joins_ids_and_knows_distractors(tmp_path: Path) -> None:
    photos(tmp_path, "r1.png", "r2.png", "q.png")
    (tmp_path / "references.csv").write_text("reference_id,image\nA,r1.png\nB,r2.png\n", encoding="utf-8-sig")
    (tmp_path / "queries.csv").write_text("query_id,image,reference_ids\n1,q.png,A|B\n2,q.png,\n")
    made = products_from_folder(tmp_path)
    assert made.layout == "csv"
    assert truth_of(made) == {"1": {"A", "B"}, "2": frozenset()}
    assert made.distractors == 1


@pytest.mark.parametrize(
    ("references", "queries", "complaint"),
    [
        ("reference_id,picture\nA,r.png\n", "query_id,image,reference_ids\n", "has no column image"),
        ("reference_id,image\nA,r.png\n", "query_id,image,reference_ids\n1,q.png,C\n", "row 2: reference C"),
        ("reference_id,image\nA,../../r.png\n", "query_id,image,reference_ids\n1,q.png,A\n", "leads out of"),
        ("reference_id,image\nA,r.png\n", "query_id,image,reference_ids\n", "0 queries"),
    ],
)
def test_a_wrong_csv_is_refused_in_one_line(
    tmp_path: Path, references: str, queries: str, complaint: str
) -> None:
    (tmp_path / "references.csv").write_text(references)
    (tmp_path / "queries.csv").write_text(queries)
    with pytest.raises(UsageError, match=complaint) as caught:
        products_from_folder(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_known_layout_is_told_which_files_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"references\.csv"):
        products_from_folder(photos(tmp_path, "one.png"))


def test_one_third_is_for_tuning_and_every_product_has_its_share(tmp_path: Path) -> None:
    photos(tmp_path, *(f"queries/{name}/{number}.png" for name in "abc" for number in range(6)))
    photos(tmp_path, *(f"references/{name}/r.png" for name in "abc"))
    tune, report = products_from_folder(tmp_path, part="tune"), products_from_folder(tmp_path, part="report")
    assert sorted(min(query.truth) for query in tune.queries) == list("aabbcc")
    assert len(report.queries) == 12
    assert not {query.query_id for query in tune.queries} & {query.query_id for query in report.queries}
    assert tune.references == report.references
