"""A run, or loose results files, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.report import words
from benchmarks.report.comparison import Change, Comparison
from benchmarks.report.flat import flat_tables
from benchmarks.report.folder import is_run, read_run
from benchmarks.report.groups import Group, grouped
from benchmarks.report.growth import Growth, search_growth
from benchmarks.report.parts import Part, Run


def markdown(folder: Path) -> str:
    """The report of `folder`: a table by task and set for a run, one line a file for loose results files.

    Raises UsageError when `folder` holds no results file.
    """
    return run_markdown(read_run(folder)) if is_run(folder) else flat_tables(folder)


def run_markdown(run: Run, against: Comparison | None = None) -> str:
    """`run` as Markdown; with `against`, what changed comes first."""
    blocks = [f"# {_text(run.title)}"]
    blocks += _comparison(against) if against else []
    for group in grouped(run.done):
        blocks += [f"## {_text(group.title)}", *filter(None, [_text(group.note())]), _table(group)]
        blocks += [_stages(group)] if group.stages else []
    if grown := search_growth(run.done):
        blocks += ["## How search grows", _growth(grown)]
    blocks += [_LEGEND] if run.done else []
    if run.left:
        lines = [f"- {_text(part.name)} ({_text(part.state)}): {_text(part.why)}" for part in run.left]
        blocks += ["## Not run", "\n".join(lines)]
    blocks += ["\n".join(f"- note: {_text(note)}" for note in run.notes)] if run.notes else []
    return "\n\n".join(blocks)


_LEGEND = (
    "**Bold** leads its column beyond noise; ≈ cannot be told from the best. 95 % intervals in brackets."
)


def _table(group: Group) -> str:
    head = ["model", *(words.metric(name).title for name in group.columns)]
    lines = [head, ["---", *("---:" for _ in group.columns)]]
    for number, row in enumerate(group.rows):
        lines.append([_text(row.label), *(_cell(group, name, number) for name in group.columns)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _stages(group: Group) -> str:
    """Of speed: milliseconds a photo of each stage, and photos a second."""
    lines = [["ms a photo (photos a second)", *(_text(row.label) for row in group.rows)]]
    lines += [["---", *("---:" for _ in group.rows)]]
    for stage in group.stages:
        cells = []
        for part in group.parts:
            ms, pace = part.metrics.get(f"{stage}_ms"), part.metrics.get(f"{stage}_per_second")
            told = "" if pace is None else f" ({words.figure('per_second', pace)})"
            cells.append(f"{words.figure('_ms', ms)}{told}")
        lines.append([_text(stage.replace("_", " ")), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _growth(found: Growth) -> str:
    """Queries a second of each index by the number of descriptors, with the recall there."""
    head = ["queries a second (recall)", *(f"{count:,} descriptors" for count in found.counts)]
    lines = [head, ["---", *("---:" for _ in found.counts)]]
    lines += [[_text(row.label), *map(_searched, parts)] for row, parts in found.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _searched(part: Part | None) -> str:
    if part is None or "queries_per_second" not in part.metrics:
        return words.DASH
    pace = words.figure("queries_per_second", part.metrics["queries_per_second"])
    return f"{pace} ({words.figure('recall', part.metrics.get('recall'))})"


def _cell(group: Group, name: str, number: int) -> str:
    part, standing = group.rows[number].part, group.standings[name]
    figure = words.figure(name, part.metrics.get(name))
    within = words.interval(name, part.intervals.get(name))
    text = f"{figure} ({within})" if within else figure
    if standing.winner == number:
        return f"**{text}**"
    return f"≈ {text}" if number in standing.best else text


def _comparison(found: Comparison) -> Iterator[str]:
    beyond = found.of("worse", "better")
    yield f"## Against {_text(found.before.title)}"
    if beyond:
        head = "| part | metric | before | after | difference (95 %) | |"
        yield "\n".join([head, "| --- | --- | ---: | ---: | ---: | --- |", *map(_line, beyond)])
    rest = [
        f"{words.count(len(found.of('noise')), 'figure')} within noise",
        f"{len(found.of('same'))} the same",
    ]
    if unknown := len(found.of("unknown")):
        rest.append(f"{words.count(unknown, 'figure')} without an interval, or of no known direction")
    yield ("" if beyond else "No difference exceeds noise. ") + "; ".join(rest) + "."
    for title, names in (("Only before", found.only_before), ("Only now", found.only_after)):
        if names:
            yield f"{title}: {', '.join(map(_text, names))}."


def _line(change: Change) -> str:
    name, one = change.metric, change.difference
    low, value, high = (words.difference(name, number) for number in (one.low, one.value, one.high))
    cells = (
        _text(change.part.name), words.metric(name).title, words.figure(name, change.before),
        words.figure(name, change.after),
        f"{value} ({low} to {high})", change.state,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _text(value: str) -> str:
    """Fit for a table cell and a heading; no markup of its own."""
    plain = " ".join(value.split())
    for mark in "\\|<>`*[]":
        plain = plain.replace(mark, f"\\{mark}")
    return plain
