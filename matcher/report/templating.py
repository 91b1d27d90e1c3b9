"""How templates are read wherever pages are made: escaped, and with an error for what is missing."""

from __future__ import annotations

from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from matcher.report import words

STYLE = Path(__file__).parent / "templates" / "listing.css"
"""The style of the parts of a listing, which every page has before its own."""


def templates_of(package: str) -> Environment:
    """The templates in the folder `templates` of a package, with words and parts that every page shares.

    Parts of a listing are in the report's own folder, where each package's templates find them, too.
    """
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("matcher.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        revealed=words.revealed,
        percent=words.percent,
        share=words.share,
        money=lambda facts: words.money(facts.price, facts.currency),
    )
    made.globals.update(below=words.below)
    return made
