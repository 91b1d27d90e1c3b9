"""Finds the listings that two scans, or two policies on one scan, give another verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.verdict_outcomes import redecided
from matcher.labels import read_verdicts
from matcher.policy import Policy, load_policy
from matcher.records import Evidence, Verdict, VerdictKind
from matcher.signals.sentences import sentence

Key = tuple[str, int]
"""A listing's id, and which of the listings of that id it is, from 0."""
SEVERITY = {kind: step for step, kind in enumerate(VerdictKind)}


@dataclass(frozen=True)
class SignalChange:
    """What one signal added to the leading brand's log-odds on each side, and what it found there."""

    signal: str
    before: float
    after: float
    found: str


@dataclass(frozen=True)
class Change:
    """A listing with another verdict."""

    before: Verdict
    after: Verdict

    @property
    def listing_id(self) -> str:
        """As in the manifest."""
        return self.after.listing_id

    @property
    def steps(self) -> int:
        """How many steps worse: 2 from clear to counterfeit, -1 from review to clear."""
        return SEVERITY[self.after.verdict] - SEVERITY[self.before.verdict]

    @property
    def worse(self) -> Verdict:
        """The side that is not clear, of two the later."""
        return self.after if self.after.verdict is not VerdictKind.CLEAR else self.before

    @property
    def signals(self) -> list[SignalChange]:
        """The signals that weigh something on either side, the largest change first."""
        sides = [_by_signal(one) for one in (self.before, self.after)]
        rows = []
        for signal in sides[0].keys() | sides[1].keys():
            before, after = ([*side.get(signal, ())] for side in sides)
            heaviest = max([*after, *before], key=lambda one: abs(one.weight))
            was, now = (math.fsum(one.weight for one in side) for side in (before, after))
            rows.append(SignalChange(signal, was, now, sentence(heaviest)))
        return sorted(rows, key=lambda one: (-abs(one.after - one.before), one.signal))

    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "listing_id": self.listing_id,
            "before": _facts(self.before),
            "after": _facts(self.after),
            "signals": [
                {"signal": one.signal, "before": round(one.before, 4), "after": round(one.after, 4)}
                for one in self.signals
            ],
        }


@dataclass(frozen=True)
class Side:
    """One scan: its folder, what decided, and how many listings got each verdict."""

    folder: Path
    policy: str
    models: dict[str, str | None]
    snapshot: int
    listings: int
    counts: dict[VerdictKind, int]

    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        counts = {kind.value: count for kind, count in self.counts.items()}
        return {
            "folder": str(self.folder), "policy": self.policy, "models": self.models,
            "snapshot": self.snapshot, "listings": self.listings, "verdicts": counts,
        }  # fmt: skip


@dataclass(frozen=True)
class ScanDiff:
    """Two scans; `changes`: what moved farthest first. `only_before`, `only_after`: ids the other has not."""

    before: Side
    after: Side
    changes: tuple[Change, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    @property
    def moves(self) -> dict[str, int]:
        """How many went from which verdict to which, the most first."""
        pairs = Counter(f"{one.before.verdict.value} to {one.after.verdict.value}" for one in self.changes)
        return dict(pairs.most_common())

    @property
    def both(self) -> int:
        """How many listings have a verdict on both sides."""
        return self.before.listings - len(self.only_before)

    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "before": self.before.facts(),
            "after": self.after.facts(),
            "both": self.both,
            "moves": self.moves,
            "changed": [one.facts() for one in self.changes],
            "only_before": list(self.only_before),
            "only_after": list(self.only_after),
        }


def compare_scans(before: Path, after: Path) -> ScanDiff:
    """Compare the verdicts in two scans' folders; raises ManifestError where one cannot be read.

    `after` may be a policy's file instead: then it decides anew on the evidence of `before`. Listings are
    paired by their id, of several with one id the first with the first. Evidence is kept of those alone whose
    verdict differs.
    """
    policy = load_policy(after) if after.is_file() and after.suffix == ".toml" else None
    left, right = _Reader(before), _Reader(before, policy, after) if policy else _Reader(after)
    known = {key: one.verdict for key, one in left}
    later: dict[Key, Verdict] = {}
    only_after = []
    seen = set()
    for key, one in right:
        seen.add(key)
        if key not in known:
            only_after.append(key[0])
        elif known[key] is not one.verdict:
            later[key] = one
    changes = [Change(one, later[key]) for key, one in left if key in later]
    changes.sort(key=_farthest_first)
    only_before = tuple(key[0] for key in known if key not in seen)
    return ScanDiff(left.side(), right.side(), tuple(changes), only_before, tuple(only_after))


class _Reader:
    """Reads a folder's verdicts, as often as asked, and counts them."""

    def __init__(self, folder: Path, policy: Policy | None = None, name: Path | None = None) -> None:
        self._folder, self._policy, self._name = folder, policy, name or folder
        self._counts: Counter[VerdictKind] = Counter()
        self._last: Verdict | None = None

    def __iter__(self) -> Iterator[tuple[Key, Verdict]]:
        times: Counter[str] = Counter()
        self._counts = Counter()
        for verdict in read_verdicts(self._folder):
            if self._policy is not None:
                verdict = redecided(verdict, self._policy)
            key = verdict.listing_id, times[verdict.listing_id]
            times[verdict.listing_id] += 1
            self._counts[verdict.verdict] += 1
            self._last = verdict
            yield key, verdict

    def side(self) -> Side:
        """What was read."""
        last, counts = self._last, {kind: self._counts[kind] for kind in VerdictKind}
        return Side(
            self._name, last.policy if last else "", dict(last.models) if last else {},
            last.snapshot if last else 0, sum(counts.values()), counts,
        )  # fmt: skip


def _farthest_first(change: Change) -> tuple[int, float, str]:
    return -abs(change.steps), -abs(change.after.score - change.before.score), change.listing_id


def _by_signal(verdict: Verdict) -> dict[str, list[Evidence]]:
    answer: dict[str, list[Evidence]] = {}
    for one in verdict.evidence:
        if one.brand == verdict.brand:
            answer.setdefault(one.signal, []).append(one)
    return answer


def _facts(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.verdict.value,
        "score": verdict.score,
        "brand": verdict.brand,
        "reasons": list(verdict.reasons),
    }
