"""Tells a manifest's format by its content, and by its name only where the content leaves it open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from matcher.errors import ManifestError
from matcher.manifests.encodings import UNDECODABLE, decode_start
from matcher.manifests.opening import READ_ERRORS, explained, is_gzipped, open_bytes
from matcher.manifests.rows import Item

Reader = Callable[[Path], Iterator[Item]]

_HEAD = 4_096
_JSON_NAMES = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz")
_KNOWN = "CSV, TSV, XLSX, JSONL, Parquet, a Google Merchant feed, or a folder or ZIP of images"


def choose_reader(path: Path) -> Reader:
    """The reader for the file at `path`; raises `ManifestError` if it is missing, empty or of no known
    format.
    """
    if not path.exists():
        raise ManifestError(str(path), "does not exist")
    if not path.is_file():
        raise ManifestError(str(path), "is neither a file nor a folder")
    try:
        with open_bytes(path) as content:
            head = content.read1(_HEAD)
        return _binary_reader(path, head) or _text_reader(path, head)
    except READ_ERRORS as error:
        raise ManifestError(str(path), f"cannot be read: {explained(error)}") from error


def _binary_reader(path: Path, head: bytes) -> Reader | None:
    """Readers load what they stand on only when they are chosen: pyarrow and openpyxl are heavy."""
    if not head:
        raise ManifestError(str(path), "is empty")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise ManifestError(str(path), "is an old Excel file (.xls) or is encrypted; save it as .xlsx or CSV")
    if not head.startswith((b"PAR1", b"PK\x03\x04")):
        return None
    if is_gzipped(path):
        raise ManifestError(str(path), "is gzipped; unpack it first, as it is packed in itself")
    if head.startswith(b"PAR1"):
        from matcher.manifests.parquet import read_parquet

        return read_parquet
    from matcher.manifests.spreadsheet import read_spreadsheet

    return read_spreadsheet


def _text_reader(path: Path, begin: bytes) -> Reader:
    head = decode_start(begin)
    start = head.lstrip("\ufeff \t\r\n\v\f\0")
    if not start and not head.strip("\ufeff \t\r\n\v\f"):
        raise ManifestError(str(path), "is empty")
    if _is_binary(head):
        raise ManifestError(str(path), f"is of no known format; give {_KNOWN}")
    if start.startswith("<"):
        from matcher.manifests.merchant import read_merchant_xml

        return read_merchant_xml
    if start.startswith(("{", "[")) or path.name.lower().endswith(_JSON_NAMES):
        from matcher.manifests.jsonlines import read_json_array, read_json_lines

        return read_json_array if start.startswith("[") and not _is_line(start) else read_json_lines
    from matcher.manifests.delimited import read_delimited

    return read_delimited


def _is_line(start: str) -> bool:
    """Whether what begins with `[` is no array of objects, so that its lines are better judged singly."""
    return not start[1:].lstrip().startswith(("{", "]"))


def _is_binary(head: str) -> bool:
    """Text has next to no control characters; a stray NUL or byte does not make a binary of it."""
    strange = sum((sign < " " and sign not in "\t\r\n\v\f\x1b") or sign == UNDECODABLE for sign in head)
    return strange * 10 > len(head)
