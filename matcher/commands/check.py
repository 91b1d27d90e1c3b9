"""`matcher check`: one listing out of local files or URLs, its verdict on the screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.commands import cautions, screen
from matcher.commands.session import chosen_policy, open_workspace
from matcher.errors import UsageError

if TYPE_CHECKING:
    from matcher.examining import Examined
    from matcher.records import Listing, Verdict

STYLES = {"clear": "green", "review": "yellow", "counterfeit": "bold red"}


def check(
    context: typer.Context,
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE", help="The listing's photos: files or URLs.")
    ],
    title: Annotated[str, typer.Option(help="The listing's title.")] = "",
    price: Annotated[str, typer.Option(metavar="AMOUNT", help="The price, such as 19.90 or '19,90 €'.")] = "",
    currency: Annotated[
        str,
        typer.Option(
            metavar="CODE", help="The price's currency, such as EUR; without one no price is compared."
        ),
    ] = "",
    seller: Annotated[str, typer.Option(metavar="ID", help="The seller's id, as in --licensed-seller.")] = "",
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A policy (TOML) instead of the one in force."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the verdict line that a scan would write.")
    ] = False,
) -> None:
    """Check one listing against the catalog; nothing of it is kept.

    The exit code is 0 where it is clear, 1 where it goes to review or is
    called counterfeit, 2 where no photo could be examined.

      matcher check photo.jpg --title "Running shoes" --price 19.90 --currency EUR --seller quick.parcel
      matcher check front.jpg back.jpg --json
    """
    from matcher.outputs import verdict_line

    listing = _listing(images, title, price, currency, seller)
    if listing.price is not None and not listing.currency:
        screen.note("the price is not compared, as it has no currency; give --currency")
    examined = _examine(context, listing, policy)
    for failure in examined.failed:
        screen.note(failure.reason, "yellow")
    if examined.result is None:
        raise UsageError("none of the photos could be examined")
    verdict = examined.result.verdict
    if as_json:
        typer.echo(verdict_line(verdict))
    else:
        show_verdict(verdict)
    if verdict.verdict.value != "clear":
        raise typer.Exit(screen.FINDINGS)


def _listing(images: list[str], title: str, price: str, currency: str, seller: str) -> Listing:
    """Raises `UsageError` for a price or currency that cannot be read."""
    from matcher.manifests.prices import parse_price
    from matcher.manifests.rows import BadCellError
    from matcher.records import Listing

    try:
        amount = parse_price(price, currency)
    except BadCellError as error:
        raise UsageError(f"--price, --currency: {error}") from error
    return Listing(
        listing_id=images[0],
        images=tuple(images),
        title=title,
        price=amount.amount,
        currency=amount.currency,
        seller_id=seller,
    )


def _examine(context: typer.Context, listing: Listing, policy: Path | None) -> Examined:
    from matcher.assembly import build_examiner, build_galleries, freeze
    from matcher.commands.photos import Photos
    from matcher.commands.progress import waiting
    from matcher.photo_cache import NoCache

    with open_workspace(context) as workspace:
        chosen = chosen_policy(context, policy)
        cautions.warn_of_missing_images(workspace)
        cautions.warn_of_unknown_brands(workspace, chosen)
        with waiting("examining"), Photos(workspace.settings) as photos:
            snapshot = freeze(workspace, build_galleries(workspace), chosen)
            examiner = build_examiner(workspace, snapshot, cache=NoCache(), keep=False)
            return examiner.examine(listing, photos.read)


def show_verdict(verdict: Verdict) -> None:
    """The verdict, its reasons and the best references, for a person."""
    from rich.panel import Panel
    from rich.text import Text

    from matcher.report.words import percent

    style = STYLES[verdict.verdict.value]
    head = Text(verdict.verdict.value.upper(), style=style)
    likely = f"  a reviewer would confirm a fake with probability {percent(verdict.score)}"
    head.append(likely, style="default not bold")
    if verdict.brand:
        head.append(f"\nbrand: {screen.plain(verdict.brand)}", style="default not bold")
    for reason in verdict.reasons or ("Nothing in the catalog speaks against it.",):
        head.append(f"\n• {screen.plain(reason)}", style="default not bold")
    screen.screen().print(Panel(head, title=Text(screen.plain(verdict.listing_id)), border_style=style))
    if verdict.matches:
        rows = [
            (
                m.reference_id,
                m.brand,
                f"{m.score:.2f}",
                "yes" if m.verified else "no",
                m.photo,
                _box(m.region),
            )
            for m in verdict.matches
        ]
        columns = ("reference", "brand", "score", "verified", "photo", "region")
        screen.table("Most alike in the catalog", columns, rows, numbers=("score", "photo"))
    screen.say(f"policy {verdict.policy}, snapshot {verdict.snapshot}", "dim")


def _box(region: tuple[float, ...] | None) -> str:
    return "" if region is None else " ".join(f"{side:.0f}" for side in region)
