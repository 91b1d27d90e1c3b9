"""Speed runs make distinct photos, watch a real process and report the figures they promise."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing import parent_process
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from benchmarks.made_photos import PhotoMaker
from benchmarks.photo_source import PhotoSource
from benchmarks.report import markdown
from benchmarks.scan_speed import Memory, tree_memory, variables_of, watched
from benchmarks.speed import SpeedPlan, measure_speed
from benchmarks.speed_stages import Parts
from matcher.config import ImageSettings, Settings, load_settings
from matcher.errors import UsageError
from matcher.images import decode
from matcher.models import Correspondence, Descriptors, Keypoints, Pixels
from tests.benchmarks.text.scripted_reader import ScriptedReader
from tests.matcher.models.tiny_logos import write_tiny

SMALL = (96, 72)

MATCHER = """
import pathlib, sys
folder = pathlib.Path(sys.argv[2])
folder.mkdir(exist_ok=True)
with open(folder / "calls", "a") as calls:
    print(*sys.argv[3:], file=calls)
if "scan" in sys.argv:
    sys.exit("no scan today" if (folder.parent / "refuse").exists() else 0)
"""


class FixedEmbedder:
    name, fingerprint, dims, reference_views, photo_views = "fixed", "1", 8, 2, 3

    def embed_references(self, images: Sequence[Pixels]) -> Descriptors:
        return np.full((len(images), self.reference_views, self.dims), 8**-0.5, np.float32)

    def embed_photos(self, images: Sequence[Pixels]) -> Descriptors:
        return np.full((len(images), self.photo_views, self.dims), 8**-0.5, np.float32)


class NoKeypoints:
    name, fingerprint = "none", "1"

    def detect(self, image: Pixels) -> Keypoints:
        nowhere = np.empty((0, 2), np.float32)
        return Keypoints(nowhere, nowhere, np.empty((0, 128), np.uint8), 1.0, np.zeros((64, 64, 3), np.uint8))

    def match(
        self, photo: Keypoints, pixels: Pixels, reference: Keypoints, *, mirrored: bool
    ) -> Correspondence | None:
        return None


def fixed_parts(settings: Settings, embedder: str) -> Parts:
    return Parts(FixedEmbedder(), NoKeypoints(), NoKeypoints(), ScriptedReader({}))


def no_parts(settings: Settings, embedder: str) -> Parts:
    if parent_process() is None:
        return fixed_parts(settings, embedder)
    raise RuntimeError("no models today")


def deadly_parts(settings: Settings, embedder: str) -> Parts:
    if parent_process() is None:
        return fixed_parts(settings, embedder)
    os._exit(9)


@pytest.fixture
def plan(tmp_path: Path) -> SpeedPlan:
    script = tmp_path / "matcher_stand_in.py"
    script.write_text(MATCHER)
    return SpeedPlan(
        photos=3, rounds=2, references=4, listings=70, size=SMALL,
        folder=tmp_path / "scan", command=(sys.executable, str(script)),
    )  # fmt: skip


def test_made_photos_are_distinct_the_same_again_and_decode() -> None:
    maker = PhotoMaker("test", size=SMALL)
    blobs = [maker.blob(number) for number in range(30)]
    pictures = [decode(blob, "made", ImageSettings()) for blob in blobs]
    assert len({hashlib.sha256(picture.pixels.tobytes()).digest() for picture in pictures}) == 30
    assert PhotoMaker("test", size=SMALL).blob(7) == blobs[7]
    assert PhotoMaker("other", size=SMALL).blob(7) != blobs[7]
    assert len({maker.copy_of(blobs[0], number) for number in range(4)}) == 4


def test_photos_of_folders_are_all_used_once_and_brought_to_the_size(tmp_path: Path) -> None:
    for number in range(12):
        folder = tmp_path / f"shop {number % 2}"
        folder.mkdir(exist_ok=True)
        Image.new("RGB", (60, 90), (20 * number, 0, 99)).save(folder / f"{number}.png")
    source = PhotoSource((320, 240), (tmp_path / "shop 0", tmp_path / "shop 1"))
    source.check(12)
    blobs = [source.references().blob(number) for number in range(5)]
    blobs += [source.listings(5).blob(number) for number in range(7)]
    pictures = [decode(blob, "real", ImageSettings()) for blob in blobs]
    assert {(picture.width, picture.height) for picture in pictures} == {(160, 240)}
    reds = sorted(int(picture.pixels[:, :, 0].mean()) for picture in pictures)
    assert reds == pytest.approx([20 * number for number in range(12)], abs=2)
    with pytest.raises(UsageError, match="12 photos in the folders of --of, 13 needed"):
        source.check(13)
    with pytest.raises(UsageError, match="is not a folder"):
        PhotoSource((320, 240), (tmp_path / "none",)).check(1)


def test_a_folder_keeps_photos_of_one_source(tmp_path: Path) -> None:
    made, real = PhotoSource((320, 240)), PhotoSource((320, 240), (tmp_path,))
    made.keep_in(tmp_path / "kept", 3)
    made.keep_in(tmp_path / "kept", 5)
    for other, references in ((real, 3), (PhotoSource((160, 120)), 3)):
        with pytest.raises(UsageError, match="holds other photos; remove them or name another folder"):
            other.keep_in(tmp_path / "kept", references)
    real.keep_in(tmp_path / "real", 3)
    with pytest.raises(UsageError, match="holds other photos"):
        real.keep_in(tmp_path / "real", 4)


def test_a_file_that_is_no_photo_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    with pytest.raises(UsageError, match=r"a\.jpg: cannot be read; take it out of the folder"):
        PhotoSource((320, 240), (tmp_path,)).samples().blob(0)


def test_each_stage_gives_a_figure_and_its_rounds(plan: SpeedPlan) -> None:
    found = measure_speed(plan, [], Settings(), make_parts=fixed_parts)
    json.dumps(found)
    assert set(found) >= {"task", "metrics", "by", "settings", "model", "seconds"}
    assert found["model"] == "fixed@1"
    stages = ("decode", "embed", "search", "vote", "verify", "ocr")
    assert isinstance(found["metrics"], dict)
    assert isinstance(found["rounds_ms"], dict)
    assert set(found["rounds_ms"]) == set(stages)
    assert {f"{name}_ms" for name in stages} < set(found["metrics"])
    assert all(len(each) == plan.rounds for each in found["rounds_ms"].values())  # type: ignore[arg-type]


def test_one_stage_alone_needs_no_model(plan: SpeedPlan) -> None:
    found = measure_speed(plan, ["decode"], Settings())
    assert isinstance(found["metrics"], dict)
    assert (list(found["metrics"]), found["model"]) == (["decode_ms", "decode_per_second"], None)


def test_processes_run_a_stage_together(plan: SpeedPlan) -> None:
    found = measure_speed(replace(plan, processes=2), ["decode"], Settings())
    assert isinstance(found["metrics"], dict)
    assert isinstance(found["rounds_ms"], dict)
    rounds = found["rounds_ms"]["decode"]
    assert isinstance(rounds, list)
    assert len(rounds) == 2 * plan.rounds
    ms, pace = found["metrics"]["decode_ms"], found["metrics"]["decode_per_second"]
    assert pace == pytest.approx(2000 / ms, rel=0.01)  # type: ignore[operator]


def test_a_process_that_fails_ends_them_all_with_its_words(plan: SpeedPlan) -> None:
    with pytest.raises(UsageError, match="a process of 2 ended: RuntimeError: no models today"):
        measure_speed(replace(plan, processes=2), ["embed"], Settings(), make_parts=no_parts)
    with pytest.raises(UsageError, match="a process of 2 ended: it was killed"):
        measure_speed(replace(plan, processes=2), ["embed"], Settings(), make_parts=deadly_parts)


@pytest.mark.slow
def test_our_reader_is_timed_beside_the_package_it_is_built_on(plan: SpeedPlan) -> None:
    found = measure_speed(replace(plan, photos=1, rounds=1, size=(320, 240)), ["ocr"], Settings())
    assert isinstance(found["metrics"], dict)
    assert {"ocr_ms", "ocr_package_ms"} < set(found["metrics"])


def test_looking_for_logos_is_timed_where_models_are_named(plan: SpeedPlan, tmp_path: Path) -> None:
    models = Settings().models.model_copy(update={"logo": f"onnx:{write_tiny(tmp_path / 'models')}"})
    found = measure_speed(plan, ["logo"], Settings(models=models))
    assert isinstance(found["metrics"], dict)
    assert list(found["metrics"]) == ["logo_ms", "logo_per_second"]
    without = Settings().models.model_copy(update={"logo": "none"})
    with pytest.raises(UsageError, match="the stage logo needs models"):
        measure_speed(plan, ["logo"], Settings(models=without))


def test_a_scan_is_run_end_to_end_on_listings_of_which_three_percent_are_related(plan: SpeedPlan) -> None:
    assert plan.folder is not None
    found = measure_speed(plan, ["scan"], Settings())
    figures = found["metrics"]
    assert isinstance(figures, dict)
    assert (figures["references"], figures["listings"], figures["few_listings"]) == (4, 70, 70)
    assert set(figures) >= {"photos_per_second", "peak_mib", "growth_mib"}
    calls = (plan.folder / "workspace" / "calls").read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["brand", "catalog", "scan"]
    with (plan.folder / "listings-70.csv").open() as file:
        rows = list(csv.DictReader(file))
    blobs = {(plan.folder / row["image"]).read_bytes() for row in rows}
    assert len({row["listing_id"] for row in rows}) == len(blobs) == 70


def test_a_command_can_be_given_settings_by_its_environment() -> None:
    models = Settings().models.model_copy(update={"text": "none", "photo_tiles": ((0.5, 2),)})
    chosen = Settings(models=models)
    variables = variables_of(chosen)
    assert variables == {"MATCHER__MODELS__TEXT": '"none"', "MATCHER__MODELS__PHOTO_TILES": "[[0.5, 2]]"}
    assert load_settings(None, variables) == chosen


def test_a_scan_that_fails_is_told_in_one_line(plan: SpeedPlan) -> None:
    assert plan.folder is not None
    plan.folder.mkdir()
    (plan.folder / "refuse").touch()
    with pytest.raises(UsageError, match=r"ended with code 1: no scan today"):
        measure_speed(plan, ["scan"], Settings())
    with pytest.raises(UsageError, match="is there from another run"):
        measure_speed(plan, ["scan"], Settings())


def test_memory_is_sampled_while_the_work_runs() -> None:
    memory = Memory()
    with watched(psutil.Process(), memory):
        pass
    assert memory.peak > 1
    assert tree_memory(psutil.Process()) > 2**20
    assert Memory().peak == 0


def test_empty_sizes_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 1 photo"):
        measure_speed(SpeedPlan(photos=0), ["decode"], Settings())
    with pytest.raises(UsageError, match="photos of 0 x 9: give at least 64 pixels a side"):
        measure_speed(SpeedPlan(size=(0, 9)), ["decode"], Settings())


def test_a_file_is_no_folder_for_a_scan(plan: SpeedPlan, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file: is a file; name a folder"):
        measure_speed(replace(plan, folder=tmp_path / "file"), ["scan"], Settings())


def test_a_speed_file_has_its_own_table_in_the_report(tmp_path: Path) -> None:
    (tmp_path / "speed.json").write_text(
        '{"task": "speed", "metrics": {"decode_ms": 7.25, "photos_per_second": 11.5}, "model": null,'
        ' "settings": {}, "seconds": 9, "by": {}}'
    )
    table = markdown(tmp_path).splitlines()
    assert "| decode_ms |" in table[0]
    assert table[-1].startswith("| speed.json |")
    assert "7.25" in table[-1]


def test_a_model_is_told_once_and_by_its_first_digits(tmp_path: Path) -> None:
    speed = {"task": "speed", "metrics": {"embed_ms": 1.5}, "settings": {}, "seconds": 9}
    digits = "0123456789ab"
    for number, model in enumerate(
        (f"m@{digits}@{digits}{'c' * 52}", f"m@{digits}{'c' * 52}", f"m@{digits}")
    ):
        (tmp_path / f"{number}.json").write_text(json.dumps({**speed, "model": model}))
    assert markdown(tmp_path).count(f"| m@{digits} |") == 3
