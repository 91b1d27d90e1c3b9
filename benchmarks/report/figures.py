"""The charts of one group: precision, recall, speed, calibration, scores; and whiskers for cells."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from benchmarks.report import words
from benchmarks.report.charts import Axis, Point, Series, bars, chart, guide, linear, lines, logarithmic
from benchmarks.report.groups import Group, Row
from benchmarks.report.parts import Histogram, Interval

MOST_HISTOGRAMS = 12
MOST_NAMED = 6
"""More models than these have a legend, as their names would cover each other beside their points."""


@dataclass(frozen=True)
class Figure:
    """A chart with its heading and a sentence on how to read it; `rows` are those it shows."""

    title: str
    reading: str
    svg: Markup
    rows: tuple[Row, ...] = ()


def figures(group: Group) -> list[Figure]:
    """The charts that show all rows at once, as far as the group's parts have figures for them."""
    found = [_precision_recall(group), _by_speed(group), _recall_speed(group), _reliability(group)]
    return [one for one in found if one]


def _with(group: Group, curve: str, width: int) -> list[tuple[Row, list[tuple[float, ...]]]]:
    """The rows that have the curve, with its points of at least `width` numbers."""
    found = [
        (row, [one for one in row.part.curves.get(curve, ()) if len(one) >= width]) for row in group.rows
    ]
    return [(row, points) for row, points in found if points]


def _precision_recall(group: Group) -> Figure | None:
    found = _with(group, "precision_recall", 3)
    if not found:
        return None
    x, y = linear("recall", 0, 1), linear("precision", 0, 1)
    series = [Series(tuple(_thresholds(row, points)), row.colour) for row, points in found]
    inside = [guide(x, y, (0, 0.9, 1, 0.9), "90 % precision"), *lines(series, x, y)]
    return Figure(
        "Precision and recall",
        "Towards the upper right is better. Each point is a threshold on the score.",
        chart(f"Precision over recall of {_named(found)}", x, y, inside),
        tuple(row for row, _ in found),
    )


def _thresholds(row: Row, points: Iterable[tuple[float, ...]]) -> Iterator[Point]:
    for score, precision, recall in sorted((one[:3] for one in points), key=lambda one: (one[2], -one[1])):
        told = f"precision {precision:.3f}, recall {recall:.3f} from score {score:.3f} up"
        yield Point(recall, precision, f"{row.label}: {told}")


def _by_speed(group: Group) -> Figure | None:
    """Each model once: its main figure over the images it looks up in a second."""
    main, speed = group.main, "images_per_second"
    rows = [row for row in group.rows if main in row.part.metrics and row.part.metrics.get(speed, 0) > 0]
    if main is None or len(rows) < 2:
        return None
    ends = [end for row in rows for end in row.part.intervals.get(main, (row.part.metrics[main],))]
    title = words.metric(main).title
    x = logarithmic("images a second", [row.part.metrics[speed] for row in rows])
    y = linear(title, *_widened(ends))
    named = len(rows) <= MOST_NAMED
    series = [
        Series((_placed(row, main),), row.colour, False, True, _shortened(row.label) if named else "")
        for row in rows
    ]
    return Figure(
        f"{title} and speed",
        "Towards the upper right is better. Whiskers are 95 % intervals.",
        chart(f"{title} over images a second", x, y, lines(series, x, y)),
        () if named else tuple(rows),
    )


def _placed(row: Row, main: str) -> Point:
    fast, right = row.part.metrics["images_per_second"], row.part.metrics[main]
    low, high = row.part.intervals.get(main, (None, None))
    hint = f"{row.label}: {words.metric(main).title} {right:.3f}, {fast:.3g} images a second"
    return Point(fast, right, hint, low, high, size=5)


def _recall_speed(group: Group) -> Figure | None:
    """Each model as a curve of its own settings: recall over queries a second."""
    found = [(row, [one for one in points if one[0] > 0]) for row, points in _with(group, "recall_speed", 2)]
    found = [(row, points) for row, points in found if points]
    if not found:
        return None
    x = logarithmic("queries a second", [one[0] for _, points in found for one in points])
    y = linear("recall", *_widened([one[1] for _, points in found for one in points]))
    series = [Series(tuple(_searched(row, points)), row.colour, dots=True) for row, points in found]
    return Figure(
        "Recall and speed of search",
        "Towards the upper right is better. Each point is a setting of the index.",
        chart(f"Recall over queries a second of {_named(found)}", x, y, lines(series, x, y)),
        tuple(row for row, _ in found),
    )


def _searched(row: Row, points: Iterable[tuple[float, ...]]) -> Iterator[Point]:
    for point in sorted(points):
        fast, recall, name = point[0], point[1], row.part.point_names.get(point, "")
        setting = f" with {name}" if name else ""
        hint = f"{row.label}{setting}: recall {recall:.3f}, {fast:,.0f} queries a second"
        yield Point(fast, recall, hint)


