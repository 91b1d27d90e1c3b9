"""How metrics are called, in which direction they are good, and how their figures are written."""

from __future__ import annotations

import math
from dataclasses import dataclass

DASH = "–"
MINUS = "−"


@dataclass(frozen=True)
class Metric:
    """A column: its name in results files, its title, whether more is better (None: neither), what it is."""

    name: str
    title: str
    better: bool | None
    meaning: str = ""


_KNOWN = {
    one.name: one
    for one in (
        Metric(
            "uAP", "µAP", True, "micro average precision: one ranking of all pairs of query and reference"
        ),
        Metric("R@P90", "R@P90", True, "recall at the threshold where precision is 90 %"),
        Metric("R@1", "R@1", True, "share of queries whose first answer is right"),
        Metric("R@5", "R@5", True, "share of queries with a right answer among the first 5"),
        Metric("R@100", "R@100", True, "share of queries with a right answer among the first 100"),
        Metric("mAP", "mAP", True, "mean average precision over queries"),
        Metric("AP50", "AP50", True, "average precision of boxes that overlap the true one by half"),
        Metric(
            "recall_5", "recall of 5", True, "share of true boxes that one of a photo's five best overlaps"
        ),
        Metric(
            "top1_of_found", "top-1 of found", True, "share of found boxes whose likeliest brand is right"
        ),
        Metric("false_alarms", "false alarms", False, "share of photos without a logo on which one is said"),
        Metric("precision", "precision", True, "share of what is said that is right"),
        Metric("recall", "recall", True, "share of what is true that is said"),
        Metric(
            "precision_review", "precision, flagged", True, "share of what is not called clear that is not"
        ),
        Metric(
            "recall_review", "recall, flagged", True, "share of what is not clear that is not called clear"
        ),
        Metric("cost_per_1000", "cost / 1,000", False, "of 1,000 listings, at the prices in the settings"),
        Metric("recall_first", "recall@1", True, "share of queries whose nearest neighbour is found first"),
        Metric("queries_per_second", "queries/s", True, "queries answered in a second"),
        Metric("ece", "ECE", False, "expected calibration error: how far scores are from the share true"),
        Metric("images_per_second", "images/s", True, "images looked up in a second"),
        Metric("photos_per_second", "photos/s", True, "photos scanned in a second"),
        Metric("peak_mib", "peak MiB", False, "most memory in use at once"),
        Metric("growth_mib", "growth MiB", False, "memory gained from a short scan to a long one"),
        Metric("index_bytes_per_image", "bytes/image", False, "size of the index by image"),
        Metric("seconds", "seconds", False, "wall time of the whole part"),
    )
}
_MORE_IS_BETTER = ("R@", "AP", "mAP", "uAP", "precision", "recall", "accuracy", "f1", "auc", "qps")
_LESS_IS_BETTER = ("ece", "cost", "error", "brier", "false_", "seconds", "failed")
_LESS_BY_UNIT = ("_ms", "_mib", "_bytes", "_seconds", "_per_image", "_ece", "_cost")
RESOURCES = ("images_per_second", "peak_mib", "index_bytes_per_image", "seconds")
"""What a part took: columns after its metrics."""
_COUNTED = ("per_second", "mib", "bytes", "seconds", "_ms", "qps", "cost")


def metric(name: str) -> Metric:
    """The column of a metric, also of one this report does not know; its direction is then told by its name.

    A name that says nothing of the direction gives None: of such a column no winner is named.
    """
    if name in _KNOWN:
        return _KNOWN[name]
    plain = name.lower()
    better: bool | None = None
    if plain.endswith(_LESS_BY_UNIT) or plain.startswith(_LESS_IS_BETTER):
        better = False
    elif plain.endswith("_per_second") or plain.startswith(tuple(one.lower() for one in _MORE_IS_BETTER)):
        better = True
    return Metric(name, name.replace("_", " ").replace(" mib", " MiB"), better)


def ordered(names: set[str]) -> list[str]:
    """Known metrics first, in their usual order, then the others by name."""
    known = [name for name in _KNOWN if name in names]
    return known + sorted(names - set(known))


def figure(name: str, value: float | None) -> str:
    """`value` as it is written in a cell; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    text = _counted(value) if _is_counted(name, value) else f"{value:.3f}"
    return text.replace("-", MINUS)


def difference(name: str, value: float) -> str:
    """`value` with its sign."""
    text = figure(name, abs(value))
    return text if not text.strip("0.,") else f"{'+' if value > 0 else MINUS}{text}"


def _is_counted(name: str, value: float) -> bool:
    return abs(value) > 1 or (isinstance(value, int) and value > 1) or name.lower().endswith(_COUNTED)


def _counted(value: float) -> str:
    """Three digits of what is small, all digits before the point of what is large."""
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def interval(name: str, pair: tuple[float, float] | None) -> str:
    """`0.979–0.997`; empty where there is none."""
    return f"{figure(name, pair[0])}{DASH}{figure(name, pair[1])}" if pair else ""


def count(number: int, one: str, many: str = "") -> str:
    """`1 part`, `3 parts`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
