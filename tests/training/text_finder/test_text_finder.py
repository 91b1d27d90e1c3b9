"""Pages whose writing is known, and a run on them that learns, stops, goes on and is exported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.text.words import Word
from matcher.models.text_finder import CELL, TextFinder
from tests.benchmarks.text.fonts import latin_fonts
from tests.matcher import drawn
from tests.matcher.models.text_reader_contract import written
from training import loop as runs
from training.text_finder import export
from training.text_finder.labels import Outlines
from training.text_finder.learner import TextFinderLearner, averaged, figures
from training.text_finder.network import TextFinderNetwork
from training.text_finder.pages import Pages, cells
from training.text_finder.recipe import PagesTable, TextFinderRecipe, read_text_finder_recipe
from training.text_finder.train import main

RECIPE = read_text_finder_recipe(Path(__file__).parents[3] / "configs" / "train_text_finder.toml")
SMALL = RECIPE.model_copy(update={"batch": 3, "steps": 40})
NONE = np.zeros((0, 4, 2), np.float32)
BOX = np.array([[[30, 30], [330, 30], [330, 120], [30, 120]]], np.float32)


def table(**changed: object) -> PagesTable:
    return RECIPE.pages.model_copy(
        update={"crop": 192, "drawn": 0.0, "mosaic": 0.0, "turned": 0.0, **changed}
    )


def pages(**changed: object) -> Pages:
    photos = [drawn.pixels(drawn.product(number, (420, 320))) for number in range(4)]
    photos[0] = written("Panasonic", size=(420, 320))
    outlines = [Outlines(BOX, NONE), *[Outlines(NONE, NONE)] * 3]
    words = [Word("Panasonic", "Latin", "Panasonic"), Word("adidas", "Latin", "adidas")]
    return Pages(photos, outlines, words, table(**changed), seed=(1, 2))


def test_a_page_can_be_had_again_and_says_where_its_writing_is() -> None:
    one, again = pages()[7], pages()[7]
    assert np.array_equal(one.pixels, again.pixels)
    assert np.array_equal(one.writing, again.writing)
    told = [pages()[number].writing for number in range(20)]
    assert {-1.0, 0.0, 1.0} >= set(np.unique(told))
    assert any((writing == 1).any() for writing in told)
    assert any((writing == 0).all() for writing in told)
    assert one.writing.shape == (192 // CELL, 192 // CELL)


def test_a_cell_is_written_on_free_or_in_doubt() -> None:
    written_on, doubtful = np.zeros((16, 32), np.uint8), np.zeros((16, 32), np.uint8)
    written_on[0:8, 0:8] = 255
    written_on[0:8, 8:9] = 255
    doubtful[8:16, 0:16] = 255
    assert cells(written_on, doubtful).tolist() == [[1, -1, 0, 0], [-1, -1, 0, 0]]


def test_a_drawn_word_is_where_the_page_changed(tmp_path: Path) -> None:
    plain, word = np.full((512, 512, 3), 180, np.uint8), Word("Panasonic", "Latin", "Panasonic")
    made = Pages(
        [plain], [Outlines(NONE, NONE)], [word], table(drawn=1.0, crop=512, scales=(1.0, 1.0)),
        seed=(5,), fonts=latin_fonts(tmp_path / "fonts"),
    )  # fmt: skip
    for number in range(4):
        page = made[number]
        parts = page.pixels.reshape(64, CELL, 64, CELL, 3)
        shades = parts.max(axis=(1, 3, 4)).astype(int) - parts.min(axis=(1, 3, 4))
        assert shades[page.writing == 1].mean() > 2 * shades[page.writing == 0].mean()


def test_the_loss_falls_and_cells_in_doubt_cost_nothing() -> None:
    run = TextFinderLearner(SMALL, pages())
    batch = run.batch(0)
    losses = [run.learn(batch)["writing"] for _ in range(12)]
    assert losses[-1] < 0.7 * losses[0]
    doubt = replace(batch, writing=np.full_like(batch.writing, -1))
    assert run.terms(doubt)["writing"].item() == 0


def test_a_resumed_run_is_where_an_unbroken_one_would_be(tmp_path: Path) -> None:
    unbroken, first, second = (TextFinderLearner(SMALL, pages()) for _ in range(3))
    for run, until in ((unbroken, 3), (first, 1)):
        for step in range(until):
            run.learn(run.batch(step))
    runs.save(first, tmp_path)
    runs.resume(second, tmp_path)
    for step in range(second.step, 3):
        second.learn(second.batch(step))
    for name, weights in unbroken.average.state_dict().items():
        assert torch.equal(weights, second.average.state_dict()[name]), name


def test_figures_tell_what_is_found_and_what_is_taken_for_writing() -> None:
    network = TextFinderNetwork(RECIPE.channels)
    found = figures(network, pages(), 6)
    assert set(found) == {f"{name}@{least}" for name in ("found", "taken") for least in (0.05, 0.1, 0.2, 0.3)}
    assert all(0 <= value <= 1 for value in found.values())


def test_the_exported_graph_agrees_with_torch_at_any_size(tmp_path: Path) -> None:
    run = TextFinderLearner(SMALL, pages())
    run.learn(run.batch(0))
    assert export.export(averaged(run).eval(), tmp_path / "graph.onnx") < export.WIDEST_GAP
    finder = TextFinder(tmp_path / "graph.onnx")
    assert finder.map(np.zeros((300, 400, 3), np.uint8)).shape == (384 // CELL, 512 // CELL)


def test_a_wrong_call_ends_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["--recipe", str(tmp_path / "none.toml"), "--photos", str(tmp_path), "--out", str(tmp_path)]
    assert main(call) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_recipe_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValueError, match="extra"):
        TextFinderRecipe.model_validate(RECIPE.model_dump() | {"colour": 1})
