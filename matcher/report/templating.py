"""How templates are read wherever pages are made: escaped, and with an error for what is missing."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from matcher.report import words


def templates_of(package: str) -> Environment:
    """The templates in the folder `templates` of a package, with the words that every page shares."""
    made = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        revealed=words.revealed,
        percent=words.percent,
        money=lambda facts: words.money(facts.price, facts.currency),
    )
    made.globals.update(below=words.below)
    return made
