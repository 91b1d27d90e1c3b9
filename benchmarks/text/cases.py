"""Photos whose text is known: drawn on the photos of a folder, or real ones with a table of their text."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.datasets import Part, distinct, half_of, image_paths
from benchmarks.text.lettering import FONTS, as_jpeg, look, printed
from benchmarks.text.words import Random, Word, listed_words, misspell, read_rows, words_of
from matcher.errors import UsageError
from matcher.models import Pixels
from matcher.records import Brand
from matcher.text.everyday import is_word
from matcher.text.folding import joined

KINDS = {"near-miss": 0.45, "wordmark": 0.25, "other": 0.2, "none": 0.1}
"""What is drawn, and how often: `other` is a name that is no brand's in the lexicon."""
OTHERS = 0.15
"""Share of the names that are kept out of the lexicon, to be drawn as `other`."""
SIDES = (640, 1600)
"""Pixels of a drawn photo's longest side."""


@dataclass(frozen=True)
class Case:
    """One photo: what a person reads in it.

    `kind`: `wordmark`, `near-miss`, `other`, `none`, or `real`. `brands`: whose wordmarks or near misses can
    be read. `also`: brands that may be found without being wrong. `facts`: what figures are parted by.
    """

    name: str
    kind: str
    brands: frozenset[str]
    blob: Callable[[], bytes]
    text: str = ""
    also: frozenset[str] = frozenset()
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TextSet:
    """Photos and the brands whose wordmarks are looked for in them."""

    name: str
    brands: tuple[Brand, ...]
    cases: Sequence[Case]


def drawn_set(
    folder: Path,
    *,
    count: int,
    seed: int = 0,
    part: Part = "all",
    fonts: Path = FONTS,
    brands: Sequence[Brand] = (),
) -> TextSet:
    """`count` words drawn on photos of `folder`; `part` halves photos and words by a hash: none is in both.

    The words are the wordmarks of `brands`, or those of `words.WORDMARKS`, each a brand of its own. Raises
    UsageError where the folder has no photo or a font is missing.
    """
    photos = [path for path in distinct(image_paths(folder)) if _in(part, path.name)]
    rng = np.random.default_rng(seed)
    listed = {word.folded: word for word in (words_of(brands) if brands else listed_words())}
    everyday = {word.brand for key, word in listed.items() if is_word(key)}
    held_out = {
        key for key, word in listed.items() if _share(word.brand) < OTHERS and word.brand not in everyday
    }
    lexicon = tuple(_lexicon(word for key, word in sorted(listed.items()) if key not in held_out))
    chosen = {key: one for key, one in listed.items() if _in(part, key)}
    if not photos or not chosen:
        raise UsageError(f"{folder}: holds no photo for part {part!r}")
    order = rng.permutation(len(photos))
    cases = [
        _drawn(number, photos[int(order[number % len(photos)])], chosen, held_out, listed, fonts, seed)
        for number in range(count)
    ]
    return TextSet(folder.resolve().name, lexicon, cases)


def real_set(folder: Path, table: Path, brands: Sequence[Brand], *, part: Part = "all") -> TextSet:
    """The photos of `folder` that `table` names, a CSV file: image, brands and also (joined by `|`).

    An optional column `split` says `tune` or `report`. Raises UsageError.
    """
    rows = [row for row in read_rows(table, ("image", "brands")) if part in ("all", row.get("split", part))]
    if not rows:
        raise UsageError(f"{table}: has no row for part {part!r}")
    named = {brand.name for brand in brands}
    unknown = sorted({one for row in rows for one in _listed(row, "brands")} - named)
    if unknown:
        raise UsageError(f"{table}: names {unknown[0]!r}, which is no brand of the lexicon")
    cases = []
    for row in rows:
        path = folder / row["image"]
        if not path.is_file():
            raise UsageError(f"{path}: is not there, though {table} names it")
        cases.append(
            Case(
                row["image"], "real", frozenset(_listed(row, "brands")), path.read_bytes,
                also=frozenset(_listed(row, "also")),
            )
        )  # fmt: skip
    return TextSet(folder.resolve().name, tuple(brands), cases)


