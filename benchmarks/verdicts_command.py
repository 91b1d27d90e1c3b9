"""`python -m benchmarks accuracy --task verdicts`: its options, and what it shows."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import JsonValue
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.verdict_metrics import Prices
from matcher.errors import UsageError

METRICS = ("precision", "recall", "precision_review", "recall_review", "ece", "cost_per_1000")
HEADS = ("precision", "recall", "P review", "R review", "ECE", "cost / 1,000")
PIPED_WIDTH = 160
Tell = Callable[[str, int, int], None]


def add_verdicts_arguments(accuracy: argparse.ArgumentParser) -> None:
    """The options that only the task `verdicts` has."""
    group = accuracy.add_argument_group("verdicts", "--dataset: a labelled set, or demo:SEED to draw one")
    group.add_argument("--policy", type=Path, metavar="FILE", help="decide by this one (default: as shipped)")
    group.add_argument(
        "--verdicts", type=Path, metavar="SCAN_FOLDER", help="judge these verdicts instead of scanning"
    )
    default = Prices()
    for name, price, what in (
        ("missed", default.missed, "a counterfeit that is called clear"),
        ("false-alarm", default.false_alarm, "anything else that is called counterfeit"),
        ("review", default.review, "a listing that a person looks at"),
    ):
        group.add_argument(
            f"--cost-{name}",
            type=_price,
            default=price,
            metavar="COST",
            help=f"of {what}; set yours: {price:g}",
        )


def run_verdicts(chosen: argparse.Namespace, tell: Tell) -> dict[str, JsonValue]:
    """Measure and write the results file; returns what it holds."""
    from benchmarks.machine import machine, write_json
    from benchmarks.verdict_sets import opened_set
    from benchmarks.verdicts import VerdictTask, measure_verdicts, with_embedder
    from matcher.config import load_settings
    from matcher.policy import load_policy

    if chosen.no_verify:
        raise UsageError("--no-verify: the product always verifies; see the tasks copies and products")
    task = VerdictTask(
        policy=load_policy(chosen.policy),
        prices=Prices(chosen.cost_missed, chosen.cost_false_alarm, chosen.cost_review),
        part=chosen.part,
        limit=chosen.limit,
        verdicts=chosen.verdicts,
        resamples=chosen.resamples,
        seed=chosen.seed,
    )
    settings = with_embedder(load_settings(chosen.config), chosen.embedder)
    with opened_set(chosen.dataset, tell=tell) as found:
        results, _ = measure_verdicts(found, task, settings, tell)
    results |= machine()
    write_json(chosen.out, results)
    return results


def show_verdicts(found: dict[str, Any]) -> None:
    """The overall line with its intervals, a line a kind of evidence, a line a signal switched off."""
    console = Console()
    console = console if console.is_terminal else Console(width=PIPED_WIDTH)
    table = Table(
        title=f"verdicts on {found['dataset']['name']}, {found['settings']['policy']}", box=box.SIMPLE_HEAD
    )
    for head in ("", "listings", *HEADS):
        table.add_column(head, justify="right" if head else "left", no_wrap=True)
    metrics = found["metrics"]
    table.add_row(
        "overall", str(found["counts"]["queries"]), *(_figure(metrics, one) for one in METRICS), style="bold"
    )
    table.add_row("95 %", "", *(_interval(metrics, one) for one in METRICS), style="dim", end_section=True)
    for name, part in found["by"].items():
        table.add_row(f"with {name}", str(part["queries"]), *(_figure(part, one) for one in METRICS))
    table.add_section()
    for name, part in found["without"].items():
        cells = (_change(part, one) for one in METRICS)
        table.add_row(f"{name} switched off", f"{part['changed']} change", *cells)
    console.print(table)
    said = ", ".join(f"{count} {what}" for what, count in found["confusion"].items() if count)
    console.print(f"truth and verdict: {said}", highlight=False)
    if left_out := found["counts"]["not_scanned"]:
        console.print(f"{left_out} labelled listings were not scanned and are left out", highlight=False)
    prices = found["settings"]["prices"]
    note = (
        "placeholders, in minutes of work; set yours with --cost-…"
        if prices["are_placeholders"]
        else "as given"
    )
    console.print(
        f"costs: {prices['missed']:g} a missed fake, {prices['false_alarm']:g} a false alarm, "
        f"{prices['review']:g} a review ({note})", highlight=False,
    )  # fmt: skip


def _figure(metrics: dict[str, Any], name: str) -> str:
    value = metrics.get(name)
    if value is None:
        return "–"
    return f"{value:,.0f}" if name.startswith("cost") else f"{value:.3f}"


def _interval(metrics: dict[str, Any], name: str) -> str:
    match metrics.get(f"{name}_ci"):
        case [float(low), float(high)]:
            return f"{low:,.0f}–{high:,.0f}" if name.startswith("cost") else f"{low:.2f}–{high:.2f}"
        case _:
            return ""


def _change(part: dict[str, Any], name: str) -> str:
    """The metric, and by how much it differs where that is more than chance."""
    difference, bounds = part["difference"].get(name), part["difference"].get(f"{name}_ci")
    if difference is None or bounds is None or bounds[0] <= 0 <= bounds[1]:
        return _figure(part, name)
    shown = f"{difference:+,.0f}" if name.startswith("cost") else f"{difference:+.3f}"
    return f"{_figure(part, name)} ({shown})"


def _price(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e12:
        raise argparse.ArgumentTypeError(f"{text!r} is no price from 0 up")
    return value
