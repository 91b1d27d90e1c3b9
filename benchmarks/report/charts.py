"""Static charts as inline SVG: axes, lines, whiskers and bars, coloured by class from the style sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

WIDTH, HEIGHT = 440, 300
LEFT, RIGHT, TOP, BOTTOM = 50, 14, 12, 44
COLOURS = 8
MOST_HINTS = 40
"""How many points of a line tell their figures to a pointer that rests on them."""
Format = Callable[[float], str]


@dataclass(frozen=True)
class Axis:
    """A scale from `low` to `high`; `ticks` are in its units; `bend` maps a value before it is placed."""

    title: str
    low: float
    high: float
    ticks: tuple[float, ...]
    form: Format = "{:g}".format
    bend: Callable[[float], float] = field(default=float)

    def share(self, value: float) -> float:
        """Where `value` stands on the axis, in [0, 1]; what is outside stands at its end."""
        low, high = self.bend(self.low), self.bend(self.high)
        return min(max((self.bend(min(max(value, self.low), self.high)) - low) / (high - low), 0.0), 1.0)


@dataclass(frozen=True)
class Point:
    """A place in axis units; `hint` is told by a pointer, `low` and `high` are the ends of a whisker."""

    x: float
    y: float
    hint: str = ""
    low: float | None = None
    high: float | None = None
    size: float = 4.0


@dataclass(frozen=True)
class Series:
    """Points of one colour, joined by a line or each by itself; `label` stands beside the last point."""

    points: tuple[Point, ...]
    colour: int
    joined: bool = True
    dots: bool = False
    label: str = ""


def linear(title: str, low: float, high: float, form: Format | None = None) -> Axis:
    """An axis whose ticks are round numbers; it is widened to begin and end at one."""
    step = _step(high - low)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(number * step, 10) for number in range(first, max(last, first + 1) + 1))
    return Axis(title, ticks[0], ticks[-1], ticks, form or "{:g}".format)


def logarithmic(title: str, values: Iterable[float]) -> Axis:
    """An axis of powers of ten around positive `values`, with 2 and 5 between where they are few."""
    values = [value for value in values if value > 0] or [1.0]
    low, high = math.log10(min(values)), math.log10(max(values))
    low, high = (low - 0.3, high + 0.3) if high - low < 0.6 else (low - 0.12, high + 0.12)
    marks = (1,) if high - low > 3 else (1, 2, 5)
    decades = range(math.floor(low), math.ceil(high) + 1)
    ticks = [mark * 10.0**decade for decade in decades for mark in marks]
    shown = tuple(tick for tick in ticks if low <= math.log10(tick) <= high)
    return Axis(title, 10**low, 10**high, shown, _short, lambda value: math.log10(max(value, 1e-300)))


def _short(value: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _step(span: float) -> float:
    """A round step that gives about five ticks."""
    raw = max(span, 1e-9) / 5
    size = 10.0 ** math.floor(math.log10(raw))
    return next(mark * size for mark in (1, 2, 2.5, 5, 10) if mark * size >= raw * 0.999)


def chart(name: str, x: Axis, y: Axis, inside: Iterable[Markup]) -> Markup:
    """The whole SVG; `name` is what a screen reader says of it."""
    parts = [*_grid(x, y), *inside, _titles(x, y)]
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, name, Markup("").join(parts)
    )


def lines(series: Sequence[Series], x: Axis, y: Axis) -> Iterator[Markup]:
    """All series: whiskers below, then lines, dots and labels."""
    for one in series:
        places = [(_x(x, point.x), _y(y, point.y)) for point in one.points]
        colour = one.colour % COLOURS
        yield Markup('<g class="c{} d{}">').format(colour, one.colour // COLOURS % 3)
        yield from _whiskers(one, x, y)
        if one.joined and len(places) > 1:
            joined = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
            yield Markup('<polyline class="line" points="{}"/>').format(joined)
        yield from _dots(one, places)
        yield Markup("</g>")
    yield from _labels(series, x, y)


def _whiskers(one: Series, x: Axis, y: Axis) -> Iterator[Markup]:
    for point in one.points:
        if point.low is not None and point.high is not None:
            yield Markup('<line class="whisker" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(
                _told(_x(x, point.x)), _told(_y(y, point.low)), _told(_y(y, point.high))
            )


def _dots(one: Series, places: Sequence[tuple[float, float]]) -> Iterator[Markup]:
    """Visible dots, or unseen ones that only tell their hint."""
    every = 1 if one.dots else max(1, len(places) // MOST_HINTS)
    for point, (left, top) in list(zip(one.points, places, strict=True))[::every]:
        yield Markup('<circle class="{}" cx="{}" cy="{}" r="{}">{}</circle>').format(
            "dot" if one.dots else "unseen", _told(left), _told(top), _told(point.size if one.dots else 7),
            Markup("<title>{}</title>").format(point.hint) if point.hint else "",
        )  # fmt: skip


def _labels(series: Sequence[Series], x: Axis, y: Axis) -> Iterator[Markup]:
    """Labels beside last points, left of those near the right end, moved apart from above."""
    placed: list[tuple[float, float, float]] = []
    ends = [
        (_x(x, one.points[-1].x), _y(y, one.points[-1].y), one) for one in series if one.label and one.points
    ]
    for left, top, one in sorted(ends, key=lambda end: end[1]):
        wide = 6.4 * len(one.label)
        leftwards = left + wide + 10 > WIDTH - RIGHT
        start = left - wide - 9 if leftwards else left + 9
        level = top + 4
        while any(
            abs(level - other) < 13 and start < end and begin < start + wide for other, begin, end in placed
        ):
            level += 13
        placed.append((level, start, start + wide))
        yield Markup('<text class="name c{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
            one.colour % COLOURS, _told(left - 9 if leftwards else left + 9), _told(level),
            "end" if leftwards else "start", one.label,
        )  # fmt: skip


def bars(edges: Sequence[float], heights: Sequence[float], x: Axis, y: Axis, role: str) -> Markup:
    """A histogram's outline from the zero line of `y`, filled; `role` is its class."""
    zero = _told(_y(y, 0))
    path = [f"M{_told(_x(x, edges[0]))} {zero}"]
    for left, right, height in zip(edges, edges[1:], heights, strict=False):
        path.append(f"L{_told(_x(x, left))} {_told(_y(y, height))}H{_told(_x(x, right))}")
    path.append(f"V{zero}Z")
    return Markup('<path class="bars {}" d="{}"/>').format(role, "".join(path))


