"""A winner is named only where noise allows one."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.judged import judged_ranking, save_judged
from benchmarks.report.comparison import compare
from benchmarks.report.folder import read_run
from benchmarks.report.noise import difference, standing
from benchmarks.report.parts import Part
from tests.benchmarks.report.made_run import FEW, made_ranking, made_run


def part(
    value: float,
    interval: tuple[float, float] | None = None,
    *,
    name: str = "uAP",
    folder: Path | None = None,
) -> Part:
    return Part(
        "part", "copies", "set", "", "model", folder=folder, metrics={name: value},
        intervals={name: interval} if interval else {},
    )  # fmt: skip


def with_ranks(folder: Path, ranks: list[int], ids: str = "q") -> Part:
    """A part whose queries found their truth at `ranks`."""
    rank = np.array(ranks)
    pairs = made_ranking(rank, np.full(len(rank), 0.9), np.zeros(len(rank), bool))
    judged = judged_ranking([f"{ids}{one:03d}" for one in range(len(rank))], ["crop"] * len(rank), pairs)
    save_judged(folder / "pairs" / "part.npz", judged)
    return part(float((rank == 0).mean()), (0.0, 1.0), name="R@1", folder=folder)


def test_far_intervals_make_a_winner_and_near_ones_do_not() -> None:
    best, other = part(0.9, (0.88, 0.92)), part(0.7, (0.67, 0.73))
    assert standing("uAP", [other, best]).winner == 1
    near = part(0.89, (0.87, 0.91))
    found = standing("uAP", [other, best, near])
    assert (found.winner, found.best) == (None, {1, 2})


def test_less_is_better_where_the_name_says_so() -> None:
    slow, fast = part(40.0, (39, 41), name="embed_ms"), part(10.0, (9, 11), name="embed_ms")
    assert standing("embed_ms", [slow, fast]).winner == 1


@pytest.mark.parametrize("name", ["uAP", "seconds", "surprise"])
def test_without_intervals_or_a_direction_nobody_wins(name: str) -> None:
    found = standing(name, [part(0.9, name=name), part(0.1, name=name)])
    assert (found.winner, found.best) == (None, frozenset())
    assert standing("surprise", [part(0.9, (0.8, 1), name="surprise")] * 2).winner is None


def test_a_row_without_an_interval_can_not_be_beaten() -> None:
    assert standing("uAP", [part(0.9, (0.88, 0.92)), part(0.1)]).winner is None


def test_of_a_few_queries_nothing_is_believed() -> None:
    few = [replace(part(value, (value, value)), queries=2) for value in (0.9, 0.1)]
    assert standing("uAP", few).winner is None


def test_the_same_queries_part_what_intervals_can_not(tmp_path: Path) -> None:
    worse = with_ranks(tmp_path / "worse", [0] * 80 + [3] * 12 + [-1] * 8)
    better = with_ranks(tmp_path / "better", [0] * 92 + [-1] * 8)
    found = difference("R@1", worse, better)
    assert found is not None
    assert (found.paired, found.gained, found.lost, found.beyond_noise) == (True, 12, 0, True)
    assert found.value == pytest.approx(0.12)
    assert 0.05 < found.low < 0.12 < found.high < 0.2


def test_equal_gains_and_losses_are_noise(tmp_path: Path) -> None:
    one = with_ranks(tmp_path / "one", [0] * 50 + [1] * 50)
    other = with_ranks(tmp_path / "other", [1] * 10 + [0] * 52 + [1] * 38)
    found = difference("R@1", one, other)
    assert found is not None
    assert (found.gained, found.lost, found.beyond_noise) == (12, 10, False)


def test_other_queries_are_not_paired(tmp_path: Path) -> None:
    one, other = with_ranks(tmp_path / "one", [0] * 9 + [-1]), with_ranks(tmp_path / "other", [0] * 10, "p")
    found = difference("R@1", one, other)
    assert found is not None
    assert not found.paired


def test_queries_that_can_not_be_read_are_done_without(tmp_path: Path) -> None:
    one, other = with_ranks(tmp_path / "one", [0] * 9 + [-1]), with_ranks(tmp_path / "other", [0] * 10)
    for content in (b"PK", b""):
        (tmp_path / "other" / "pairs" / "part.npz").write_bytes(content)
        found = difference("R@1", one, other)
        assert found is not None
        assert (found.paired, found.gained) == (False, None)
        other = part(1.0, (0.9, 1.0), name="R@1", folder=tmp_path / "other")
    np.savez(tmp_path / "other" / "pairs" / "part.npz", queries=np.array(["q000"]), kinds=np.array(["crop"]))
    found = difference("R@1", one, part(1.0, (0.9, 1.0), name="R@1", folder=tmp_path / "other"))
    assert found is not None
    assert not found.paired


def test_the_interval_of_a_difference_is_as_told_in_its_source() -> None:
    found = difference("uAP", part(0.5, (0.4, 0.6)), part(0.7, (0.67, 0.74)))
    assert found is not None
    assert found.low == pytest.approx(0.2 - math.hypot(0.03, 0.1))
    assert found.high == pytest.approx(0.2 + math.hypot(0.04, 0.1))


def test_two_runs_differ_where_one_model_got_worse(tmp_path: Path) -> None:
    models = {**FEW, "builtin@3606f8d1b1a6": 0.7, "new": 0.5}
    before = read_run(made_run(tmp_path / "before", models=FEW, queries=240, mistakes=0))
    after = read_run(made_run(tmp_path / "after", models=models, queries=240, mistakes=0))
    found = compare(before, after)
    worse = {(change.part.name, change.metric) for change in found.of("worse")}
    assert ("copies-clothing-builtin", "R@1") in worse
    assert {name for name, _ in worse} <= {"copies-clothing-builtin", "products-grocery-builtin"}
    assert not found.of("better")
    assert found.only_after == ("copies-clothing-new", "products-grocery-new")
    assert any(change.kind for change in found.by_kind)


def test_a_run_does_not_differ_from_itself(tmp_path: Path) -> None:
    run = read_run(made_run(tmp_path, models=FEW, queries=120, mistakes=0))
    found = compare(run, run)
    assert {change.state for change in found.changes} == {"same"}
    assert (found.settings, found.by_kind, found.only_before) == ((), (), ())
