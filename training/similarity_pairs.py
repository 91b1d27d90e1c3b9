"""Pairs of photos and references that the matcher proposes, with what is true of each: scores learn of it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import Query, ReferenceImage, copies_from_folder, file_query
from benchmarks.products import products_from_folder
from matcher.config import MatchingSettings, Settings
from matcher.demo import make_demo
from matcher.errors import ImageError
from matcher.finder import build_finder
from matcher.images import Picture, decode
from matcher.manifests import Row, read_listings, read_references

COPIED_KINDS = frozenset({"stolen-photo", "stolen-photo-cheap", "known-counterfeit", "licensed"})
ALTERED_KINDS = frozenset({"near-miss-wordmark", "wrong-colours"})
FAKE_KINDS = frozenset({"known-counterfeit", "known-counterfeit-again"})
"""Drawn listings of altered products have no truth at all; those of known fakes only among known fakes."""


@dataclass(frozen=True)
class Drawing:
    """Which drawn pairs are learnt from, and how much they weigh beside real ones.

    A product score gains by siblings, second views and known fakes. For a copy score they are noise: a second
    view of the right product is no copy, and a fake is drawn much like its model.
    """

    seeds: tuple[int, ...]
    every_view: bool
    weight: float


@dataclass(frozen=True)
class Source:
    """One truth set: what its true pairs are true of, and which pairs, by their names, may be either."""

    name: str
    references: tuple[ReferenceImage, ...]
    queries: tuple[Query, ...]
    copied: Callable[[Query], bool]
    unclear: Callable[[str, str], bool] = lambda photo, reference: False


@dataclass(frozen=True)
class Pairs:
    """Feature rows (n, features), what each pair is, and the weight each row has."""

    rows: NDArray[np.float64]
    copy: NDArray[np.bool_]
    product: NDArray[np.bool_]
    weight: NDArray[np.float64]
    query: NDArray[np.int64]
    source: NDArray[np.int64]


def pairs_of(
    *,
    copies: Iterable[Path],
    products: Iterable[Path],
    drawing: Drawing,
    crowds: Iterable[Path],
    pasted: Iterable[Path],
    seed: int,
    kept: Path | None = None,
) -> Pairs:
    """The pairs of several catalogs, each collected for itself.

    `copies`: folders of photos to edit; `products`: sets as the benchmark reads them; both make one catalog.
    `crowds`: folders of photos much alike, each a catalog of its own among twice as many strangers. So is
    each demo set: all have the same shop images, and one's copies would be false among another's. `pasted`:
    folders of photos whose copies lie on other photos, where votes alone lead to them. The pairs
    of a catalog are read from the folder `kept` where they lie there, and else written to it.
    """
    given = [*copies], [*products]
    found = [_kept(kept, "real", lambda: collect([*sources(*given, seed)]))] if any(given) else []
    for number in drawing.seeds:
        name = f"demo-{number}" + ("-every-view" if drawing.every_view else "")
        drawn = _kept(kept, name, partial(_drawn, number, every_view=drawing.every_view))
        found.append(replace(drawn, weight=drawn.weight * drawing.weight))
    for folder in crowds:
        name = f"crowd-{folder.parent.name}-{folder.name}"
        found.append(_kept(kept, name, partial(_crowd, folder, seed + 1)))
    for folder in pasted:  # under a seed of its own, as the crowds: other photos, on other backgrounds
        name = f"pasted-{folder.parent.name}-{folder.name}"
        found.append(_kept(kept, name, partial(_pasted, folder, seed + 5)))
    return joined(found)


def _kept(folder: Path | None, name: str, make: Callable[[], Pairs]) -> Pairs:
    if folder is None:
        return make()
    path = folder / f"{name}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{name}.part.npz")
        np.savez(part, **vars(make()))
        part.replace(path)
    with np.load(path) as stored:
        return Pairs(**stored)


def _drawn(seed: int, *, every_view: bool) -> Pairs:
    with TemporaryDirectory() as folder:
        return collect([demo_source(Path(folder), seed, every_view=every_view)])


def _crowd(folder: Path, seed: int) -> Pairs:
    made = copies_from_folder(folder, references=500, edited=500, distractors=1000, seed=seed, part="tune")
    name = f"{folder.parent.name}/{folder.name}"
    return collect([Source(name, made.references, made.queries, lambda _: True, unclear=akin)])


def _pasted(folder: Path, seed: int) -> Pairs:
    made = copies_from_folder(
        folder, references=1000, edited=300, distractors=0, seed=seed, part="tune", kinds=["pasted"]
    )
    return collect([Source(f"pasted {folder.name}", made.references, made.queries, lambda _: True)])


def sources(copies: Iterable[Path], products: Iterable[Path], seed: int) -> Iterator[Source]:
    """The parts of the truth sets that are for tuning."""
    for folder in copies:
        made = copies_from_folder(folder, seed=seed, part="tune")
        yield Source(folder.name, made.references, made.queries, lambda _: True)
    for folder in products:
        found = products_from_folder(folder, part="tune")
        yield Source(folder.name, found.references, found.queries, lambda _: False)


def demo_source(folder: Path, seed: int, *, every_view: bool) -> Source:
    """Drawn listings: photos of the very product elsewhere, beside edited copies of its shop image."""
    demo = make_demo(folder, seed=seed)
    views = slice(None) if every_view else slice(1)
    references = [
        ReferenceImage(row.value.reference_id, manifest.parent / image)
        for brand in demo.brands
        for manifest in (brand.catalog, brand.known_counterfeits)[: 2 if every_view else 1]
        for row in read_references(manifest)
        if isinstance(row, Row)
        for image in row.value.images[views]
    ]
    left_out = ALTERED_KINDS if every_view else ALTERED_KINDS | FAKE_KINDS
    with demo.truth.open(encoding="utf-8", newline="") as file:
        truth = {row["listing_id"]: row for row in csv.DictReader(file)}
    queries = [
        file_query(folder / image, folder, frozenset({known["reference_id"]} - {""}), known["kind"])
        for row in read_listings(demo.listings)
        if isinstance(row, Row) and (known := truth[row.value.listing_id])["kind"] not in left_out
        for image in row.value.images[:1]
    ]
    return Source(
        f"demo {seed}",
        tuple(references),
        tuple(queries),
        lambda query: query.kind in COPIED_KINDS,
    )


def collect(found: list[Source]) -> Pairs:
    """Every pair the matcher proposes for any query among all references of a catalog, all of them verified.

    A true pair that the matcher did not propose cannot be learnt from, nor is one that may be true or false;
    each source's queries weigh as much as another's, so that a large set does not drown a small one.
    """
    usual = MatchingSettings()
    proposed = usual.by_descriptor + usual.by_vote
    settings = Settings(matching=MatchingSettings(least_prospect=0, verified=proposed))
    names = [(source.name, reference.reference_id) for source in found for reference in source.references]
    finder = build_finder(settings)
    finder.fit(Decoded([reference.path for source in found for reference in source.references], settings))
    rows: list[NDArray[np.float64]] = []
    facts: list[tuple[bool, bool, float, int, int]] = []
    for place, source in enumerate(found):
        for number, query in enumerate(source.queries):
            try:
                picture = decode(query.blob(), query.query_id, settings.images)
            except ImageError:
                continue
            for candidate in finder.candidates(picture):
                name, reference_id = names[candidate.image_id]
                true = name == source.name and reference_id in query.truth
                if not true and source.unclear(query.query_id, reference_id):
                    continue
                rows.append(candidate.comparison.features())
                weight = 1000 / len(source.queries)
                facts.append((true and source.copied(query), true, weight, number, place))
        print(f"{source.name}: {len(source.queries)} queries", flush=True)
    columns = [np.array(column) for column in zip(*facts, strict=True)]
    return Pairs(np.array(rows), *columns)


def akin(photo: str, other: str) -> bool:
    """Whether both are of one style: shops call them STYLE-COLOUR_view.

    Other colours of a style are often one photo dyed anew, and whether that is a copy nobody can say.
    """
    one, two = (PurePosixPath(name).name.partition("-") for name in (photo, other))
    return bool(one[1]) and one[0] == two[0]


def joined(parts: Iterable[Pairs]) -> Pairs:
    """The pairs of several catalogs; sources count on."""
    found = list(parts)
    firsts = np.cumsum([0, *(1 + part.source.max(initial=-1) for part in found)])
    moved = [
        replace(part, source=part.source + first) for part, first in zip(found, firsts[:-1], strict=True)
    ]
    columns = (field.name for field in fields(Pairs))
    return Pairs(*(np.concatenate([getattr(part, column) for part in moved]) for column in columns))


class Decoded(list[Picture]):
    """Pictures of files, decoded one at a time as they are gone through."""

    def __init__(self, paths: list[Path], settings: Settings) -> None:
        super().__init__()
        self._paths, self._settings = paths, settings

    def __iter__(self) -> Iterator[Picture]:
        for path in self._paths:
            yield decode(path.read_bytes(), str(path), self._settings.images)
