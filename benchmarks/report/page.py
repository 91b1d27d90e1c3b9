"""A run in, one self-contained HTML file out."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from benchmarks.report import words
from benchmarks.report.comparison import Change, Comparison
from benchmarks.report.figures import Figure, delta, figures, histograms, whisker
from benchmarks.report.groups import MAIN, Group, flat, grouped
from benchmarks.report.growth import search_growth, sweeps
from benchmarks.report.mistakes import MOST_SHOWN, Album, albums, shown
from benchmarks.report.noise import Standing, standing
from benchmarks.report.parts import Interval, Part, Run
from matcher.files import replacing
from matcher.report.words import revealed

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Section:
    """One group as shown: `scales` are the ranges of its columns' whiskers."""

    group: Group
    figures: list[Figure]
    histograms: list[Figure]
    scales: Mapping[str, Interval]
    kinds: list[tuple[str, list[Part | None], Standing]]
    kind_metric: str
    kind_scale: Interval
    numbers: Mapping[str, int]
    before: Mapping[str, Part]
    run: Run

    def albums(self) -> list[Album]:
        """Its mistakes; read when the page comes to them."""
        return albums(self.run, self.group, self.numbers, self.before)


def write_page(
    path: Path, run: Run, against: Comparison | None = None, *, mistakes: int = MOST_SHOWN
) -> None:
    """Write the report of `run` to `path`; with `against`, what changed comes first.

    At most `mistakes` mistakes are shown in all. The file asks for nothing outside itself: pictures are
    `data:` addresses, its one style and one script are named by hash in its Content-Security-Policy. It is
    whole or absent, and the same input gives the same bytes. Raises `UsageError` where it cannot be written.
    """
    style, script = _source("report.css"), _source("report.js")
    before = {part.name: part for part in against.before.done} if against else {}
    numbers = shown(run.done, mistakes)
    page = _templates().get_template("page.html").stream(
        run=run, against=against, facts=list(_facts(run)), style=style, script=script,
        policy=_security_policy(style, script),
        sections=[_section(run, group, numbers, before) for group in grouped(run.done)],
        growth=search_growth(run.done), reach=_reach(against) if against else {},
    )  # fmt: skip
    page.enable_buffering(50)
    with replacing(path) as [file]:
        for piece in page:
            file.write(piece.encode("utf-8", "backslashreplace"))


def _section(run: Run, group: Group, numbers: Mapping[str, int], before: Mapping[str, Part]) -> Section:
    scales = {name: _scale(list(group.parts), name) for name in group.columns}
    metric, kinds = _kinds(group)
    inside = [one for _, found, _ in kinds for one in found if one]
    return Section(
        group, [*figures(group), *sweeps(group)], histograms(group), scales, kinds, metric,
        _scale(inside, metric), numbers, before, run,
    )  # fmt: skip


def _kinds(group: Group) -> tuple[str, list[tuple[str, list[Part | None], Standing]]]:
    """The metric that kinds of query are told by, and for each kind its figures by row and who leads."""
    found = {kind: [part.by.get(kind) for part in group.parts] for kind in group.kinds}
    names = {name for parts in found.values() for part in parts if part for name in part.metrics}
    metric = next((name for name in (group.main or "", *MAIN, *sorted(names)) if name in names), "")
    return metric, [(kind, parts, _leader(metric, parts)) for kind, parts in found.items()] if metric else []


def _leader(metric: str, parts: list[Part | None]) -> Standing:
    there = [part for part in parts if part is not None and metric in part.metrics]
    return standing(metric, there) if len(there) == len(parts) else Standing()


def _scale(parts: list[Part], name: str) -> Interval:
    """From the least to the most that a whisker of the column reaches."""
    ends = [end for part in parts for end in part.intervals.get(name, ())]
    ends += [part.metrics[name] for part in parts if name in part.intervals and name in part.metrics]
    return (min(ends), max(ends)) if ends else (0.0, 1.0)


def _reach(against: Comparison) -> dict[str, float]:
    """By metric, the largest distance from zero that a difference's interval has."""
    reach: dict[str, float] = {}
    for change in (*against.changes, *against.by_kind):
        one = change.difference
        if one.known:
            reach[change.metric] = max(reach.get(change.metric, 0.0), abs(one.low), abs(one.high))
    return reach


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    """What is to be said of the run as a whole."""
    for key in ("started", "finished", "started_at", "finished_at", "sha256", "plan_sha256"):
        if isinstance(found := run.plan.get(key), str) and found:
            yield (
                key.replace("_", " ").replace(" at", "").replace("sha256", "SHA-256"),
                found.replace("T", " ", 1),
            )
    machine: Any = run.plan.get("machine") or _common(run, "machine")
    if isinstance(machine, dict):
        told = dict(flat(machine))
        cores = f"{told.pop('cores')} cores" if "cores" in told else ""
        yield "machine", ", ".join(filter(None, [*told.values(), cores]))
    versions: Any = run.plan.get("versions") or _common(run, "versions")
    if isinstance(versions, dict):
        yield "versions", ", ".join(f"{key} {value}" for key, value in flat(versions) if value != "null")


def _common(run: Run, key: str) -> Any:
    """What all parts say of `key`, or None where they differ."""
    found = [part.about.get(key) for part in run.done]
    return found[0] if found and all(one == found[0] for one in found) else None


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    templates.filters.update(revealed=revealed)
    templates.globals.update(
        metric=words.metric, figure=words.figure, interval=words.interval, signed=words.difference,
        count=words.count, whisker=whisker, delta=_delta, flat=flat,
    )  # fmt: skip
    return templates


def _delta(change: Change, reach: Mapping[str, float]) -> Markup:
    one = change.difference
    return delta(one.low, one.value, one.high, reach[change.metric]) if one.known else Markup("")


@cache
def _source(name: str) -> Markup:
    """A file that lies beside this one, so no text of a user's."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8").strip())  # noqa: S704


def _security_policy(style: str, script: str) -> str:
    parts = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": _digest(style),
        "script-src": _digest(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def _digest(source: str) -> str:
    """A source expression that allows exactly this inline text (CSP level 3, section 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode('ascii')}'"
