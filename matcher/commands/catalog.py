"""`matcher catalog`: takes references, logos and known counterfeits in, lists, removes and verifies them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.commands import screen
from matcher.commands.brand import AsJson
from matcher.commands.choices import Kind
from matcher.commands.progress import Meter, count_within, shown
from matcher.commands.session import open_workspace
from matcher.errors import UsageError
from matcher.freed_memory import keep_freed_memory

if TYPE_CHECKING:
    from matcher.catalog import ImportSummary, Product
    from matcher.records import FailedRow
    from matcher.workspace import Workspace

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="References, logos and known counterfeits."
)
SHOWN_FAILURES = 20
SHOWN_BRANDS = 5


@app.command("import")
def import_(
    context: typer.Context,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A folder or ZIP of images, CSV, TSV, XLSX, JSON lines, Parquet or Google Merchant feed.",
        ),
    ],
    brand: Annotated[
        str, typer.Option(metavar="NAME", help="The brand; needed unless the rows name theirs.")
    ] = "",
    kind: Annotated[Kind, typer.Option(help="What the images stand for.")] = Kind.REFERENCE,
    errors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write each row that failed into FILE, as JSON lines.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import a catalog; the same import again changes nothing.

    A bad row is told with its line and the reason, and the others go in; the
    exit code is then 1.

      matcher catalog import shop-images/ --brand Adidas
      matcher catalog import products.csv --brand Adidas --errors bad-rows.jsonl
      matcher catalog import confirmed-fakes/ --brand Adidas --kind known-counterfeit
    """
    from matcher.manifests import look_at_references

    if errors is not None:
        _expect_apart(errors, path)
    found = look_at_references(path)  # What is no manifest is refused before a workspace is made.
    if not found.table and not brand.strip():
        raise UsageError(f"{path}: images without a table name no brand; give --brand NAME")
    with open_workspace(context, make=True) as workspace, Meter(quiet=as_json) as meter:
        before = _brand_names(workspace)
        summary, number = import_manifest(workspace, path, brand, kind, meter)
        new = sorted(_brand_names(workspace) - before)
    if errors is not None:
        write_failures(errors, summary.failed)
    if not as_json:
        screen.note_unread(found.unread)
    _tell_import(path, summary, number, errors, found.unread, as_json=as_json)
    if new:
        more = "" if len(new) <= SHOWN_BRANDS else f" and {len(new) - SHOWN_BRANDS:,} more"
        screen.note(
            f"new in the catalog: {', '.join(new[:SHOWN_BRANDS])}{more}; "
            "`matcher brand add` gives a brand wordmarks, logos and licensed sellers"
        )
    if kind is Kind.LOGO and number is None:
        screen.note("models.logo is none: logos are kept, but not looked for in photos")
    if summary.failed:
        raise typer.Exit(screen.FINDINGS)


def _expect_apart(errors: Path, manifest: Path) -> None:
    """Raise `UsageError` where `errors` cannot be written, or would take the place of the manifest."""
    from matcher.files import expect_writable

    expect_writable(errors, "--errors")
    if errors.exists() and manifest.exists() and errors.samefile(manifest):
        raise UsageError(f"--errors {errors}: is the manifest itself; name another file")


def _brand_names(workspace: Workspace) -> set[str]:
    from matcher.catalog import list_brands

    with workspace.database.read() as connection:
        return {brand.name for brand in list_brands(connection)}


def import_manifest(
    workspace: Workspace, path: Path, brand: str, kind: Kind, meter: Meter
) -> tuple[ImportSummary, int | None]:
    """Take the manifest in and bring the galleries up to it; returns what came of it and their number."""
    from matcher.assembly import build_galleries
    from matcher.catalog import import_references
    from matcher.manifests import read_references
    from matcher.records import ImageRole
    from matcher.sources import archive_limits, source_of

    keep_freed_memory()
    limits = archive_limits(workspace.settings)
    meter.begin("reading images", count_within(read_references(path, limits)))
    rows = shown(read_references(path, limits), meter.show)
    with source_of(path, workspace.settings) as source:
        summary = import_references(
            workspace.database, workspace.store, rows, source.read,
            brand=brand, role=ImageRole(kind.value), settings=workspace.settings.images, source=str(path),
        )  # fmt: skip
    if kind is Kind.LOGO and workspace.settings.models.logo == "none":
        return summary, None  # They are kept, and described once something looks for logos.
    meter.begin("embedding images")
    return summary, build_galleries(workspace).catch_up(
        lambda done, total: meter.show(done, total, unit="images")
    )


def write_failures(path: Path, failed: list[FailedRow]) -> None:
    """Write the rows that failed as JSON lines; raises `UsageError` where `path` cannot be written."""
    from matcher.files import replacing

    with replacing(path) as (file,):
        for failure in failed:
            file.write(failure.model_dump_json().encode("utf-8", "backslashreplace") + b"\n")


