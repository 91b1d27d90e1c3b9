"""Text made safe for a spreadsheet's cell, and back."""

from __future__ import annotations

import unicodedata

_FORMULA_STARTS = frozenset("=+-@")
_LINE_STARTS = frozenset("\t\r\n\v\f")
_QUOTES = frozenset("'\"`´′″＇＂„‚〝")


def formula_safe(cell: str) -> str:
    """`cell`, with a single quote before it where a spreadsheet could take it for a formula.

    That is where the first character is a tab or line break, or one of `= + - @` (also full-width or small
    forms), looked for behind any quotes, blanks and invisible characters. Reversible with `restored_cell`.
    After the advice on CSV injection of OWASP.
    """
    return f"'{cell}" if _may_be_formula(cell) else cell


def restored_cell(cell: str) -> str:
    """What `formula_safe` was given."""
    return cell[1:] if cell.startswith("'") and _may_be_formula(cell[1:]) else cell


def _may_be_formula(cell: str) -> bool:
    for character in cell:
        if character in _LINE_STARTS:
            return True
        if _is_passed_over(character):
            continue
        return unicodedata.normalize("NFKC", character)[:1] in _FORMULA_STARTS
    return False


def _is_passed_over(character: str) -> bool:
    """Whether a program may strip it before it looks: quotes, blanks, control and format characters."""
    return character in _QUOTES or unicodedata.category(character) in {
        "Pi",
        "Pf",
        "Zs",
        "Zl",
        "Zp",
        "Cc",
        "Cf",
    }
