"""Finds out how a text file is encoded, and opens it so that an undecodable byte marks its line and ends
nothing.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from charset_normalizer import from_bytes

from matcher.manifests.opening import open_bytes

Content = io.BufferedReader | io.BytesIO

UNDECODABLE = "\udc80"
"""Stands in a line for bytes that could not be decoded; decoded text can never hold it by itself."""

_ON_ERROR = "matcher.undecodable"
_SAMPLE = 1 << 16

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_MULTIBYTE = ("gb18030", "cp932", "big5", "cp949", "euc_jp")
_SINGLE_BYTE = ("cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256")
_WESTERN = frozenset(
    "àâäáãåæçèéêëìíîïñòóôöõøœùúûüÿßÀÂÄÁÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖÕØŒÙÚÛÜ€£¥©®™°–—‘’“”„…«»¡¿§²³½¼¾×·´\u00a0"
)
_SIGNS = re.compile("[^\\W\\d_][£¥©«»¡¿§²³¹½¼¾×¤¦¨¬¯±µ¶¸ºª][^\\W\\d_]")
"""Signs inside a word, as the letters of other languages look when they are read as Windows-1252."""

_VOTES = 5

_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_XML_ENCODINGS = re.compile(
    r"(utf-?(8|16|32)|iso-?8859|latin|windows|cp|gb|big5|shift|euc|koi8|us-ascii|ascii)", re.IGNORECASE
)


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNDECODABLE, error.end


codecs.register_error(_ON_ERROR, _mark)


def open_text(path: Path, *, xml: bool = False) -> TextIO:
    """The file's text, unpacked if gzipped; line ends are kept; undecodable bytes read as `UNDECODABLE`.

    With `xml` what the XML declaration says of the encoding counts, unless a byte order mark contradicts it.
    """
    with open_bytes(path) as content:
        encoding = detect_encoding(content, xml=xml)
    return io.TextIOWrapper(open_bytes(path), encoding=encoding, errors=_ON_ERROR, newline="")


def decode_start(head: bytes) -> str:
    """The first bytes of a file as text, as far as they alone tell its encoding; the last character may be
    cut.
    """
    return codecs.getincrementaldecoder(detect_encoding(io.BytesIO(head)))(_ON_ERROR).decode(head)


def detect_encoding(content: Content, *, xml: bool = False) -> str:
    """The name of the codec that reads `content`, which is read as far as its first byte that is not ASCII.

    In order: a byte order mark, the zeros of UTF-16, the XML declaration, valid UTF-8, then
    charset-normalizer's guess among the encodings that catalogues come in, checked against what is known to
    mislead it.
    """
    head = content.read1(_SAMPLE)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    if encoding := _utf16_without_mark(head):
        return encoding
    if xml and (encoding := _declared(head)):
        return encoding
    sample = _first_beyond_ascii(head, content)
    return "utf-8" if _is_utf8(sample) else _guess(sample)


def _utf16_without_mark(head: bytes) -> str:
    """Manifests begin with a line of ASCII, every other byte of which is zero in UTF-16."""
    start = head[:64].split(b"\n")[0]
    even, odd = start[0::2], start[1::2]
    if len(start) < 3:
        return ""
    if odd.count(0) > len(odd) * 0.8 and not even.count(0):
        return "utf-16-le"
    return "utf-16-be" if even.count(0) > len(even) * 0.8 and not odd.count(0) else ""


def _declared(head: bytes) -> str:
    found = _DECLARED.search(head[:400])
    name = found[1].decode("ascii") if found else ""
    if not _XML_ENCODINGS.match(name) or name.lower().startswith("utf-16"):
        return ""
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def _blocks(head: bytes, content: Content) -> Iterator[bytes]:
    while head:
        yield head
        try:
            head = content.read1(_SAMPLE)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return  # damaged: whoever reads the rows will say where


def _first_beyond_ascii(head: bytes, content: Content) -> bytes:
    """The part of a file, up to two blocks of whole lines, where it first leaves ASCII; a huge file may do so
    late.
    """
    blocks = _blocks(head, content)
    for block in blocks:
        if not block.isascii():
            more = next(blocks, b"")
            if not more:
                return block
            sample = block + more
            end = sample.rfind(b"\n")
            return sample[: end + 1] if end > len(block) // 2 else sample
    return b""


def _is_utf8(sample: bytes) -> bool:
    """Whether the sample is UTF-8, be it with a few damaged bytes: other encodings are hardly ever valid by
    chance.
    """
    text = codecs.getincrementaldecoder("utf-8")(_ON_ERROR).decode(sample)
    damaged = text.count(UNDECODABLE)
    return damaged == 0 or sum(not sign.isascii() for sign in text) - damaged >= 10 * damaged


def _decoded(sample: bytes, encoding: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(sample)
    except UnicodeDecodeError:
        return None


def _guess(sample: bytes) -> str:
    """The likeliest legacy encoding; Windows-1252 where nothing speaks for another."""
    telling = [line for line in sample.splitlines(keepends=True) if not line.isascii()]
    western = _decoded(b"".join(telling), "cp1252")
    if western is not None and _is_western(western):
        return "cp1252"
    # A damaged byte misleads the part it is in; the parts vote.
    size = max(10, len(telling) // _VOTES)
    parts = [b"".join(telling[at : at + size]) for at in range(0, len(telling), size)][:_VOTES]
    votes = Counter(_likeliest(part) for part in parts)
    return votes.most_common(1)[0][0]


def _likeliest(part: bytes) -> str:
    best = from_bytes(part, cp_isolation=[*_MULTIBYTE, *_SINGLE_BYTE]).best()
    if best is not None and _decoded(part, best.encoding) is not None:
        return str(best.encoding)
    fitting = (encoding for encoding in _MULTIBYTE if _decoded(part, encoding) is not None)
    return next(fitting, "cp1252")


def _is_western(text: str) -> bool:
    """Whether text read as Windows-1252 looks right.

    Its foreign signs are those of western languages and stand singly among plain letters, as accents do;
    other scripts come in runs.
    """
    runs = re.findall(r"[^\x00-\x7f]+", text)
    signs = "".join(runs)
    return len(signs) < 2 * len(runs) and _WESTERN.issuperset(signs) and _SIGNS.search(text) is None
