"""The galleries follow the catalog through imports, removals and damage, whoever brings them up and when."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select, update

from matcher.assembly import build_galleries
from matcher.catalog import (
    image_facts,
    last_number,
    live_images,
    remove_brand,
    remove_product,
    verify_catalog,
)
from matcher.catalog.tables import descriptors, keypoints
from matcher.config import ModelSettings
from matcher.galleries import Galleries
from matcher.records import ImageRole
from matcher.workspace import Workspace
from tests.matcher import drawn
from tests.matcher.drawn import SETTINGS


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Both brands' products, and galleries that hold them."""
    with Workspace.open(drawn.workspace_folder(tmp_path / "workspace"), SETTINGS) as opened:
        yield opened


@pytest.fixture
def galleries(workspace: Workspace) -> Galleries:
    return build_galleries(workspace)


def references(workspace: Workspace) -> dict[int, str]:
    """The reference of every searched image of the catalog."""
    with workspace.database.read() as connection:
        return {
            fact.image_id: fact.reference_id
            for fact in image_facts(connection)
            if fact.role is not ImageRole.LOGO
        }


def content_hashes(workspace: Workspace) -> list[str]:
    """Of every image of the catalog."""
    with workspace.database.read() as connection:
        return [image.content_hash for image in live_images(connection)]


