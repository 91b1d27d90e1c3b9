"""Copies are made with roles that never mix; the same seed makes the same set."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.datasets import BACKGROUNDS, copies_from_folder, distinct, edited_blob, half_of, open_photo
from benchmarks.edits import EDITS
from matcher.errors import ImageError, UsageError
from tests.benchmarks.drawings import drawn_photo, folder_of_photos, save


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of_photos(tmp_path_factory.mktemp("photos"), 160)


def test_references_distractors_and_backgrounds_are_different_photos(photos: Path) -> None:
    made = copies_from_folder(photos, references=60, edited=28, distractors=40)
    assert (len(made.references), len(made.queries), made.distractors, made.notes) == (60, 68, 40, ())
    references = {reference.reference_id for reference in made.references}
    for query in made.queries:
        source = query.query_id.partition("#")[0]
        assert (source in references) == bool(query.truth)
        assert query.truth in (frozenset(), {source})
        assert not references.intersection(str(path) for path in getattr(query.blob, "args", ((),))[-1])


def test_the_kinds_take_turns_and_every_second_distractor_is_edited(photos: Path) -> None:
    made = copies_from_folder(photos, references=60, edited=28, distractors=40)
    kinds = [query.kind for query in made.queries if query.truth]
    assert {kind: kinds.count(kind) for kind in EDITS} == dict.fromkeys(EDITS, 2)
    distractors = [query for query in made.queries if query.kind == "distractor"]
    assert sum("#" in query.query_id for query in distractors) == 20


def test_a_query_gives_the_same_bytes_in_any_order_and_process(photos: Path) -> None:
    first = copies_from_folder(photos, references=20, edited=14, distractors=6, seed=5)
    again = copies_from_folder(photos, references=20, edited=14, distractors=6, seed=5)
    blobs = [query.blob() for query in first.queries]
    for query, blob in reversed(list(zip(again.queries, blobs, strict=True))):
        assert pickle.loads(pickle.dumps(query.blob))() == blob
        assert Image.open(io.BytesIO(blob)).convert("RGB").size > (1, 1)


def test_another_seed_chooses_other_photos(photos: Path) -> None:
    chosen = {
        copies_from_folder(photos, references=20, edited=1, distractors=0, seed=seed).references
        for seed in range(3)
    }
    assert len(chosen) == 3


def test_tuning_and_reporting_share_no_photo(photos: Path) -> None:
    def used(part: str) -> set[str]:
        made = copies_from_folder(photos, references=5, edited=5, distractors=5, part=part)  # type: ignore[arg-type]
        sources = {query.query_id.partition("#")[0] for query in made.queries}
        return sources | {reference.reference_id for reference in made.references}

    assert not used("tune") & used("report")
    assert {half_of(name) for name in used("tune")} == {"tune"}


def test_a_small_folder_shrinks_every_role_and_says_so(tmp_path: Path) -> None:
    made = copies_from_folder(folder_of_photos(tmp_path, 50))
    total = 1000 + 500 + BACKGROUNDS
    assert len(made.references) == 50 * 1000 // total
    assert made.distractors == 50 * 500 // total
    assert f"50 distinct photos where {total} are wanted" in made.notes[0]


def test_identical_photos_count_once(tmp_path: Path) -> None:
    paths = [save(drawn_photo(number % 3), tmp_path / f"{number}.png") for number in range(9)]
    assert distinct(paths) == paths[:3]
    assert distinct(paths, 2) == paths[:2]
    with pytest.raises(UsageError, match="3 distinct photos"):
        copies_from_folder(tmp_path)


def test_a_file_that_is_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        copies_from_folder(tmp_path / "absent")


def test_a_photo_that_cannot_be_edited_is_an_image_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff but no more")
    with pytest.raises(ImageError, match=r"broken\.jpg"):
        edited_blob(broken, "crop", 0, "broken", ())


def test_a_photo_is_edited_upright_and_no_longer_than_a_marketplace_keeps_it(tmp_path: Path) -> None:
    sideways = Image.new("RGB", (2000, 1000), "orange")
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways.save(tmp_path / "phone.jpg", exif=exif)
    assert open_photo(tmp_path / "phone.jpg").size == (800, 1600)
