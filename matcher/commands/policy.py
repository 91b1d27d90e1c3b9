"""`matcher policy`: how much each finding weighs, and where a verdict begins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.commands import screen
from matcher.commands.session import chosen_policy, has_workspace, open_workspace
from matcher.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcher.labels.sources import Source, WholeScan
    from matcher.tuning import HeldOut, Operating, Tuned

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="How findings are weighed.")
SHOWN_FAILURES = 10


@app.command("show")
def show(
    context: typer.Context,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A policy of yours, checked and printed.")
    ] = None,
    shipped: Annotated[
        bool, typer.Option("--shipped", help="Print the one that ships, whatever the settings name.")
    ] = False,
) -> None:
    """Print the policy in force as TOML: a whole one to start from.

    That is the one that `policy.file` in the settings names, or else the one
    that ships. For instance:

      matcher policy show > strict.toml
      matcher policy show --policy strict.toml
    """
    from matcher.policy import load_policy

    if shipped and policy is not None:
        raise UsageError("--shipped and --policy name two policies; give one of them")
    text = (load_policy() if shipped else chosen_policy(context, policy)).policy_text
    typer.echo(text, nl=not text.endswith("\n"))


@app.command("tune")
def tune(
    context: typer.Context,
    labels: Annotated[
        Path | None,
        typer.Argument(
            metavar="[LABELS]",
            help="A table with listing_id and label, or a folder of `review export`; without it the reviews.",
        ),
    ] = None,
    precision: Annotated[
        float, typer.Option(metavar="SHARE", help="Of what is called counterfeit, the share that is.")
    ] = 0.95,
    review_precision: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="The same for all that is not clear; else that threshold stays as it is."
        ),
    ] = None,
    scan: Annotated[
        str,
        typer.Option(metavar="SCAN", help="The scan that the labels speak of: its folder or its number."),
    ] = "",
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The policy to start from instead of the one in force."),
    ] = None,
    weights: Annotated[
        bool, typer.Option("--weights", help="Fit the weights too, near those it has.")
    ] = False,
    confidence: Annotated[
        float, typer.Option(metavar="SHARE", help="How surely the labels must show the precision.")
    ] = 0.95,
    seed: Annotated[int, typer.Option(min=0, help="Deals the listings into other folds.")] = 0,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Another name for the policy, at version 1.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the policy here; a new file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Choose thresholds for a wanted precision from labelled listings, and show the trade-off.

    The lowest threshold is taken that the labels show to be precise enough.
    It is then tried on listings that share no seller, product or photo with
    those it was chosen on. Where the labels are too few, nothing is written,
    and it is said how many are needed.

      matcher policy tune --precision 0.95 --out policy.toml
      matcher policy tune labels.csv --scan monday --precision 0.9
      matcher policy tune labels-june --weights --review-precision 0.5 --out policy.toml
    """
    from matcher.files import replacing
    from matcher.labels.sources import WholeScan
    from matcher.tuning import Wish, tune, tuned_text

    if out is not None and out.exists():
        raise UsageError(f"{out} is there already; name a new file with --out")
    before = chosen_policy(context, policy)
    wish = Wish(precision, review_precision, confidence, weights, seed)
    source = _read(context, labels, scan)
    tuned = tune(source.choosing, before, wish, name=name)
    whole = None if source.scan is None else WholeScan(source.scan, tuned.policy)
    facts = _facts(source, tuned, wish, whole)
    notes = (
        f"Made by `matcher policy tune` from {before.label}: {facts['said']}",
        *tuned.notes,
        "comments below that tell of single figures are those of the policy it was made from",
    )
    text = tuned_text(before, tuned.policy, notes)
    if out is not None:
        with replacing(out) as (file,):
            file.write(text.encode("utf-8", "backslashreplace"))
    if as_json:
        screen.say_json(facts | {"policy_text": text, "out": None if out is None else str(out)})
        return
    _show(source, tuned, facts, whole)
    screen.say(
        str(out) if out else "nothing was written; --out FILE writes the policy", "bold" if out else ""
    )


def _read(context: typer.Context, labels: Path | None, scan: str) -> Source:
    """The labelled listings that the options name."""
    from matcher.commands.review import find
    from matcher.labels.sources import from_folder, from_reviews, from_table

    if labels is None:
        with open_workspace(context) as workspace, workspace.database.read() as connection:
            return from_reviews(connection, find(connection, scan).scan_id if scan else None)
    if labels.is_dir():
        return from_folder(labels)
    if not labels.exists():
        raise UsageError(f"{labels}: is not there; give a table of labels, or a folder of `review export`")
    if not scan:
        raise UsageError(f"{labels}: name the scan's folder that it speaks of with --scan")
    if not has_workspace(context):
        return from_table(labels, Path(scan))
    with open_workspace(context) as workspace, workspace.database.read() as connection:
        folder = Path(scan) if Path(scan).exists() else Path(find(connection, scan).out)
        return from_table(labels, folder, connection)


