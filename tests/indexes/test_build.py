"""The search of a trained segment is the cheapest that recalls what is wanted, found in few trials."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexes.build import cheapest

EFFORTS, REFINES = (1, 2, 4, 8, 16, 32), (4, 10, 25)


def cost(effort: int, refine: int) -> float:
    return 100 * effort + 20 * refine


@given(st.lists(st.integers(1, 40), min_size=3, max_size=3), st.floats(0, 1.2))
def test_no_pair_that_recalls_enough_costs_less(steps: list[int], target: float) -> None:
    """`steps`: the effort at which each refine has half of what it can recall; the more, the less."""
    halves = sorted(steps, reverse=True)

    def recall(effort: int, refine: int) -> float:
        return effort / (effort + halves[REFINES.index(refine)])

    *pair, reached = cheapest(EFFORTS, REFINES, recall, target, cost)
    good = [(e, r) for e in EFFORTS for r in REFINES if recall(e, r) >= target]
    assert reached == recall(*pair)
    assert tuple(pair) == (min(good, key=lambda one: cost(*one)) if good else (32, 25))


def test_more_effort_than_is_needed_is_hardly_tried() -> None:
    tried = []

    def recall(effort: int, refine: int) -> float:
        tried.append((effort, refine))
        return 1.0 if effort >= 4 and refine >= 10 else 0.5

    assert cheapest(EFFORTS, REFINES, recall, 0.9, cost) == (4, 10, 1.0)
    assert tried == [(1, 25), (2, 25), (4, 25), (4, 10), (4, 4)]
