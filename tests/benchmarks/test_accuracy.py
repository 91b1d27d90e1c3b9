"""A finder is measured on what can be read, and what cannot is counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.accuracy import Pictures, by_kind, limited, measure, results
from benchmarks.datasets import Query, ReferenceImage, TruthSet, copies_from_folder, file_query
from benchmarks.metrics import METRICS
from benchmarks.products import products_from_folder
from matcher.config import ImageSettings
from matcher.errors import UsageError
from matcher.images import Picture, decode
from tests.benchmarks.drawings import drawn_photo, folder_of_photos, save
from tests.benchmarks.histogram_finder import HistogramFinder


def decoded(blob: bytes, source: str) -> Picture:
    return decode(blob, source, ImageSettings())


@pytest.fixture
def truth(tmp_path: Path) -> TruthSet:
    """Four references, each looked up by its own photo, and one distractor."""
    paths = [save(drawn_photo(number), tmp_path / f"{number}.png") for number in range(5)]
    references = tuple(ReferenceImage(path.stem, path) for path in paths[:4])
    queries = [file_query(path, tmp_path, frozenset({path.stem}), f"kind {path.stem}") for path in paths[:4]]
    return TruthSet(
        "drawn", "csv", references, (*queries, file_query(paths[4], tmp_path, frozenset(), "distractor"))
    )


def test_identical_photos_are_found_without_a_miss(truth: TruthSet) -> None:
    finder = HistogramFinder()
    found = results("copies", truth, finder, measure(truth, finder, decoded), resamples=20)
    perfect = dict.fromkeys(METRICS, 1.0) | {f"{name}_ci": [1.0, 1.0] for name in METRICS}
    assert found["metrics"] == perfect
    assert found["model"] == "histogram@1"
    assert found["settings"] == {"model": "histogram@1", "levels": 4}
    assert set(found["by"]) == {f"kind {number}" for number in range(4)}  # type: ignore[arg-type]
    assert found["counts"] == {
        "references": 4,
        "reference_images": 4,
        "queries": 5,
        "distractors": 1,
        "skipped_references": 0,
        "skipped_queries": 0,
    }


def test_unreadable_images_and_the_queries_that_need_them_are_skipped_and_counted(truth: TruthSet) -> None:
    truth.references[1].path.write_bytes(b"no image")
    absent = replace(truth.queries[2], blob=(truth.references[0].path.parent / "absent.png").read_bytes)
    measured = measure(
        replace(truth, queries=(*truth.queries[:2], absent, *truth.queries[3:])), HistogramFinder(), decoded
    )
    assert (measured.skipped_references, measured.skipped_queries) == (1, 2)
    assert measured.kinds == ("kind 0", "kind 3", "distractor")
    assert measured.pairs.true_pairs.tolist() == [1, 1, 0]


def test_a_query_with_several_images_of_its_reference_counts_the_best(truth: TruthSet) -> None:
    twice = replace(truth, references=(*truth.references, ReferenceImage("0", truth.references[3].path)))
    measured = measure(twice, HistogramFinder(), decoded)
    assert len(measured.pairs.score) == 5 * 4
    assert measured.pairs.first_right[:4].tolist() == [1, 1, 1, 2]


def test_a_photo_left_out_does_not_find_itself(tmp_path: Path) -> None:
    for product in range(2):
        for view in range(3):
            photo = drawn_photo(product)
            photo.putpixel((0, 0), (view, 0, 0))
            save(photo, tmp_path / str(product) / f"{view}.png")
    (tmp_path / "0" / "0.png").write_bytes(b"unreadable, so that indices move")
    measured = measure(products_from_folder(tmp_path), HistogramFinder(), decoded)
    assert measured.skipped_references == 1
    assert measured.pairs.first_right.tolist() == [1] * 5


def test_nothing_to_measure_is_said_in_one_line(truth: TruthSet) -> None:
    with pytest.raises(UsageError, match="no query with a true reference"):
        measure(replace(truth, queries=truth.queries[4:]), HistogramFinder(), decoded)
    for reference in truth.references:
        reference.path.write_bytes(b"")
    with pytest.raises(UsageError, match="no reference can be read"):
        measure(truth, HistogramFinder(), decoded)


def test_a_limit_draws_queries_of_every_sort(tmp_path: Path) -> None:
    made = copies_from_folder(folder_of_photos(tmp_path, 80), references=14, edited=14, distractors=6)
    few = limited(made, 10, seed=1)
    assert 0 < few.distractors < 10
    assert few.references == made.references
    assert few.notes[-1] == "10 of 20 queries looked up"
    assert limited(made, None) is made
    with pytest.raises(UsageError, match="--limit"):
        limited(made, 0)


def test_kinds_are_judged_against_all_distractors(truth: TruthSet) -> None:
    def loud(query: Query) -> Query:
        """A distractor that is a reference's photo: it outranks everything it ties with."""
        return replace(query, blob=truth.queries[0].blob)

    noisy = replace(truth, queries=(*truth.queries[:4], loud(truth.queries[4])))
    table = by_kind(measure(noisy, HistogramFinder(), decoded), resamples=0, seed=0)
    assert {row["R@1"] for row in table.values()} == {1.0}
    assert {row["uAP"] for row in table.values()} == {0.5}


def test_references_are_decoded_on_demand(truth: TruthSet) -> None:
    pictures = Pictures(truth.references, decoded)
    assert len(pictures) == 4
    assert [picture.width for picture in pictures[1:3]] == [120, 120]
    truth.references[0].path.unlink()
    with pytest.raises(OSError, match="0"):
        pictures[0]
