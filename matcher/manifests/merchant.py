"""Reads a Google Merchant feed in XML (RSS 2.0 or Atom); its TSV form is read as any delimited file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, iterparse

from matcher.errors import ManifestError
from matcher.manifests.encodings import UNDECODABLE, open_text
from matcher.manifests.opening import READ_ERRORS, explained
from matcher.manifests.rows import Cells, Item, Row, Unusable, unreadable, with_columns

MAX_ITEM = 4 * 2**20
"""Longest stretch of XML between the ends of two items, characters."""

MAX_DEPTH = 64

_MERCHANT = "{http://base.google.com/ns/1.0}"
_ROOTS = frozenset({"rss", "feed", "RDF", "channel"})
_ITEMS = frozenset({"item", "entry"})
_DAMAGED = "\ufdd0"
"""Takes the place of undecodable bytes on the way through the XML parser, which refuses lone surrogates."""


class _FeedError(ValueError):
    """The feed is no feed, or is built to exhaust its reader."""


class _Source:
    """What the XML parser reads from: the text as UTF-8, counted between items."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._begun = False
        self.since_item = 0

    def read(self, size: int) -> bytes:
        part = self._text.read(size)
        if not self._begun:
            self._begun = True
            part = part.lstrip("\ufeff \t\r\n")
        self.since_item += len(part)
        if self.since_item > MAX_ITEM:
            raise _FeedError(f"an item is longer than {MAX_ITEM:,} characters")
        return part.replace(UNDECODABLE, _DAMAGED).encode("utf-8")


def read_merchant_xml(path: Path) -> Iterator[Item]:
    """The columns that the first items name, then a row for each item; `line` is the item's place, from 1.

    Elements of Google's namespace come before plain ones of the same name. Document types, entities and
    external references are refused. Raises `ManifestError` if it is no feed; what follows an XML error later
    on cannot be read.
    """
    with open_text(path, xml=True) as text:
        rows = with_columns(_rows(text))
        try:
            yield next(rows)
        except _FeedError as error:
            raise ManifestError(str(path), str(error)) from None
        yield from rows


def _rows(text: TextIO) -> Iterator[Row[Cells]]:
    number = 0
    try:
        for item in _items(_Source(text)):
            number += 1
            yield Row(number, _cells(item))
    except (ParseError, DefusedXmlException, _FeedError, *READ_ERRORS) as error:
        if number == 0:
            raise _FeedError(_reason(error)) from None
        yield unreadable(number + 1, f"the rest of the feed cannot be read: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, DefusedXmlException):
        return "declares a document type or entities, which are refused"
    return f"is not well-formed XML: {error}" if isinstance(error, ParseError) else explained(error)


def _items(source: _Source) -> Iterator[Element]:
    """Each item as it ends, after which it is dropped, like everything else outside items."""
    parser = DefusedXMLParser(target=TreeBuilder(), encoding="utf-8", forbid_dtd=True)
    path: list[Element] = []
    inside = False
    for event, element in iterparse(source, ("start", "end"), parser=parser):
        name = _local(element)
        if event == "start":
            if not path and name not in _ROOTS:
                raise _FeedError(f"is XML, but no RSS or Atom feed: its root is <{name[:40]}>")
            path.append(element)
            if len(path) > MAX_DEPTH:
                raise _FeedError(f"elements are nested more than {MAX_DEPTH} deep")
            inside = inside or name in _ITEMS
            continue
        path.pop()
        if name in _ITEMS and not any(_local(outer) in _ITEMS for outer in path):
            yield element
            inside, source.since_item = False, 0
        if not inside and path:
            path[-1].remove(element)


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _cells(item: Element) -> Cells:
    children = sorted(item, key=lambda child: not str(child.tag).startswith(_MERCHANT))
    return Cells(tuple(map(_local, children)), tuple(map(_cell, children)))


def _cell(element: Element) -> str:
    # An Atom link is an attribute; in other elements white space is how the file was laid out.
    text = (element.text or element.get("href") or "").strip()
    return Unusable("holds bytes that are not in the file's encoding") if _DAMAGED in text else text
