"""`python -m benchmarks accuracy --task logos`: its options, and what it shows."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import JsonValue
from rich import box
from rich.console import Console
from rich.table import Table

from matcher.errors import UsageError

COLUMNS = ("R@1", "R@P90", "uAP", "AP50", "recall_5", "top1_of_found", "false_alarms")
HEADS = ("R@1", "R@P90", "uAP", "AP50", "recall of 5", "top-1 of found", "false alarms")
PIPED_WIDTH = 140
WORDMARKS = Path(__file__).parent / "wordmarks.csv"
"""How brands of published sets are written, where the set calls them otherwise."""
Tell = Callable[[str, int, int], None]


def add_logo_arguments(accuracy: argparse.ArgumentParser) -> None:
    """The options that only the task `logos` has."""
    group = accuracy.add_argument_group(
        "logos",
        "--dataset: a set of photos with logos in boxes or, with --scenes or --alarms-only, plain photos",
    )
    group.add_argument("--logos", type=Path, nargs="+", default=[], metavar="DIR", help="images of logos")
    group.add_argument("--gallery", type=int, metavar="N", help="of --logos only N (default: all)")
    group.add_argument("--scenes", type=int, metavar="N", help="lay --logos on the photos: N made scenes")
    group.add_argument(
        "--shots", type=int, nargs="+", default=[1, 3, 10], metavar="K", help="references a brand (1 3 10)"
    )
    group.add_argument("--no-text", action="store_true", help="the logo signal alone: read no text")


def run_logos(chosen: argparse.Namespace, tell: Tell) -> dict[str, Any]:
    """Measure and write the results file; returns what it holds."""
    from benchmarks.logos.cases import LogoCases
    from benchmarks.logos.measuring import logo_results, look_at
    from benchmarks.logos.sheet import draw_alarms
    from benchmarks.machine import machine, write_json
    from benchmarks.text.kept_lines import KeptLines
    from matcher.assembly import build_logo_models, build_text_reader
    from matcher.config import load_settings
    from matcher.models import TextReader

    settings = load_settings(chosen.config)
    models = build_logo_models(settings.models)
    if models is None:
        raise UsageError("models.logo is 'none': the task logos needs models; set it in --config")
    reader: TextReader | None = None if chosen.no_text else build_text_reader(settings.models)
    if reader is not None and chosen.lines:
        reader = KeptLines(reader, chosen.lines)
    found: LogoCases = chosen_cases(
        chosen.dataset, settings.images, layout=chosen.layout, part=chosen.part, logos=chosen.logos,
        gallery=chosen.gallery, scenes=chosen.scenes, alarms=chosen.alarms_only, seed=chosen.seed,
        limit=chosen.limit, shots=max(chosen.shots), brands=chosen.brands,
    )  # fmt: skip
    looked = look_at(found, models, reader, settings, shots=chosen.shots, tell=tell)
    results, _ = logo_results(
        found, looked, with_text=reader is not None, resamples=chosen.resamples, seed=chosen.seed
    )
    asked: dict[str, JsonValue] = {
        "part": chosen.part, "seed": chosen.seed, "limit": chosen.limit, "shots": list(chosen.shots),
        "gallery": chosen.gallery, "scenes": chosen.scenes, "alarms_only": chosen.alarms_only,
        "logos": [path.name for path in chosen.logos], "text": reader.name if reader else None,
        "models": settings.models.model_dump(mode="json"), "images": settings.images.model_dump(mode="json"),
    }  # fmt: skip
    results |= {"model": models.name, "settings": asked, **machine()}
    write_json(chosen.out, results)
    if chosen.sheet:
        draw_alarms(looked.alarms, chosen.sheet)
    return results


def chosen_cases(
    dataset: Path,
    images: Any,
    *,
    layout: str = "",
    part: Any = "all",
    logos: Sequence[Path] = (),
    gallery: int | None = None,
    scenes: int | None = None,
    alarms: bool = False,
    seed: int = 0,
    limit: int | None = None,
    shots: int = 10,
    brands: Sequence[Path] = (),
) -> Any:
    """The `LogoCases` that the options ask for; raises UsageError.

    `brands`: CSV files that say how brands are written; `WORDMARKS` says it of some sets.
    """
    from dataclasses import replace

    from benchmarks.adapters import read_boxes
    from benchmarks.logos.cases import cases_of, read_logos, spread, without_logos
    from benchmarks.logos.scenes import made_scenes
    from benchmarks.text.words import read_brands

    if (scenes or alarms) and not logos:
        raise UsageError("--logos: name folders of logo images")
    if scenes and alarms:
        raise UsageError("--scenes, --alarms-only: give one of them; made scenes show logos")
    known = read_logos(logos, images, gallery) if logos else []
    if alarms:
        found = without_logos(dataset, known, part=part)
    elif scenes:
        found = made_scenes(dataset, known, images, count=scenes, seed=seed, part=part)
    else:
        found = cases_of(read_boxes(dataset, layout), images, part=part, shots=shots)
        found = replace(found, extra=tuple(one for one in known if one.brand not in found.references))
    written = {one.name: one.wordmarks for path in (WORDMARKS, *brands) for one in read_brands(path)}
    found = replace(found, wordmarks=written)
    return found if limit is None else spread(found, limit)


def show_logos(found: dict[str, Any]) -> None:
    """The overall line with its intervals, then a line for each number of references, then each alarm."""
    console = Console()
    console = console if console.is_terminal else Console(width=PIPED_WIDTH)
    counts = found["counts"]
    table = Table(title=f"logos on {found['dataset']['name']}, {found['model']}", box=box.SIMPLE_HEAD)
    for head in ("", "photos", *HEADS):
        table.add_column(head, justify="right" if head else "left", no_wrap=True)
    metrics = found["metrics"]
    cells = (_figure(metrics, one) for one in COLUMNS)
    table.add_row("overall", str(counts["photos"]), *cells, style="bold")
    table.add_row("95 %", "", *(_interval(metrics, one) for one in COLUMNS), style="dim", end_section=True)
    for name, part in found["by"].items():
        table.add_row(name, str(part["queries"]), *(_figure(part, one) for one in COLUMNS))
    console.print(table)
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    console.print(told, highlight=False)
    for one in found["alarms"]:
        line = f"{one['image']}: called {one['brand']}, {one['score']:.2f}, shows {one['shown'] or 'none'}"
        console.print(line, highlight=False, markup=False)


def _figure(metrics: dict[str, Any], name: str) -> str:
    value = metrics.get(name)
    return "–" if value is None else f"{value:.3f}"


def _interval(metrics: dict[str, Any], name: str) -> str:
    bounds: Sequence[float] | None = metrics.get(f"{name}_ci")
    return f"{bounds[0]:.2f}–{bounds[1]:.2f}" if bounds else ""