def all_photos(folder: Path, brands: Sequence[Brand], *, part: Part = "all") -> TextSet:
    """Every photo of `folder`, what it shows unknown: to count near-miss alarms where none can be true."""
    cases = [
        Case(path.relative_to(folder).as_posix(), "unknown", frozenset(), path.read_bytes)
        for path in distinct(image_paths(folder))
        if _in(part, path.name)
    ]
    return TextSet(folder.resolve().name, tuple(brands), cases)


def _listed(row: dict[str, str], column: str) -> Iterator[str]:
    return (one.strip() for one in row.get(column, "").split("|") if one.strip())


def _in(part: Part, name: str) -> bool:
    return part in ("all", half_of(name))


def _share(name: str) -> float:
    return hashlib.sha256(f"other {name}".encode()).digest()[0] / 256


def _lexicon(words: Iterable[Word]) -> Iterator[Brand]:
    """The brands of the words, each with its wordmarks."""
    for name, own in groupby(
        sorted(words, key=lambda word: (word.brand, word.text)), lambda word: word.brand
    ):
        yield Brand(name=name, wordmarks=tuple(word.text for word in own))


def _drawn(
    number: int,
    photo: Path,
    chosen: dict[str, Word],
    held_out: set[str],
    listed: Mapping[str, Word],
    fonts: Path,
    seed: int,
) -> Case:
    rng = np.random.default_rng([seed, number])
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    pool = sorted(key for key in chosen if (key in held_out) == (kind == "other"))
    word = _word(pool, chosen, rng)
    text = _written(word.text, rng)
    edited: dict[str, str] = {}
    if kind == "near-miss":
        made = None
        while made is None:
            made = misspell(text, word.script, rng, listed.keys())
            if made is None:
                word = _word(pool, chosen, rng)
                text = _written(word.text, rng)
        text = made.text
        edited = {"edit": made.kind, "edits": str(made.edits), "length": _length(len(word.folded))}
    drawn = look(word.script, rng, fonts)
    state = int(rng.integers(2**63))

    def blob() -> bytes:
        own = np.random.default_rng(state)
        plain = _opened(photo, int(own.integers(*SIDES)))
        return as_jpeg(plain if kind == "none" else printed(plain, text, drawn, own), own)

    if kind == "none":
        return Case(f"{number:05d}", kind, frozenset(), blob)
    also = frozenset(other.brand for key, other in listed.items() if key in joined(text))
    facts = {"script": word.script, **edited}
    facts |= {"size": drawn.size, "contrast": drawn.contrast, "turn": drawn.turn}
    brands = frozenset({word.brand}) if kind in ("wordmark", "near-miss") else frozenset[str]()
    return Case(f"{number:05d}", kind, brands, blob, text, also, facts)


def _length(letters: int) -> str:
    return "4-5 letters" if letters < 6 else "6-9 letters" if letters < 10 else "10 letters or more"


def _word(pool: Sequence[str], chosen: dict[str, Word], rng: Random) -> Word:
    """A script, Latin in two of three, then one of its names."""
    scripts = sorted({chosen[key].script for key in pool})
    script = "Latin" if rng.random() < 0.67 else scripts[int(rng.integers(len(scripts)))]
    names = [key for key in pool if chosen[key].script == script] or list(pool)
    return chosen[names[int(rng.integers(len(names)))]]


def _written(word: str, rng: Random) -> str:
    """As its maker writes it, in capitals, or small."""
    return (word, word.upper(), word.lower())[int(rng.integers(3))]


def _opened(path: Path, side: int) -> Pixels:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    factor = side / max(pixels.shape[:2])
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC))
