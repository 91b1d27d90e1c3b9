"""A brand fine-tunes the shipped embedder on its own workspace, and the matcher searches with the result."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from matcher.assembly import build_embedder, build_galleries
from matcher.catalog import remove_product
from matcher.models import Pixels
from matcher.models.onnx_embedder import OnnxEmbedder
from matcher.models.views import WHOLE
from matcher.records import ImageRole
from matcher.workspace import Workspace
from tests.matcher import drawn
from tests.training import own_workspace as own
from tests.training.sets import tiny_recipe, write_recipe, write_set
from training import fine_tune as runs
from training import held_out
from training.__main__ import main
from training.export_embedder import main as export
from training.fine_tune import FineTune, gathered
from training.measure import Probe
from training.network import TwoHeads, pool
from training.photo_store import PhotoStore


def call(*words: object) -> int:
    return main(["embedder", *map(str, words)])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = own.make(tmp_path_factory.mktemp("own") / "workspace")
    own.review(folder, {
        f"L-{number}": ([own.seen(number)], [own.matched(number)], [], own.CONFIRMED) for number in range(4)
    })  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recipe(tmp_path_factory.mktemp("recipe") / "tiny.toml", product_dims=256, steps=2)


@pytest.fixture(scope="module")
def begun(house: Path, recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> FineTune:
    """A run whose photos are parted and decoded, at its first step."""
    asked = FineTune(recipe, house, tmp_path_factory.mktemp("run"))
    gathered(asked, tiny_recipe())
    return asked


@pytest.fixture
def run(begun: FineTune, tmp_path: Path) -> Path:
    """The folder of a run of its own, begun alike."""
    shutil.copytree(begun.out, tmp_path / "run")
    return tmp_path / "run"


def stored(folder: Path) -> set[str]:
    """The content hashes of the photos decoded there."""
    return {Path(path).name for path in PhotoStore(folder).paths}


@pytest.mark.slow
def test_from_a_catalogue_to_a_gallery_that_the_new_embedder_searches(
    house: Path, recipe: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("--config", recipe, "--catalog", house, "--out", run) == 0
    told = capsys.readouterr().out.splitlines()[-2:]
    assert [line.split(":")[0].rpartition(" ")[2] for line in told] == ["views", "copies"]
    assert all("before" in line and "after" in line for line in told)
    graph = tmp_path / "own.onnx"
    assert export(["--run", str(run), "--recipe", str(recipe), "--out", str(graph)]) == 0
    models = drawn.SETTINGS.models.model_copy(update={"embedder": f"onnx:{graph}"})
    with Workspace.open(house, drawn.SETTINGS.model_copy(update={"models": models})) as workspace:
        galleries = build_galleries(workspace)
        galleries.rebuild(lambda *_: None)
        assert galleries.status()["embedder"].startswith("onnx:own.onnx@")
        assert galleries.verify() == []
    assert build_embedder(models).fingerprint != build_embedder(drawn.SETTINGS.models).fingerprint


def test_nothing_that_is_measured_on_is_learnt(begun: FineTune) -> None:
    parted = held_out.read(begun.out / held_out.FILE)
    assert stored(begun.out / "photos" / "trained") == {photo.content_hash for photo in parted.trained}
    assert stored(begun.out / "photos" / "held-out") == {photo.content_hash for photo in parted.held}


def test_a_run_that_goes_on_keeps_its_photos_whatever_the_catalogue_became(
    house: Path, recipe: Path, run: Path
) -> None:
    parted = held_out.read(run / held_out.FILE)
    purged = parted.trained[0].content_hash, parted.held[0].content_hash
    with Workspace.open(house) as workspace:
        kept = {photo: workspace.store.get(photo) for photo in purged}
        for photo in purged:
            workspace.store.delete(photo)
        pairs, probes = gathered(FineTune(recipe, house, run), tiny_recipe())
        for photo, blob in kept.items():
            workspace.store.put(photo, blob)
    assert {Path(path).name for path in pairs.photos.paths} == stored(run / "photos" / "trained")
    assert len(pairs.photos) == len(parted.trained)
    assert len(probes["views"].references) > len(probes["views"].queries) > 0


def test_other_sets_are_learnt_beside_the_catalogue(
    house: Path, recipe: Path, run: Path, tmp_path: Path
) -> None:
    before = stored(run / "photos" / "trained")
    asked = FineTune(recipe, house, run, sets=write_set(tmp_path / "sets"))
    pairs, _ = gathered(asked, tiny_recipe())
    assert len(pairs.photos) == len(before) + 8


@pytest.mark.parametrize("products", [0, 3])
def test_too_few_photos_are_refused_and_nothing_is_decided(
    products: int, recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house = own.make(tmp_path / "workspace", products=products)
    if not products:
        with Workspace.open(house) as workspace, workspace.database.write() as connection:
            remove_product(connection, own.BRAND, own.FAKE, ImageRole.KNOWN_COUNTERFEIT)
    assert call("--config", recipe, "--catalog", house, "--out", tmp_path / "run") == 2
    said = capsys.readouterr().err.splitlines()
    assert "too few photos to learn from" in said[-1]
    assert sum(line.startswith("error:") for line in said) == 1
    assert not (tmp_path / "run" / held_out.FILE).exists()


@pytest.mark.parametrize("named", [["--catalog", "nowhere"], []])
def test_a_call_that_names_nothing_to_learn_from_ends_with_one_line(
    named: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_recipe(tmp_path / "tiny.toml")
    assert call("--config", "tiny.toml", *named, "--out", "run") == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "nowhere").exists()


def test_what_a_kill_cut_off_the_log_is_passed_over(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"own views product head": 0.5}\n{"step": 20, "lo\n{"own views product head": 0.75}\n')
    probe = Probe([], [np.zeros((2, 2, 3), np.uint8)], np.array([0]), np.array(["views"]))
    assert runs.gains(log, {"views": probe, "copies": probe}) == [runs.Gain("views", 1, 0.5, 0.75)]


def test_a_fine_tune_goes_on_from_what_ships_and_is_held_to_it(begun: FineTune) -> None:
    photos, _ = gathered(begun, tiny_recipe())
    trainer = runs.started(tiny_recipe(product_dims=256, start="builtin"), photos)
    pixels = drawn.pixels(drawn.product(3).resize((256, 192)))
    shipped = OnnxEmbedder(side=256).embed_references([pixels])[0, 0]
    with torch.inference_mode():
        pooled = pooled_whole(trainer.network, pixels)
        mine = trainer.network.heads(pooled)[1][0].numpy()
        assert torch.equal(pooled, pooled_whole(trainer.teacher, pixels))
    assert float(mine @ shipped) > 0.999


def pooled_whole(network: TwoHeads, pixels: Pixels) -> torch.Tensor:
    features = network.features(torch.from_numpy(pixels)[None])
    return pool(features, (WHOLE,), torch.zeros(1, dtype=torch.long))
