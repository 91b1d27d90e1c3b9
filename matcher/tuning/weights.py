"""Re-fits weights to labelled listings: a logistic model that stays near the policy it began with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import annotated_types
import numpy as np
from numpy.typing import NDArray

from matcher.decision import decide
from matcher.policy import Policy, Weights
from matcher.records import Evidence
from matcher.tuning.rules import own_rules, with_rules

Array = NDArray[np.float64]
STRENGTH = 1.0
"""How hard weights are held where they were: as if each were known to about one log-odd beforehand."""
_SWEEPS = 5_000
_SETTLED = 1e-7
_PLACES = 3


@dataclass(frozen=True)
class Features:
    """What the leading finding of each listing rests on.

    `table`: float64 (listings, weights), the sum of the scores of the evidence that each weight multiplies;
    `fits`: bool (listings,), False where the leading brand has weights of its own.
    """

    names: tuple[str, ...]
    table: Array
    fits: NDArray[np.bool_]


def features(listings: Iterable[Sequence[Evidence]], policy: Policy) -> Features:
    """The features of the listings under `policy`, whose decision says which brand leads."""
    units = _units()
    rows, fits = [], []
    own = own_rules(policy, "weights")
    for evidence in listings:
        brand = decide("", evidence, (), policy, models={}, snapshot=0).brand
        about = [one for one in evidence if one.brand == brand]
        rows.append([sum(abs(unit.of(one)) * one.score for one in about) for unit in units.values()])
        fits.append(not own.get(brand))
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(units))
    return Features(tuple(units), table, np.array(fits, dtype=bool))


def fitted(policy: Policy, found: Features, fakes: NDArray[np.bool_]) -> Policy:
    """`policy` with prior and weights fitted to the listings, the weights rounded to three decimals.

    `fakes`: bool (listings,). Penalised maximum likelihood: the loss of logistic regression plus `STRENGTH`
    / 2 times the squared distance from the policy's own weights and prior, under the bounds that the policy
    puts on each weight, so that more suspicious evidence never lowers a score. What the listings say nothing
    of stays as it was. Minimised by coordinate descent with the bound 1/4 on the logistic function's
    curvature, so that no step overshoots (Böhning and Lindsay, "Monotonicity of quadratic-approximation
    algorithms", 1988).
    """
    base = np.array([policy.prior, *(getattr(policy.weights, name) for name in found.names)])
    bounds = [(-np.inf, np.inf), *(_bounds(name) for name in found.names)]
    table = np.column_stack([np.ones(int(found.fits.sum())), found.table[found.fits]])
    solved = _descend(table, fakes[found.fits].astype(np.float64), base, bounds)
    rounded = [round(float(value), _PLACES) + 0.0 for value in solved]
    weights = dict(zip(found.names, rounded[1:], strict=True))
    return with_rules(
        policy,
        weights=policy.weights.model_copy(update=weights),
        prior=rounded[0],
    )


def _descend(table: Array, truth: Array, base: Array, bounds: Sequence[tuple[float, float]]) -> Array:
    """The minimum, shape (1 + weights,); the first column of `table` is all ones."""
    solved = base.copy()
    odds = table @ solved
    used = [int(column) for column in np.flatnonzero((table != 0).any(axis=0))]
    curvature = 0.25 * (table**2).sum(axis=0) + STRENGTH
    for _ in range(_SWEEPS):
        moved = 0.0
        for column in used:
            slope = table[:, column] @ (_probability(odds) - truth)
            slope += STRENGTH * (solved[column] - base[column])
            low, high = bounds[column]
            value = min(max(solved[column] - slope / curvature[column], low), high)
            step = value - solved[column]
            if step:
                odds = odds + step * table[:, column]
                solved[column] = value
                moved = max(moved, abs(step))
        if moved < _SETTLED:
            break
    return solved


def _probability(odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -500, 500))), dtype=np.float64)


@cache
def _units() -> dict[str, Weights]:
    """For each weight, weights of which it alone is 1 (or -1, where it must not be positive)."""
    fields = Weights.model_fields
    zeros = {field.alias or name: 0.0 for name, field in fields.items()}
    return {
        name: Weights.model_validate({**zeros, field.alias or name: _sign(name)})
        for name, field in fields.items()
    }


def _sign(name: str) -> float:
    return -1.0 if _bounds(name)[1] <= 0 else 1.0


def _bounds(name: str) -> tuple[float, float]:
    """What the policy allows the weight to be."""
    low, high = -np.inf, np.inf
    for rule in Weights.model_fields[name].metadata:
        if isinstance(rule, annotated_types.Ge):
            low = float(rule.ge)  # type: ignore[arg-type]
        elif isinstance(rule, annotated_types.Le):
            high = float(rule.le)  # type: ignore[arg-type]
    return low, high