def _reliability(group: Group) -> Figure | None:
    found = _with(group, "reliability", 3)
    if not found:
        return None
    x, y = linear("mean score", 0, 1), linear("share true", 0, 1)
    most = max(one[2] for _, points in found for one in points)
    series = [Series(tuple(_calibrated(row, points, most)), row.colour, dots=True) for row, points in found]
    inside = [guide(x, y, (0, 0, 1, 1)), *lines(series, x, y)]
    return Figure(
        "Reliability",
        "On the dashed line a score is the share that is true. Larger dots stand for more pairs.",
        chart(f"Share true over mean score of {_named(found)}", x, y, inside),
        tuple(row for row, _ in found),
    )


def _calibrated(row: Row, points: Iterable[tuple[float, ...]], most: float) -> Iterator[Point]:
    for score, share, number in sorted(one[:3] for one in points):
        if number > 0:
            hint = f"{row.label}: score {score:.2f}, {share:.1%} of {number:,.0f} true"
            size = 2.5 + 4 * math.sqrt(number / most)
            yield Point(score, share, hint, *_wilson(share, number), size)


def _wilson(share: float, number: float, z: float = 1.96) -> Interval:
    """95 % interval of a share. Source: Wilson, Journal of the American Statistical Association 22 (1927)."""
    share = min(max(share, 0.0), 1.0)
    middle = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z * math.sqrt(share * (1 - share) / number + z * z / (4 * number * number)) / (1 + z * z / number)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def histograms(group: Group) -> list[Figure]:
    """One a row: what is true drawn upwards, what is false downwards, each as shares of its own."""
    found = [(row, row.part.histogram) for row in group.rows if row.part.histogram][:MOST_HISTOGRAMS]
    shares = [
        share for _, scores in found if scores for share in (*_shares(scores.true), *_shares(scores.false))
    ]
    y = _mirrored(max(shares, default=0.0))
    return [_histogram(row, scores, y) for row, scores in found if scores]


def _histogram(row: Row, scores: Histogram, y: Axis) -> Figure:
    true, false = _shares(scores.true), _shares(scores.false)
    x = linear("score", scores.edges[0], scores.edges[-1])
    inside = [
        bars(scores.edges, true, x, y, "true"),
        bars(scores.edges, [-one for one in false], x, y, "false"),
        Markup('<text class="side true" x="58" y="28">true</text>'),
        Markup('<text class="side false" x="420" y="248" text-anchor="end">false</text>'),
    ]
    told = f"{sum(scores.true):,.0f} true pairs upwards, {sum(scores.false):,.0f} false ones downwards"
    return Figure(
        row.label,
        f"{told}.",
        chart(f"Scores of {row.label}: {told}", x, y, inside),
    )


def _mirrored(top: float) -> Axis:
    """Shares up and down from zero, by their square roots."""
    top = max(top, 0.01)
    ticks: list[float] = []
    for tick in (0.01, 0.05, 0.2, 0.5, 1.0):
        if tick <= top and math.sqrt(tick / top) - math.sqrt((ticks or [0.0])[-1] / top) > 0.17:
            ticks.append(tick)
    return Axis(
        "share of pairs", -top, top, (*(-tick for tick in reversed(ticks)), 0.0, *ticks),
        lambda value: f"{abs(value):.0%}", lambda value: math.copysign(math.sqrt(abs(value)), value),
    )  # fmt: skip


def _shares(counts: Sequence[float]) -> list[float]:
    total = sum(counts)
    return [max(one, 0.0) / total if total > 0 else 0.0 for one in counts]


def _widened(values: Sequence[float]) -> Interval:
    """The range of `values` with room around, but within [0, 1] where they are shares."""
    low, high = min(values), max(values)
    room = max((high - low) * 0.12, 0.01)
    return max(low - room, 0.0) if low >= 0 else low - room, min(
        high + room, 1.0
    ) if high <= 1 else high + room


def _named(found: Sequence[tuple[Row, object]]) -> str:
    return ", ".join(row.label for row, _ in found)


def _shortened(label: str, most: int = 24) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"


def whisker(value: float, interval: Interval, scale: Interval) -> Markup:
    """A figure's interval on the scale of its column, for a table cell; values outside stand at an end."""
    low, high = scale
    low, high = (low, high) if high > low else (low - 1, high + 1)
    places = (interval[0], value, interval[1])
    start, middle, end = (3 + 74 * min(max((one - low) / (high - low), 0), 1) for one in places)
    return Markup(
        '<svg class="mini" viewBox="0 0 80 8" aria-hidden="true">'
        '<line class="track" x1="0" x2="80" y1="4" y2="4"/>'
        '<line class="range" x1="{:.1f}" x2="{:.1f}" y1="4" y2="4"/>'
        '<circle class="value" cx="{:.1f}" cy="4" r="3"/></svg>'
    ).format(start, end, middle)


def delta(low: float, value: float, high: float, reach: float) -> Markup:
    """A difference's interval around zero, for a table cell; `reach` is the largest distance from zero."""
    reach = reach or 1.0
    start, middle, end = (60 + 56 * min(max(one / reach, -1), 1) for one in (low, value, high))
    return Markup(
        '<svg class="mini wide" viewBox="0 0 120 10" aria-hidden="true">'
        '<line class="zero" x1="60" x2="60" y1="0" y2="10"/>'
        '<line class="range" x1="{:.1f}" x2="{:.1f}" y1="5" y2="5"/>'
        '<circle class="value" cx="{:.1f}" cy="5" r="3.2"/></svg>'
    ).format(start, end, middle)