def _facts(source: Source, tuned: Tuned, wish: Any, whole: WholeScan | None) -> dict[str, Any]:
    """Everything that is shown, as JSON has it."""
    from matcher.labels.sources import tried_on

    counts = {"fakes": tuned.fakes, "genuine": tuned.genuine, "undecided": tuned.undecided}
    said = (
        f"precision {wish.precision:g} of counterfeit with {wish.confidence:.0%} confidence, on "
        f"{sum(counts.values())} labelled listings ({tuned.fakes} fakes)"
    )
    held, review_held = tuned.held_out, tuned.review_held_out
    return {
        "policy": tuned.policy.label,
        "said": said,
        "wanted": {"precision": wish.precision, "review_precision": wish.review_precision,
                   "confidence": wish.confidence},
        "thresholds": tuned.policy.thresholds.model_dump(),
        "labels": {"from": source.what, **counts, "groups": tuned.groups, "failed": len(source.failed),
                   "without_verdict": len(source.unknown)},
        "before": tuned.before.facts(),
        "after": tuned.after.facts(),
        "review_before": tuned.review_before.facts(),
        "review_after": tuned.review_after.facts(),
        "held_out": held.facts() if held else None,
        "review_held_out": review_held.facts() if review_held else None,
        "report_split": tried_on(source.reporting, tuned.policy),
        "trade_off": [
            {**one.facts(), "of_all": whole.flagged(one.threshold) if whole else None} for one in tuned.table
        ],
        "review_trade_off": [one.facts() for one in tuned.review_table],
        "notes": [*source.notes, *tuned.notes],
    }  # fmt: skip


def _show(source: Source, tuned: Tuned, facts: dict[str, Any], whole: WholeScan | None) -> None:
    labels = facts["labels"]
    screen.say(
        f"{source.what}: {labels['fakes']} fakes, {labels['genuine']} genuine, "
        f"{labels['undecided']} undecided, in {labels['groups']} groups that share no seller, product or "
        "photo"
    )
    for failure in source.failed[:SHOWN_FAILURES]:
        screen.note(f"line {failure.line}: {failure.listing_id}: {failure.reason}", "yellow")
    _table("Calling it counterfeit", tuned.table, tuned.after, whole)
    if facts["wanted"]["review_precision"] is not None:
        _table("Review or counterfeit", tuned.review_table, tuned.review_after, None)
    _say("as it was", tuned.before)
    _say("as chosen", tuned.after)
    _say_held("counterfeit", tuned.held_out)
    if tuned.review_held_out:
        _say_held("review or counterfeit", tuned.review_held_out)
    if report := facts["report_split"]:
        found = report["counterfeit"]
        screen.say(
            f"on the split `report`, which nothing was chosen on: {found['right']} of {found['flagged']} "
            f"called counterfeit are; {found['right']} of {found['wanted']} fakes are found"
        )
    for note in facts["notes"]:
        screen.note(note, "yellow")
    thresholds = tuned.policy.thresholds
    screen.say(
        f"{tuned.policy.label}: counterfeit from {thresholds.counterfeit:g}, "
        f"review from {thresholds.review:g}"
    )


def _table(title: str, found: Sequence[Operating], chosen: Operating, whole: WholeScan | None) -> None:
    from rich.text import Text

    columns = ["threshold", "precision", "95 %", "recall", "flagged"]
    if whole is not None:
        columns.append(f"of all {whole.listings:,}")
    rows = []
    for one in found:
        low, high = one.precision_interval
        cells = [
            f"{one.threshold:g}",
            _share(one.precision),
            f"{low:.3f} to {high:.3f}",
            _share(one.recall),
            one.flagged,
        ]
        if whole is not None:
            cells.append(whole.flagged(one.threshold))
        style = "bold green" if one.threshold == chosen.threshold else ""
        rows.append([Text(str(cell), style=style) for cell in cells])
    screen.table(title, columns, rows, numbers=columns)


def _say(what: str, one: Operating) -> None:
    screen.say(
        f"{what}, from {one.threshold:g}: precision {_share(one.precision)}, recall {_share(one.recall)}, "
        f"{one.flagged} flagged"
    )


def _say_held(what: str, held: HeldOut | None) -> None:
    if held is None:
        screen.note(
            "nothing could be held out: all listings hang together by seller, product or photo", "yellow"
        )
        return
    found, (low, high) = held.operating, held.operating.precision_interval
    screen.say(
        f"held out ({what}, {held.folds} folds): precision {_share(found.precision)} "
        f"({low:.3f} to {high:.3f}), recall {_share(found.recall)}"
    )
    if held.loose:
        screen.note(
            f"in {held.loose} of {held.folds} folds the rest was too little to show the precision; there the "
            "threshold is where it was reached, surely or not",
            "yellow",
        )
    if held.without:
        screen.note(
            f"in {held.without} of {held.folds} folds it was not reached: nothing was flagged", "yellow"
        )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
