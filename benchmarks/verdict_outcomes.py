"""Listings with their truth and verdict side by side, and again with a signal switched off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.curves import Counts, Flags
from benchmarks.verdict_metrics import Outcomes, Prices, as_codes
from matcher.decision import COUNTS, decide
from matcher.labels import TruthRow
from matcher.policy import Policy
from matcher.records import Verdict, VerdictKind
from matcher.tuning import connected


@dataclass(frozen=True)
class Compared:
    """Listings with truth and verdict side by side; None where a listing got no verdict."""

    rows: tuple[TruthRow, ...]
    verdicts: tuple[Verdict | None, ...]
    policy: Policy
    prices: Prices

    def outcomes(self, *, without: str = "") -> Outcomes:
        """As arrays, with the evidence of the signal `without` left out."""
        said = [
            redecided(one, self.policy, without=without) if one and without else one for one in self.verdicts
        ]
        kinds = [one.verdict if one else VerdictKind.CLEAR for one in said]
        scores = [one.score if one else np.nan for one in said]
        truth = as_codes([row.truth for row in self.rows])
        return Outcomes(truth, as_codes(kinds), np.array(scores), _groups(self.rows), self.prices)

    @property
    def signals(self) -> list[str]:
        """The signals that found something anywhere, by name."""
        return sorted({one.signal for verdict in self.verdicts if verdict for one in verdict.evidence})

    def bears(self, signal: str) -> Flags:
        """Which listings have evidence of the signal that counts for something; bool (listings,)."""
        return np.array([signal in counting(one) for one in self.verdicts], dtype=bool)

    def bears_nothing(self) -> Flags:
        """Which listings have no evidence that counts; bool (listings,)."""
        return np.array([not counting(one) for one in self.verdicts], dtype=bool)


def counting(verdict: Verdict | None) -> set[str]:
    """The signals whose evidence counts for something in the verdict."""
    return {one.signal for one in verdict.evidence if abs(one.weight) >= COUNTS} if verdict else set()


def _groups(rows: Sequence[TruthRow]) -> Counts:
    """A seller's listings are one group; each listing is its own where the set does not name sellers."""
    sellers = [{key for key in row.keys if key.startswith("seller:")} for row in rows]
    return np.array(connected(sellers), dtype=np.int64)


def redecided(verdict: Verdict, policy: Policy, *, without: str = "") -> Verdict:
    """What `policy` says of the same evidence, that of the signal `without` left out.

    Nothing is scanned again: signals look at photos and catalog, not at one another's evidence.
    """
    kept = [one for one in verdict.evidence if one.signal != without]
    return decide(
        verdict.listing_id, kept, verdict.matches, policy, models=verdict.models, snapshot=verdict.snapshot
    )
