"""Two runs side by side: which figures differ beyond noise, and what differs between the runs themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.report import words
from benchmarks.report.groups import flat
from benchmarks.report.noise import Difference, difference
from benchmarks.report.parts import Part, Run


@dataclass(frozen=True)
class Change:
    """One figure of one part in both runs; `kind` is empty for the whole part."""

    part: Part
    metric: str
    kind: str
    before: float
    after: float
    difference: Difference

    @property
    def state(self) -> str:
        """`better`, `worse`, `noise`, `same` (to the digit), `unknown` (no interval or direction)."""
        better = words.metric(self.metric).better
        if self.difference.value == 0:
            return "same"
        if not self.difference.known or better is None:
            return "unknown"
        if not self.difference.beyond_noise:
            return "noise"
        return "better" if (self.difference.value > 0) == better else "worse"


@dataclass(frozen=True)
class Setting:
    """Something that is not the same in both runs, and in how many parts."""

    key: str
    before: str
    after: str
    parts: int


@dataclass(frozen=True)
class Comparison:
    """What became of a run: `changes` of whole parts, `by_kind` only those beyond noise."""

    before: Run
    changes: tuple[Change, ...]
    by_kind: tuple[Change, ...]
    settings: tuple[Setting, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    def of(self, *states: str) -> tuple[Change, ...]:
        """The changes in one of `states`, largest first for their kind of metric."""
        return tuple(change for change in self.changes if change.state in states)


def compare(before: Run, after: Run) -> Comparison:
    """Compare parts of the same name that are done in both runs."""
    old = {part.name: part for part in before.done}
    new = {part.name: part for part in after.done}
    both = [(old[name], new[name]) for name in old if name in new]
    return Comparison(
        before=before,
        changes=tuple(change for pair in both for change in _changes(*pair)),
        by_kind=tuple(
            change for pair in both for change in _kinds(*pair) if change.state in {"better", "worse"}
        ),
        settings=_settings(both),
        only_before=tuple(sorted(set(old) - set(new))),
        only_after=tuple(sorted(set(new) - set(old))),
    )


def _changes(before: Part, after: Part, whole: Part | None = None) -> Iterator[Change]:
    for name in words.ordered(set(before.metrics) & set(after.metrics)):
        if found := difference(name, before, after):
            kind = after.name if whole else ""
            yield Change(whole or after, name, kind, before.metrics[name], after.metrics[name], found)


def _kinds(before: Part, after: Part) -> Iterator[Change]:
    for kind in before.by:
        if kind in after.by:
            yield from _changes(before.by[kind], after.by[kind], after)


def _settings(both: list[tuple[Part, Part]]) -> tuple[Setting, ...]:
    """Settings, fingerprints, versions and machine, where they are not the same."""
    found: dict[tuple[str, str, str], int] = {}
    for before, after in both:
        old, new = _facts(before), _facts(after)
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                change = (key, old.get(key, "not set"), new.get(key, "not set"))
                found[change] = found.get(change, 0) + 1
    return tuple(Setting(*change, parts) for change, parts in found.items())


def _facts(part: Part) -> dict[str, str]:
    return {"model": part.model, **dict(flat(part.settings)), **dict(flat(part.about))}
