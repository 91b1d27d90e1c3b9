"""Fits the two probabilities of `matcher/similarity.py` on pairs that the matcher itself proposes."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.datasets import Query, ReferenceImage, copies_from_folder
from benchmarks.products import products_from_folder
from matcher.finder import build_finder
from matcher.config import Settings
from matcher.errors import ImageError
from matcher.images import Picture, decode
from matcher.similarity import FEATURES

INVERSE_REGULARISATION = 1.0


@dataclass(frozen=True)
class Source:
    """One truth set: what its true pairs are true of."""

    name: str
    references: tuple[ReferenceImage, ...]
    queries: tuple[Query, ...]
    copied: bool


@dataclass(frozen=True)
class Pairs:
    """Feature rows (n, features), what each pair is, and the weight each row has."""

    rows: NDArray[np.float64]
    copy: NDArray[np.bool_]
    product: NDArray[np.bool_]
    weight: NDArray[np.float64]


def main(arguments: list[str] | None = None) -> None:
    """`python -m training.fit_similarity --copies DIR… --products DIR… --out FILE`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", nargs="*", type=Path, default=[], help="folders of photos, edited copies are made of them")
    parser.add_argument("--products", nargs="*", type=Path, default=[], help="product sets, as the benchmark reads them")
    parser.add_argument("--seed", type=int, default=1, help="of the copies; the benchmark reports on seed 0")
    parser.add_argument("--pairs", type=Path, help="keep the pairs in this .npz, or read them from it if it is there")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    if options.pairs and options.pairs.exists():
        pairs = Pairs(**np.load(options.pairs))
    else:
        pairs = collect(list(sources(options.copies, options.products, options.seed)))
        if options.pairs:
            np.savez(options.pairs, **vars(pairs))
    fitted = {kind: fit(pairs.rows, getattr(pairs, kind), pairs.weight) for kind in ("copy", "product")}
    options.out.write_text(json.dumps({"features": list(FEATURES), **fitted}, indent=1) + "\n", encoding="utf-8")
    print(f"{options.out}: {len(pairs.rows)} pairs, {pairs.copy.sum()} of copies, {pairs.product.sum()} of products")


def sources(copies: Iterable[Path], products: Iterable[Path], seed: int) -> Iterator[Source]:
    """The parts of the truth sets that are for tuning."""
    for folder in copies:
        made = copies_from_folder(folder, seed=seed, part="tune")
        yield Source(folder.name, made.references, made.queries, copied=True)
    for folder in products:
        found = products_from_folder(folder, part="tune")
        yield Source(folder.name, found.references, found.queries, copied=False)


def collect(found: list[Source]) -> Pairs:
    """Every pair the matcher proposes for any query among all references together.

    A true pair that the matcher did not propose cannot be learnt from; each source's queries weigh as much as
    another's, so that a large set does not drown a small one.
    """
    settings = Settings()
    names = [(source.name, reference.reference_id) for source in found for reference in source.references]
    finder = build_finder(settings)
    finder.fit(Decoded([reference.path for source in found for reference in source.references], settings))
    rows, copy, product, weight = [], [], [], []
    for source in found:
        for query in source.queries:
            try:
                picture = decode(query.blob(), query.query_id, settings.images)
            except ImageError:
                continue
            for candidate in finder.candidates(picture):
                name, reference_id = names[candidate.image_id]
                true = name == source.name and reference_id in query.truth
                rows.append(candidate.comparison.features())
                copy.append(true and source.copied)
                product.append(true)
                weight.append(1000 / len(source.queries))
        print(f"{source.name}: {len(source.queries)} queries", flush=True)
    return Pairs(np.array(rows), np.array(copy), np.array(product), np.array(weight))


class Decoded(list[Picture]):
    """Pictures of files, decoded one at a time as they are gone through."""

    def __init__(self, paths: list[Path], settings: Settings) -> None:
        super().__init__()
        self._paths, self._settings = paths, settings

    def __iter__(self) -> Iterator[Picture]:
        for path in self._paths:
            yield decode(path.read_bytes(), str(path), self._settings.images)


def fit(rows: NDArray[np.float64], true: NDArray[np.bool_], weight: NDArray[np.float64]) -> list[float]:
    """Logistic regression's weights, the constant last."""
    model = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=5000)
    model.fit(rows, true, sample_weight=weight)
    return [round(float(value), 5) for value in (*model.coef_[0], model.intercept_[0])]


if __name__ == "__main__":
    main()