def _tell_import(
    path: Path,
    summary: ImportSummary,
    number: int | None,
    errors: Path | None,
    unread: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    counts = {
        "added": summary.added,
        "changed": summary.changed,
        "unchanged": summary.unchanged,
        "failed": len(summary.failed),
    }
    if as_json:
        failures = [failure.model_dump(mode="json") for failure in summary.failed]
        told = {"manifest": str(path), **counts, "failures": failures, "catalog": number}
        screen.say_json(told | {"columns_not_read": unread})
        return
    screen.say(
        f"{path}: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()),
        "green" if not summary.failed else "",
    )
    for failure in summary.failed[:SHOWN_FAILURES]:
        who = f" ({failure.listing_id})" if failure.listing_id else ""
        screen.say(f"  {failure.source}:{failure.line}{who}: {failure.reason}", "yellow")
    if len(summary.failed) > SHOWN_FAILURES:
        where = f"all of them are in {errors}" if errors else "--errors FILE writes all of them"
        screen.say(f"  … and {len(summary.failed) - SHOWN_FAILURES:,} more; {where}", "yellow")


@app.command("list")
def list_(
    context: typer.Context,
    brand: Annotated[str, typer.Option(metavar="NAME", help="Only this brand's.")] = "",
    kind: Annotated[Kind | None, typer.Option(help="Only images of this kind.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List what the catalog holds, in the order it came in.

    For instance:

      matcher catalog list --brand Adidas
      matcher catalog list --kind known-counterfeit --limit 1000 --json
    """
    from matcher.catalog import list_products
    from matcher.records import ImageRole

    role = ImageRole(kind.value) if kind else None
    with open_workspace(context) as workspace, workspace.database.read() as connection:
        products = list_products(connection, brand=brand, role=role, limit=limit + 1)
    if as_json:
        screen.say_json([_facts(product) for product in products[:limit]])
        return
    rows = [
        (
            p.reference_id,
            p.brand,
            p.role.value,
            p.title,
            f"{p.price} {p.currency}".strip() if p.price is not None else "",
            len(p.images),
        )
        for p in products[:limit]
    ]
    screen.table(
        "Catalog",
        ("reference", "brand", "kind", "title", "price", "images"),
        rows,
        numbers=("price", "images"),
    )
    if len(products) > limit:
        screen.note(f"there are more; --limit {limit * 10} shows more of them")


def _facts(product: Product) -> dict[str, Any]:
    return {
        "reference_id": product.reference_id,
        "brand": product.brand,
        "kind": product.role.value,
        "title": product.title,
        "price": None if product.price is None else str(product.price),
        "currency": product.currency,
        "gtin": product.gtin,
        "images": [image.source for image in product.images],
    }


@app.command("remove")
def remove(
    context: typer.Context,
    references: Annotated[list[str], typer.Argument(metavar="REFERENCE_ID", help="What to remove.")],
    brand: Annotated[str, typer.Option(metavar="NAME", help="The brand whose it is.")],
    kind: Annotated[Kind, typer.Option(help="What it stands for.")] = Kind.REFERENCE,
) -> None:
    """Remove references, logos or known counterfeits with their images: all that are named, or none.

    Image files that nothing names any more go with `matcher purge --unused`.

      matcher catalog remove SKU-9 SKU-10 --brand Adidas
    """
    from matcher.assembly import build_galleries
    from matcher.catalog import remove_product
    from matcher.records import ImageRole

    with open_workspace(context) as workspace:
        with workspace.database.write() as connection:
            named = list(dict.fromkeys(references))
            gone = sum(remove_product(connection, brand, one, ImageRole(kind.value)) for one in named)
        build_galleries(workspace).catch_up()
    screen.say(f"removed {', '.join(named)}: {screen.counted(gone, 'image')}")


@app.command("verify")
def verify(context: typer.Context, as_json: AsJson = False) -> None:
    """Verify that every image has its file, its descriptor and keypoints, and its place in its gallery.

    The exit code is 1 where something is wrong.

      matcher catalog verify
    """
    from matcher.assembly import build_galleries
    from matcher.catalog import verify_catalog

    with open_workspace(context) as workspace:
        galleries = build_galleries(workspace)
        searched = [*galleries.verify_caches(), *galleries.verify()]
        with workspace.database.read() as connection:
            found = verify_catalog(connection, workspace.store)
        problems = [*found.problems, *searched]
    if as_json:
        screen.say_json(
            {"images": found.images, "photos": found.photos, "problems": problems, "notes": list(found.notes)}
        )
    else:
        for problem in problems:
            screen.say(problem, "red")
        for line in found.notes:
            screen.note(f"{line}; `matcher purge --unused` removes it")
        end = screen.counted(len(problems), "problem") if problems else "nothing is wrong"
        seen = f"{screen.counted(found.images, 'image')} and {screen.counted(found.photos, 'kept photo')}"
        screen.say(f"{seen}: {end}", "" if problems else "green")
    if problems:
        raise typer.Exit(screen.FINDINGS)
