"""The gallery of logos follows the catalog as the others do, and a snapshot holds it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from matcher.assembly import build_examiner, build_galleries, freeze
from matcher.catalog import (
    image_facts,
    last_number,
    remove_brand,
    remove_product,
    verify_catalog,
)
from matcher.errors import MatcherError, ModelError, ScanError
from matcher.galleries import Galleries
from matcher.photo_cache import NoCache
from matcher.policy import load_policy
from matcher.records import ImageRole
from matcher.workspace import Workspace
from tests.matcher import drawn, logo_shop
from tests.matcher.models.logo_contracts import badge
from tests.matcher.models.tiny_logos import write_tiny


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with logo_shop.open_shop(tmp_path) as opened:
        yield opened


@pytest.fixture
def galleries(workspace: Workspace) -> Galleries:
    made = build_galleries(workspace)
    made.catch_up()
    return made


def logos(workspace: Workspace) -> dict[int, str]:
    """The name of every logo of the catalog."""
    with workspace.database.read() as connection:
        return {f.image_id: f.reference_id for f in image_facts(connection) if f.role is ImageRole.LOGO}


def nearest(workspace: Workspace, galleries: Galleries, number: int) -> str | None:
    """The logo that the gallery finds for a badge, if any is near."""
    gallery = galleries.open_logos()
    assert gallery is not None
    assert galleries.logos is not None
    embedder = galleries.logo_describer.embedder  # type: ignore[union-attr]
    found = gallery.search(embedder.embed_references([np.array(badge(number))])[0][:1], 1)
    return logos(workspace).get(int(found.ids[0, 0])) if found.scores[0, 0] > 0.99 else None


def assert_in_step(workspace: Workspace, galleries: Galleries) -> None:
    gallery = galleries.open_logos()
    assert gallery is not None
    assert gallery.ids().tolist() == sorted(logos(workspace))
    with workspace.database.read() as connection:
        assert gallery.position == last_number(connection)
        embedder = galleries.logo_describer.embedder  # type: ignore[union-attr]
        report = verify_catalog(
            connection, workspace.store, logos=embedder.fingerprint, keypoints=galleries.detector.fingerprint
        )
    assert report.problems == ()
    assert galleries.verify() == galleries.verify_caches() == []


def test_logos_are_found_by_themselves_and_are_not_among_the_references(
    workspace: Workspace, galleries: Galleries
) -> None:
    assert_in_step(workspace, galleries)
    assert [nearest(workspace, galleries, number) for number in (1, 2, 3, 4)] == ["sun", "moon", "star", None]
    searched, _ = galleries.open()
    assert not set(searched.ids().tolist()) & set(logos(workspace))
    assert galleries.open_logos().count > len(logos(workspace))  # type: ignore[union-attr]  # variants


def test_they_follow_an_added_logo_a_removed_one_and_a_brand_that_goes(
    workspace: Workspace, galleries: Galleries, tmp_path: Path
) -> None:
    logo_shop.add_badges(workspace, tmp_path / "more", {"Cirrus": {"cloud": 4}})
    with workspace.database.write() as connection:
        remove_product(connection, "Aurelio", "sun", ImageRole.LOGO)
        remove_brand(connection, "Borealis")
    galleries.catch_up()
    assert_in_step(workspace, galleries)
    assert [nearest(workspace, galleries, number) for number in (1, 2, 3, 4)] == [None, "moon", None, "cloud"]


def test_rebuilding_and_compacting_give_the_same(workspace: Workspace, galleries: Galleries) -> None:
    assert galleries.logos is not None
    (galleries.logos.folder / "manifest.json").write_bytes(b"not a manifest")
    assert galleries.verify() != []
    galleries.rebuild()
    galleries.compact()
    assert_in_step(workspace, galleries)
    assert nearest(workspace, galleries, 2) == "moon"


def test_verifying_names_logos_that_are_not_in_step(
    workspace: Workspace, galleries: Galleries, tmp_path: Path
) -> None:
    gone = next(image_id for image_id, name in logos(workspace).items() if name == "sun")
    with workspace.database.write() as connection:
        remove_product(connection, "Aurelio", "sun", ImageRole.LOGO)
    logo_shop.add_badges(workspace, tmp_path / "more", {"Cirrus": {"cloud": 4}})
    new = max(logos(workspace))
    told = galleries.verify()
    assert any(
        line.startswith(f"logo {gone} is in the gallery of logos but not in the catalog") for line in told
    )
    assert any(line.startswith(f"logo {new} has no place in the gallery of logos") for line in told)
    assert any(
        "cloud of Cirrus" in line and "has no descriptor" in line for line in galleries.verify_caches()
    )


def test_a_damaged_logo_is_reported(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.database.read() as connection:
        [sun] = [fact for fact in image_facts(connection) if fact.reference_id == "sun"]
    path = workspace.store.path(sun.content_hash)
    path.write_bytes(path.read_bytes()[:60])
    galleries = build_galleries(workspace)
    galleries.catch_up()
    assert any(line.startswith(f"logo {sun.image_id} has no place") for line in galleries.verify())


def test_a_white_logo_without_a_ground_is_seen(workspace: Workspace, tmp_path: Path) -> None:
    ghost = Image.new("RGBA", (96, 96), (255, 255, 255, 0))
    ghost.paste((255, 255, 255, 255), (10, 30, 80, 50))
    drawn.saved(ghost, tmp_path / "ghost" / "ghost.png")
    drawn.imported(workspace, tmp_path / "ghost", "Aurelio", ImageRole.LOGO)
    galleries = build_galleries(workspace)
    galleries.catch_up()
    assert_in_step(workspace, galleries)
    names = {name: image_id for image_id, name in logos(workspace).items()}
    stored = galleries.open_logos().vectors([names["ghost"]])  # type: ignore[union-attr]
    assert len(stored.ids) > 2
    assert stored.vectors.std() > 0.01


def test_logos_that_were_kept_before_anything_looked_for_them_come_in_later(
    workspace: Workspace, tmp_path: Path
) -> None:
    with Workspace.open(workspace.folder, drawn.SETTINGS) as without:
        plain = build_galleries(without)
        plain.catch_up()
        assert plain.open_logos() is None
        assert plain.verify() == plain.verify_caches() == []
    galleries = build_galleries(workspace)
    galleries.catch_up()
    assert_in_step(workspace, galleries)
    assert "logos" in galleries.status()


def test_a_snapshot_holds_the_logos_and_names_the_models(workspace: Workspace, galleries: Galleries) -> None:
    snapshot = freeze(workspace, galleries, load_policy())
    assert str(snapshot.description.models["logo"]).startswith("onnx:models@")
    with workspace.database.write() as connection:
        remove_brand(connection, "Borealis")
    freeze(workspace, galleries, load_policy())
    examiner = build_examiner(workspace, snapshot, cache=NoCache())
    assert examiner.snapshot.folder == snapshot.folder
    (snapshot.folder / "logos" / "manifest.json").unlink()
    with pytest.raises(MatcherError) as raised:
        build_examiner(workspace, snapshot, cache=NoCache())
    assert "\n" not in str(raised.value)


def test_other_logo_models_than_the_snapshots_are_refused(
    workspace: Workspace, galleries: Galleries, tmp_path: Path
) -> None:
    snapshot = freeze(workspace, galleries, load_policy())
    write_tiny(tmp_path / "models", shift=0.02)
    with pytest.raises(ScanError, match="other logo models; start a new scan"):
        build_examiner(workspace, snapshot, cache=NoCache())


@pytest.mark.parametrize("name", ["built-in", "onnx:", "builtin:x", ""])
def test_an_unknown_name_of_logo_models_is_told(workspace: Workspace, name: str) -> None:
    models = workspace.settings.models.model_copy(update={"logo": name})
    with (
        Workspace.open(workspace.folder, workspace.settings.model_copy(update={"models": models})) as other,
        pytest.raises(ModelError, match="finds no logos; use one of builtin"),
    ):
        build_galleries(other)