def answers(galleries: Galleries, numbers: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """What both galleries answer to photos of the products: ids by descriptor and by vote, best first."""
    gallery, votes = galleries.open()
    found = []
    for number in numbers:
        photo = drawn.pixels(drawn.product(number))
        near = gallery.search(galleries.embedder.embed_references([photo])[0], 5)
        keypoints = galleries.detector.detect(photo)
        found.append((near.ids[0].tolist(), votes.vote(keypoints.descriptors, 5).ids.tolist()))
    return found


def assert_in_step(workspace: Workspace, galleries: Galleries) -> None:
    """They hold what the catalog holds, and nothing else."""
    gallery, votes = galleries.open()
    with workspace.database.read() as connection:
        assert gallery.position == votes.position == last_number(connection)
        assert (
            verify_catalog(
                connection,
                workspace.store,
                descriptors=galleries.embedder.fingerprint,
                keypoints=galleries.detector.fingerprint,
            ).problems
            == ()
        )
    assert gallery.ids().tolist() == votes.ids().tolist() == sorted(references(workspace))
    assert galleries.verify() == []


def test_what_was_imported_is_found(workspace: Workspace, galleries: Galleries) -> None:
    assert_in_step(workspace, galleries)
    names = references(workspace)
    for number, (near, voted) in enumerate(answers(galleries, range(12))):
        assert names[near[0]] == names[voted[0]] == f"R-{number}"


def test_catching_up_twice_changes_nothing(workspace: Workspace, galleries: Galleries) -> None:
    before = galleries.status()
    galleries.catch_up()
    assert galleries.status() == before


def test_they_follow_an_import_a_removal_a_changed_image_and_a_brand_that_goes(
    workspace: Workspace, galleries: Galleries, tmp_path: Path
) -> None:
    drawn.imported(workspace, drawn.write_catalog(tmp_path / "more", [20, 21]), "Cirrus")
    with workspace.database.write() as connection:
        remove_product(connection, "Aurelio", "R-1")
    catalog = drawn.write_catalog(tmp_path / "changed", drawn.BRANDS["Borealis"])
    drawn.saved(drawn.product(30), catalog.parent / "p7.png")
    drawn.imported(workspace, catalog, "Borealis")
    galleries.catch_up()
    assert_in_step(workspace, galleries)
    names = references(workspace)
    found = [names[near[0]] for near, _ in answers(galleries, [20, 21, 30])]
    assert found == ["R-20", "R-21", "R-7"]

    with workspace.database.write() as connection:
        remove_brand(connection, "Borealis")
    galleries.catch_up()
    assert_in_step(workspace, galleries)
    assert set(references(workspace).values()) == {"R-0", "R-2", "R-3", "R-4", "R-5", "R-20", "R-21"}


def test_an_image_that_came_and_went_meanwhile_leaves_nothing(
    workspace: Workspace, galleries: Galleries, tmp_path: Path
) -> None:
    drawn.imported(workspace, drawn.write_catalog(tmp_path / "more", [20, 21]), "Cirrus")
    with workspace.database.write() as connection:
        remove_brand(connection, "Cirrus")
    galleries.catch_up()
    assert_in_step(workspace, galleries)


def test_images_are_described_as_they_come_and_the_galleries_left_for_later(
    workspace: Workspace, galleries: Galleries, tmp_path: Path
) -> None:
    with workspace.database.read() as connection:
        number = last_number(connection)
    drawn.imported(workspace, drawn.write_catalog(tmp_path / "new", (40, 41)), "Aurelio")
    assert galleries.verify_caches() != []
    newest = galleries.describe_since(number)
    assert newest == number + 2
    assert galleries.verify_caches() == []
    assert galleries.open()[0].position == number
    assert galleries.describe_since(newest) == newest
    galleries.catch_up()
    assert galleries.verify() == []


def test_known_counterfeits_are_searched_and_logos_are_not(
    workspace: Workspace, galleries: Galleries, tmp_path: Path
) -> None:
    for number, role in ((40, ImageRole.KNOWN_COUNTERFEIT), (41, ImageRole.LOGO)):
        manifest = drawn.write_catalog(tmp_path / role.value, [number])
        drawn.imported(workspace, manifest, "Aurelio", role)
    galleries.catch_up()
    assert_in_step(workspace, galleries)
    names = references(workspace)
    assert "R-40" in names.values()
    assert "R-41" not in names.values()


def test_rebuilding_gives_the_same_answers(
    workspace: Workspace, galleries: Galleries, tmp_path: Path
) -> None:
    drawn.imported(workspace, drawn.write_catalog(tmp_path / "more", [20]), "Cirrus")
    with workspace.database.write() as connection:
        remove_product(connection, "Aurelio", "R-1")
    galleries.catch_up()
    before = answers(galleries, [0, 1, 7, 20])
    galleries.rebuild()
    assert answers(galleries, [0, 1, 7, 20]) == before
    assert_in_step(workspace, galleries)
    for folder in (galleries.descriptors.folder, galleries.votes.folder):
        (folder / "manifest.json").write_bytes(b"not a manifest")
    assert galleries.verify() != []
    galleries.rebuild()
    assert answers(galleries, [0, 1, 7, 20]) == before
    galleries.compact()
    assert answers(galleries, [0, 1, 7, 20]) == before
    assert_in_step(workspace, galleries)


def test_an_import_between_describing_and_applying_is_not_lost(
    workspace: Workspace, galleries: Galleries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe = galleries.describer.fill

    def describe_and_import(hashes: Iterable[str], progress: object) -> None:
        describe(hashes)
        drawn.imported(workspace, drawn.write_catalog(tmp_path / "more", [20]), "Cirrus")

    monkeypatch.setattr(galleries.describer, "fill", describe_and_import)
    galleries.catch_up()
    assert_in_step(workspace, galleries)
    assert "R-20" in references(workspace).values()


def test_a_damaged_image_is_reported_and_mended_by_importing_it_again(
    workspace: Workspace, galleries: Galleries, tmp_path: Path
) -> None:
    manifest = drawn.write_catalog(tmp_path / "more", [20, 21])
    drawn.imported(workspace, manifest, "Cirrus")
    names = {reference_id: image_id for image_id, reference_id in references(workspace).items()}
    with workspace.database.read() as connection:
        hashes = {image.image_id: image.content_hash for image in live_images(connection)}
    damaged = workspace.store.path(hashes[names["R-20"]])
    damaged.write_bytes(damaged.read_bytes()[:500])

    galleries.catch_up()
    (problem,) = galleries.verify()
    assert problem.startswith(f"image {names['R-20']} has no place in the gallery")
    assert answers(galleries, [21])[0][0][0] == names["R-21"]
    with workspace.database.read() as connection:
        report = verify_catalog(connection, workspace.store, descriptors=galleries.embedder.fingerprint)
    assert any("is damaged" in line for line in report.problems)

    drawn.imported(workspace, manifest, "Cirrus")
    galleries.rebuild()
    assert_in_step(workspace, galleries)
    assert answers(galleries, [20])[0][0][0] == names["R-20"]


def cut(blob: bytes) -> bytes:
    return blob[: len(blob) // 2]


def scramble(blob: bytes) -> bytes:
    return b"no keypoints" + blob[12:]


def empty(blob: bytes) -> bytes:
    return b""


def damage_keypoints(workspace: Workspace, how: Callable[[bytes], bytes], reference_id: str) -> None:
    """Damage what the cache holds of a reference's keypoints."""
    with workspace.database.write() as connection:
        (content_hash,) = (
            fact.content_hash for fact in image_facts(connection) if fact.reference_id == reference_id
        )
        row = keypoints.c.content_hash == content_hash
        blob = bytes(connection.execute(select(keypoints.c.features).where(row)).scalar_one())
        connection.execute(update(keypoints).where(row).values(features=how(blob)))


@pytest.mark.parametrize("how", [cut, scramble, empty])
def test_damaged_keypoints_are_computed_again_when_the_galleries_need_them(
    workspace: Workspace, galleries: Galleries, tmp_path: Path, how: Callable[[bytes], bytes]
) -> None:
    drawn.imported(workspace, drawn.write_catalog(tmp_path / "more", [20]), "Cirrus")
    galleries.describer.fill(content_hashes(workspace))
    damage_keypoints(workspace, how, "R-20")
    galleries.catch_up()
    assert_in_step(workspace, galleries)
    assert galleries.verify_caches() == []
    names = references(workspace)
    ((near, voted),) = answers(galleries, [20])
    assert names[near[0]] == names[voted[0]] == "R-20"


def test_damaged_keypoints_are_reported_by_reference_and_mended_by_rebuilding(
    workspace: Workspace, galleries: Galleries
) -> None:
    before = answers(galleries, range(12))
    damage_keypoints(workspace, cut, "R-3")
    (problem,) = galleries.verify_caches()
    assert "R-3" in problem
    assert "keypoints are damaged" in problem
    assert "run `matcher index rebuild`" in problem
    galleries.rebuild()
    assert galleries.verify_caches() == []
    assert answers(galleries, range(12)) == before


def test_a_damaged_descriptor_is_computed_again_too(workspace: Workspace, galleries: Galleries) -> None:
    before = answers(galleries, range(12))
    with workspace.database.write() as connection:
        connection.execute(
            update(descriptors).values(vectors=func.zeroblob(func.length(descriptors.c.vectors)))
        )
    problems = galleries.verify_caches()
    assert len(problems) == 12
    assert "R-0" in problems[0]
    assert "descriptor is damaged" in problems[0]
    galleries.rebuild()
    assert galleries.verify_caches() == []
    assert answers(galleries, range(12)) == before


def test_an_image_whose_file_and_keypoints_are_damaged_is_left_out_and_reported(
    workspace: Workspace, galleries: Galleries
) -> None:
    damage_keypoints(workspace, cut, "R-3")
    with workspace.database.read() as connection:
        (fact,) = (fact for fact in image_facts(connection) if fact.reference_id == "R-3")
    workspace.store.path(fact.content_hash).write_bytes(b"no image")
    galleries.rebuild()
    (problem,) = galleries.verify()
    assert problem.startswith(f"image {fact.image_id} has no place in the gallery")
    (problem,) = galleries.verify_caches()
    assert "R-3" in problem


def test_other_models_get_galleries_beside_the_old_ones(workspace: Workspace, galleries: Galleries) -> None:
    models = ModelSettings(**(SETTINGS.models.model_dump() | {"embed_side": 224, "keypoint_count": 100}))
    with Workspace.open(workspace.folder, SETTINGS.model_copy(update={"models": models})) as other:
        renewed = build_galleries(other)
        assert renewed.descriptors.folder != galleries.descriptors.folder
        assert renewed.votes.folder != galleries.votes.folder
        renewed.catch_up()
        assert_in_step(other, renewed)
    assert_in_step(workspace, galleries)


def catch_up_in(folder: Path, catalog: Path | None) -> None:
    """What another process does: import, if there is something to, and catch up."""
    with Workspace.open(folder, SETTINGS) as opened:
        if catalog:
            drawn.imported(opened, catalog, f"Brand of {catalog.parent.name}")
        build_galleries(opened).catch_up()


def test_two_processes_that_import_and_catch_up_at_once_agree(workspace: Workspace, tmp_path: Path) -> None:
    catalogs = [drawn.write_catalog(tmp_path / f"more-{n}", range(n, n + 5)) for n in (20, 30)]
    context = multiprocessing.get_context("spawn")
    running = [
        context.Process(target=catch_up_in, args=(workspace.folder, catalog)) for catalog in [*catalogs, None]
    ]
    for process in running:
        process.start()
    for process in running:
        process.join(120)
        assert process.exitcode == 0
    galleries = build_galleries(workspace)
    assert_in_step(workspace, galleries)
    assert len(references(workspace)) == 22


def test_two_processes_make_the_galleries_of_a_new_workspace_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    catalog = drawn.write_catalog(tmp_path / "first", range(4))
    with Workspace.open(folder, SETTINGS) as workspace:
        drawn.imported(workspace, catalog, "Aurelio")
        context = multiprocessing.get_context("spawn")
        running = [context.Process(target=catch_up_in, args=(folder, None)) for _ in range(2)]
        for process in running:
            process.start()
        for process in running:
            process.join(120)
            assert process.exitcode == 0
        assert_in_step(workspace, build_galleries(workspace))


def test_a_blank_reference_has_a_descriptor_and_no_vote(
    workspace: Workspace, galleries: Galleries, tmp_path: Path
) -> None:
    manifest = drawn.write_catalog(tmp_path / "blank", [50])
    blank = drawn.Image.new("RGB", (200, 200), "white")
    drawn.saved(blank, manifest.parent / "p50.png")
    drawn.imported(workspace, manifest, "Aurelio")
    galleries.catch_up()
    gallery, votes = galleries.open()
    assert set(gallery.ids().tolist()) - set(votes.ids().tolist()) == {max(references(workspace))}
    assert galleries.verify() == []
    assert np.isfinite(gallery.vectors(gallery.ids()).vectors).all()