def guide(x: Axis, y: Axis, ends: tuple[float, float, float, float], label: str = "") -> Markup:
    """A dashed line from (x1, y1) to (x2, y2) in axis units."""
    x1, y1, x2, y2 = ends
    drawn = Markup('<line class="guide" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
        _told(_x(x, x1)), _told(_y(y, y1)), _told(_x(x, x2)), _told(_y(y, y2))
    )
    said = Markup('<text class="tick" x="{}" y="{}">{}</text>').format(
        _told(_x(x, x1) + 5), _told(_y(y, y1) + 13), label
    )
    return drawn + (said if label else "")


def _grid(x: Axis, y: Axis) -> Iterator[Markup]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for tick in y.ticks:
        level = _y(y, tick)
        yield Markup('<line class="grid" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>').format(
            LEFT, right, _told(level)
        )
        yield Markup('<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>').format(
            LEFT - 7, _told(level + 4), y.form(tick)
        )
    for tick in x.ticks:
        place = _told(_x(x, tick))
        yield Markup('<line class="grid" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(place, TOP, bottom)
        yield Markup('<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>').format(
            place, bottom + 17, x.form(tick)
        )


def _titles(x: Axis, y: Axis) -> Markup:
    middle = (TOP + HEIGHT - BOTTOM) / 2
    return Markup(
        '<text class="axis" x="{0}" y="{1}" text-anchor="middle">{2}</text>'
        '<text class="axis" x="12" y="{4}" text-anchor="middle" transform="rotate(-90 12 {4})">{3}</text>'
    ).format((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x.title, y.title, middle)


def _x(axis: Axis, value: float) -> float:
    return LEFT + axis.share(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.share(value) * (HEIGHT - TOP - BOTTOM)


def _told(value: float) -> str:
    return f"{value:.1f}"
