"""`matcher brand`: brands with their wordmarks, logos, licensed sellers and trademark registrations."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.commands import screen
from matcher.commands.session import open_workspace
from matcher.errors import UsageError

if TYPE_CHECKING:
    from matcher.records import Brand, FailedRow, Trademark
    from matcher.workspace import Workspace

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="Brands: their names, logos and licensed sellers."
)
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The brand's name, in any spelling of its letters' case.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
_TRADEMARK = re.compile(r"([A-Za-z]{2}):([^:]+)(?::(\d{1,2}(?:\s*,\s*\d{1,2})*))?")
_NICE_CLASSES = range(1, 46)


@app.command("add")
def add(
    context: typer.Context,
    name: Name,
    wordmark: Annotated[
        list[str] | None,
        typer.Option(
            help="The brand's name as text, in any script; the NAME itself where a new brand is given none."
        ),
    ] = None,
    logo: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="An image of a logo, a file or URL; its id is the file's name without extension.",
        ),
    ] = None,
    licensed_seller: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="A seller who may sell the brand, by seller id as in listings."),
    ] = None,
    trademark: Annotated[
        list[str] | None,
        typer.Option(metavar="OFFICE:NUMBER[:CLASSES]", help="A registration, such as EM:018123456:18,25."),
    ] = None,
) -> None:
    """Add a brand, or add to a brand that is there.

    What is known stays, so the same command again changes nothing.

      matcher brand add Adidas --wordmark adidas --wordmark アディダス --logo logo.png
      matcher brand add Adidas --licensed-seller shop-17 --trademark EM:018123456:18,25
    """
    from matcher.assembly import build_galleries
    from matcher.catalog import add_brand, find_brand, show_brand
    from matcher.commands.photos import expect_files
    from matcher.records import Brand

    registrations = tuple(parse_trademark(text) for text in trademark or ())
    expect_files(logo or (), "--logo")
    with open_workspace(context, make=True) as workspace:
        with workspace.database.write() as connection:
            known = find_brand(connection, name) is not None
            words = tuple(wordmark or (() if known else (name,)))
            given = Brand(
                name=name,
                wordmarks=words,
                licensed_sellers=tuple(licensed_seller or ()),
                trademarks=registrations,
            )
            add_brand(connection, given)
            brand = show_brand(connection, name)
        failed = import_logos(workspace, brand.name, logo or [])
        if logo and workspace.settings.models.logo != "none":
            build_galleries(workspace).catch_up()
        screen.say(f"{'added to' if known else 'added'} {brand.name}", "green")
        _show(workspace, brand)
    for failure in failed:
        screen.complain(failure.reason)
    if failed:
        raise typer.Exit(screen.FINDINGS)


def parse_trademark(text: str) -> Trademark:
    """`OFFICE:NUMBER` with or without `:CLASSES`; raises `UsageError` for anything else."""
    from matcher.records import Trademark

    found = _TRADEMARK.fullmatch(text.strip())
    classes = tuple(int(one) for one in (found[3] or "").split(",") if one.strip()) if found else ()
    if found is None or not set(classes) <= set(_NICE_CLASSES):
        raise UsageError(
            f"--trademark {text}: give OFFICE:NUMBER or OFFICE:NUMBER:CLASSES, such as EM:018123456:18,25"
        )
    return Trademark(number=found[2].strip(), office=found[1].upper(), nice_classes=classes)


def import_logos(workspace: Workspace, brand: str, files: list[str]) -> list[FailedRow]:
    """Take logos in, each under its file's name; returns what could not be read."""
    from matcher.catalog import import_references
    from matcher.commands.photos import Photos
    from matcher.manifests import Row
    from matcher.records import ImageRole, ReferenceRow

    rows = [
        Row(number, ReferenceRow(reference_id=PurePosixPath(file).stem or file, images=(file,), brand=brand))
        for number, file in enumerate(dict.fromkeys(files), 1)
    ]
    with Photos(workspace.settings) as photos:
        summary = import_references(
            workspace.database,
            workspace.store,
            rows,
            photos.read,
            brand=brand,
            role=ImageRole.LOGO,
            settings=workspace.settings.images,
        )
    return summary.failed


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the brands.

    For instance:

      matcher brand list
      matcher brand list --json
    """
    from matcher.catalog import list_brands

    with open_workspace(context) as workspace, workspace.database.read() as connection:
        brands = list_brands(connection)
    if as_json:
        screen.say_json([brand.model_dump(mode="json") for brand in brands])
        return
    rows = [(b.name, ", ".join(b.wordmarks), len(b.licensed_sellers), len(b.trademarks)) for b in brands]
    screen.table(
        "Brands",
        ("brand", "wordmarks", "licensed sellers", "trademarks"),
        rows,
        numbers=("licensed sellers", "trademarks"),
    )


@app.command("show")
def show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show all that is said of a brand.

    For instance:

      matcher brand show Adidas
    """
    from matcher.catalog import show_brand

    with open_workspace(context) as workspace:
        with workspace.database.read() as connection:
            brand = show_brand(connection, name)
        if as_json:
            screen.say_json(_facts(workspace, brand))
        else:
            _show(workspace, brand)


def _facts(workspace: Workspace, brand: Brand) -> dict[str, Any]:
    from matcher.catalog import list_products
    from matcher.records import ImageRole

    with workspace.database.read() as connection:
        logos = list_products(connection, brand=brand.name, role=ImageRole.LOGO, limit=1000)
    return brand.model_dump(mode="json") | {"logos": [logo.reference_id for logo in logos]}


def _show(workspace: Workspace, brand: Brand) -> None:
    facts = _facts(workspace, brand)
    marks = [
        f"{t.office} {t.number}{f' ({classes})' if (classes := ', '.join(map(str, t.nice_classes))) else ''}"
        for t in brand.trademarks
    ]
    rows = [
        ("wordmarks", ", ".join(brand.wordmarks)),
        ("logos", ", ".join(facts["logos"])),
        ("licensed sellers", ", ".join(brand.licensed_sellers)),
        ("trademarks", "; ".join(marks)),
    ]
    screen.table(screen.plain(brand.name), ("", ""), [(name, value or "none") for name, value in rows])


@app.command("remove")
def remove(
    context: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a brand with its references, logos and known counterfeits.

    Image files that nothing names any more go with `matcher purge --unused`.

      matcher brand remove Adidas --yes
    """
    from matcher.assembly import build_galleries
    from matcher.catalog import remove_brand, show_brand

    with open_workspace(context) as workspace:
        with workspace.database.read() as connection:
            brand = show_brand(connection, name)
        screen.confirm(f"Remove {brand.name} with all its images?", yes=yes)
        with workspace.database.write() as connection:
            gone = remove_brand(connection, brand.name)
        build_galleries(workspace).catch_up()
    screen.say(f"removed {brand.name} and {gone:,} of its images")
