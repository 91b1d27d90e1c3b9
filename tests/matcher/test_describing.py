"""What is computed of catalog images does not depend on how many are computed at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.assembly import build_describer
from matcher.catalog import live_images
from matcher.catalog.tables import descriptors, keypoints
from matcher.config import ScanSettings
from matcher.describing import Describer
from matcher.workspace import Workspace
from tests.matcher import drawn
from tests.matcher.drawn import SETTINGS

Cache = list[tuple[object, ...]]


def described(folder: Path, threads: int, *, damaged: bool = False) -> tuple[Cache, Cache, list[str]]:
    """The caches of a workspace that was described anew, and what is wrong with them."""
    settings = SETTINGS.model_copy(update={"scan": ScanSettings(workers=threads)})
    with Workspace.open(drawn.workspace_folder(folder), settings) as workspace:
        with workspace.database.write() as connection:
            connection.execute(descriptors.delete())
            connection.execute(keypoints.delete())
        describer = build_describer(workspace, settings)
        images = images_of(describer)
        if damaged:
            workspace.store.path(images[2]).write_bytes(b"no image")
        told: list[tuple[int, int]] = []
        describer.fill(images, lambda *done: told.append(done))
        assert told[-1] == (len(images), len(images))
        with workspace.database.read() as connection:
            live = list(live_images(connection))
            found = [
                sorted(map(tuple, connection.execute(table.select()))) for table in (descriptors, keypoints)
            ]
        return found[0], found[1], describer.problems(live)


def images_of(describer: Describer) -> list[str]:
    with describer.database.read() as connection:
        return [image.content_hash for image in live_images(connection)]


@pytest.mark.parametrize("threads", [2, 5, 40])
def test_threads_give_what_one_gives(tmp_path: Path, threads: int) -> None:
    alone, together = described(tmp_path / "one", 1), described(tmp_path / "many", threads)
    assert alone == together
    assert len(alone[0]) == len(alone[1]) > 10
    assert alone[2] == []


def test_a_damaged_image_is_left_out_whoever_meets_it(tmp_path: Path) -> None:
    alone = described(tmp_path / "one", 1, damaged=True)
    assert alone == described(tmp_path / "many", 3, damaged=True)
    assert len(alone[2]) == 2
