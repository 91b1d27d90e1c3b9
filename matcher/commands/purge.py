"""`matcher purge`: forgets listings with their photos, and files that nothing names."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.commands import screen
from matcher.commands.progress import waiting
from matcher.commands.session import open_workspace
from matcher.errors import UsageError

if TYPE_CHECKING:
    from matcher.workspace import Workspace

_AGE = re.compile(r"(\d{1,5})\s*([dwh])", re.IGNORECASE)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def purge(
    context: typer.Context,
    seller: Annotated[str | None, typer.Option(metavar="ID", help="Listings of this seller.")] = None,
    listing: Annotated[
        str | None, typer.Option(metavar="ID", help="Listings of this id, in every scan.")
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="AGE",
            help="Listings of scans begun longer ago: 90d, 12w, 36h or a date such as 2026-01-31.",
        ),
    ] = None,
    unused: Annotated[
        bool,
        typer.Option(
            "--unused", help="Only image files and cached descriptors that nothing names, no listing."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Forget listings that meet every condition given: rows, verdicts, reviews and kept photos.

    By seller or listing, known counterfeits that confirmed fakes among them
    became go too. By age alone these stay, as the fakes are still known; how
    many is told, and `matcher catalog remove` takes them out.

    The folders of past scans still tell of them; they are named, so that you
    can delete them. What nothing names any more goes as well. Scans and
    imports that are under way let it in as soon as they have committed what
    they are at, and then go on.

      matcher purge --seller quick.parcel
      matcher purge --older-than 90d --yes
      matcher purge --unused
    """
    conditions = {
        "seller_id": seller,
        "listing_id": listing,
        "older_than": parse_age(older_than) if older_than else None,
    }
    chosen = {name: value for name, value in conditions.items() if value is not None}
    if "" in (
        seller,
        listing,
    ):  # A variable that was not set, most likely; the rows without a seller are many.
        raise UsageError("--seller and --listing need an id")
    if not chosen and not unused:
        raise UsageError("say what goes: --seller, --listing, --older-than or --unused")
    if chosen and unused:
        raise UsageError("--unused removes no listing; leave it out, as what nothing names goes anyway")
    with open_workspace(context) as workspace:
        if chosen:
            screen.confirm(f"Forget every listing {_told(chosen)}? This cannot be undone.", yes=yes)
        with waiting("removing; scans and imports under way come to a stop for it"):
            counts = _purge(workspace, chosen)
    _tell(counts, as_json=as_json)


def _told(chosen: dict[str, Any]) -> str:
    """The conditions, as the question has them."""
    words = {
        "seller_id": "of seller {}",
        "listing_id": "with id {}",
        "older_than": "of scans begun before {:%Y-%m-%d %H:%M} UTC",
    }
    return ", ".join(words[name].format(value) for name, value in chosen.items())


def parse_age(text: str) -> datetime:
    """The moment that `90d`, `12w`, `36h` ago was, or a date's beginning, in UTC.

    Raises `UsageError` for another text, and for a moment to come: before that lies everything.
    """
    now = datetime.now(UTC)
    try:
        if found := _AGE.fullmatch(text.strip()):
            return now - int(found[1]) * _UNITS[found[2].lower()]
        moment = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--older-than {text}: give 90d, 12w, 36h or a date such as 2026-01-31") from error
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > now:
        raise UsageError(
            f"--older-than {text}: lies ahead, so every listing would go; give a day that is past"
        )
    return moment


def _purge(workspace: Workspace, chosen: dict[str, Any]) -> dict[str, Any]:
    from matcher.catalog import Purge, purge_listings, sweep_features, sweep_images

    database, store = workspace.database, workspace.store
    counts: dict[str, Any] = {}
    if chosen:
        counts = dict(vars(purge_listings(database, store, Purge(**chosen))))
    else:
        counts["files"] = sweep_images(database, store)
    folders = list(counts.pop("scan_folders", ()))
    return {**counts, "cached_features": sweep_features(database), "scan_folders": folders}


def _tell(counts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        screen.say_json(counts)
        return
    folders, known = counts.pop("scan_folders"), counts.pop("known_counterfeits_kept", 0)
    rows = [(name.replace("_", " "), f"{count:,}") for name, count in counts.items()]
    screen.table("Removed", ("what", "how many"), rows, numbers=("how many",))
    if known:
        stay = "known counterfeit stays" if known == 1 else "known counterfeits stay"
        screen.say(f"{known:,} {stay}, with the photos of confirmed fakes; to take one out:", "yellow")
        screen.say("  matcher catalog list --kind known-counterfeit")
        screen.say("  matcher catalog remove confirmed-N --brand NAME --kind known-counterfeit")
        screen.say("  matcher purge --unused")
    if folders:
        screen.say("these folders still tell of them; delete them, or write their reports again:", "yellow")
    for folder in folders:
        screen.say(f"  {folder}")
