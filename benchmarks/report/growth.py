"""Charts of what grows: search over the number of descriptors, stages over references or over a batch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.report import words
from benchmarks.report.charts import Axis, Point, Series, chart, lines, logarithmic
from benchmarks.report.figures import Figure
from benchmarks.report.groups import Group, Row
from benchmarks.report.parts import Part

GROWING = (
    ("queries_per_second", "Queries a second", "queries a second", "Higher is better."),
    ("build_seconds", "Time to build", "seconds", "Lower is better."),
    ("peak_mib", "Memory", "MiB", "Lower is better; the most that was held while it was built and searched."),
)
"""Of an index: the figure, the chart's heading, its axis and how to read it."""
SWEPT = {
    "references": ("references", "Time and references"),
    "batch": ("views in one pass", "Time and batch"),
}
_SWEEP = re.compile(r"(?P<stage>\w+)_by_(?P<by>references|batch)")


@dataclass(frozen=True)
class Growth:
    """How indexes grow: `counts` of descriptors rise, `rows` hold each index's part at each, or None."""

    counts: tuple[int, ...]
    rows: tuple[tuple[Row, tuple[Part | None, ...]], ...]
    figures: tuple[Figure, ...]


def search_growth(parts: Sequence[Part]) -> Growth | None:
    """Of the parts of the task `search`; None where no index was measured at two numbers of descriptors."""
    found: dict[str, dict[int, Part]] = {}
    for part in parts:
        count = part.settings.get("descriptors")
        if part.task == "search" and isinstance(count, int) and not isinstance(count, bool) and count > 0:
            found.setdefault(part.model or part.name, {})[count] = part
    if max(map(len, found.values()), default=0) < 2:
        return None
    counts = tuple(sorted({count for by in found.values() for count in by}))
    rows = tuple(
        (Row(next(iter(by.values())), model, "", (), colour), tuple(map(by.get, counts)))
        for colour, (model, by) in enumerate(found.items())
    )
    drawn = (_growing(counts, rows, *one) for one in GROWING)
    return Growth(counts, rows, tuple(one for one in drawn if one))


def _growing(
    counts: Sequence[int], rows: Sequence[tuple[Row, tuple[Part | None, ...]]],
    name: str, title: str, axis: str, reading: str,
) -> Figure | None:  # fmt: skip
    points = {
        row.colour: [
            Point(count, value, _told(row.label, count, name, value, part))
            for count, part in zip(counts, parts, strict=True)
            if part and (value := part.metrics.get(name, 0)) > 0
        ]
        for row, parts in rows
    }
    drawn = [row for row, _ in rows if points[row.colour]]
    series = [Series(tuple(points[row.colour]), row.colour, dots=True) for row in drawn]
    return _figure(title, reading, ("descriptors", axis), series, drawn) if series else None


def _told(label: str, count: int, name: str, value: float, part: Part) -> str:
    recall = f" at recall {part.metrics['recall']:.3f}" if "recall" in part.metrics else ""
    return f"{label}, {count:,} descriptors: {words.figure(name, value)} {words.metric(name).title}{recall}"


def sweeps(group: Group) -> Iterator[Figure]:
    """Of a group's speed runs: milliseconds a photo over references, and over the batch."""
    for by, (axis, title) in SWEPT.items():
        series: list[Series] = []
        rows: list[Row] = []
        for row in group.rows:
            curves = [(told["stage"], points) for name, points in row.part.curves.items()
                      if (told := _SWEEP.fullmatch(name)) and told["by"] == by]  # fmt: skip
            for stage, points in curves:
                colour = len(series)
                told_by = f"{row.label}, {stage}" if len(group.rows) > 1 else stage
                series.append(Series(tuple(_swept(told_by, axis, points)), colour, dots=True))
                rows.append(Row(row.part, told_by, "", (), colour))
        if any(one.points for one in series):
            yield _figure(title, "Lower is better.", (axis, "ms a photo"), series, rows)


def _swept(label: str, axis: str, points: Sequence[tuple[float, ...]]) -> Iterator[Point]:
    for number, ms in sorted(point[:2] for point in points):
        if number > 0 and ms > 0:
            yield Point(number, ms, f"{label}, {number:,.0f} {axis}: {ms:.3g} ms a photo")


def _figure(
    title: str, reading: str, axes: tuple[str, str], series: Sequence[Series], rows: Sequence[Row]
) -> Figure:
    x, y = (_axis(name, series, of) for name, of in zip(axes, (_across, _up), strict=True))
    svg = chart(f"{title} of {', '.join(row.label for row in rows)}", x, y, lines(series, x, y))
    return Figure(title, reading, svg, tuple(rows))


def _axis(name: str, series: Sequence[Series], of: Callable[[Point], float]) -> Axis:
    return logarithmic(name, [of(point) for one in series for point in one.points])


def _across(point: Point) -> float:
    return point.x


def _up(point: Point) -> float:
    return point.y
