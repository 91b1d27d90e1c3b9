"""Fits the probabilities of `matcher/similarity.py` on pairs that the matcher itself proposes."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from benchmarks.datasets import Query, ReferenceImage, copies_from_folder, file_query
from benchmarks.products import products_from_folder
from matcher.config import MatchingSettings, Settings
from matcher.demo import make_demo
from matcher.errors import ImageError
from matcher.finder import build_finder
from matcher.images import Picture, decode
from matcher.manifests import Row, read_listings, read_references
from matcher.similarity import CHEAP, FEATURES, read_pair_model

INVERSE_REGULARISATION = 1.0
BOOSTING = {
    "max_iter": 200,
    "learning_rate": 0.05,
    "max_leaf_nodes": 6,
    "min_samples_leaf": 40,
    "l2_regularization": 10.0,
    "early_stopping": False,
}
"""Many small careful trees: of three such settings that of least log loss over five folds of the queries."""
GROWING = frozenset(FEATURES) - {"verified", "coverage"}
"""Features of which more never speaks against a pair."""
DIGITS = 5
CONFIRMED = 0.2
"""A true pair of which copy or product score is this sure was worth verifying."""

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
    weight: float = 1.0
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


def main(arguments: list[str] | None = None) -> None:
    """`python -m training.fit_similarity SCORE --copies DIR… --products DIR… --out FILE`."""
    options = parser().parse_args(arguments)
    if options.pairs and options.pairs.exists():
        pairs = Pairs(**np.load(options.pairs))
    else:
        pairs = joined(collect(catalog) for catalog in catalogs(options))
        if options.pairs:
            np.savez(options.pairs, **vars(pairs))
    written = json.loads(options.out.read_text(encoding="utf-8")) if options.out.exists() else {}
    rows, true = learnt_from(pairs, options.score, written)
    fitted = fit_weights(rows, true, pairs.weight)
    written |= {
        "features": list(FEATURES),
        "cheap": list(CHEAP),
        options.score: fitted
        if options.score == "prospect"
        else {"weights": fitted, "trees": grow_trees(rows, true, pairs.weight)},
    }
    options.out.write_text(as_text(written), encoding="utf-8")
    print(f"{options.out}: {options.score} of {len(pairs.rows)} pairs, {true.sum()} true")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument(
        "score", choices=("copy", "product", "prospect"), help="which is fitted; the others stay"
    )
    made.add_argument("--copies", nargs="*", type=Path, default=[], help="folders of photos to edit")
    made.add_argument(
        "--crowds", nargs="*", type=Path, default=[],
        help="folders of photos much alike, each a catalog of its own among twice as many strangers",
    )  # fmt: skip
    made.add_argument(
        "--products", nargs="*", type=Path, default=[], help="product sets, as the benchmark reads them"
    )
    made.add_argument(
        "--demo", nargs="*", type=int, default=[], help="seeds of demo sets to draw; the demo's is 7"
    )
    made.add_argument(
        "--every-view", action="store_true", help="take second views and known fakes of demo sets too"
    )
    made.add_argument("--drawn-weight", type=float, default=1.0, help="of a demo set beside a real one")
    made.add_argument("--seed", type=int, default=1, help="of the copies; the benchmark reports on seed 0")
    made.add_argument("--pairs", type=Path, help="keep the pairs in this .npz, or read them from it")
    made.add_argument("--out", type=Path, required=True)
    return made


def catalogs(options: argparse.Namespace) -> Iterator[list[Source]]:
    """What is asked for, as catalogs whose references are looked for together.

    Each demo set is one by itself: all have the same shop images, and one's would be the other's strangers.
    """
    yield [*sources(options.copies, options.products, options.seed)]
    drawing = Drawing(tuple(options.demo), options.every_view, options.drawn_weight)
    for seed in drawing.seeds:
        with TemporaryDirectory() as folder:
            yield [demo_source(Path(folder), seed, drawing)]
    for crowd in options.crowds:
        made = copies_from_folder(
            crowd, references=500, edited=500, distractors=1000, seed=options.seed + 1, part="tune"
        )
        name = f"{crowd.parent.name}/{crowd.name}"
        yield [Source(name, made.references, made.queries, lambda _: True, unclear=akin)]


def sources(copies: Iterable[Path], products: Iterable[Path], seed: int) -> Iterator[Source]:
    """The parts of the truth sets that are for tuning."""
    for folder in copies:
        made = copies_from_folder(folder, seed=seed, part="tune")
        yield Source(folder.name, made.references, made.queries, lambda _: True)
    for folder in products:
        found = products_from_folder(folder, part="tune")
        yield Source(folder.name, found.references, found.queries, lambda _: False)


def demo_source(folder: Path, seed: int, drawing: Drawing) -> Source:
    """Drawn listings: photos of the very product elsewhere, beside edited copies of its shop image."""
    demo = make_demo(folder, seed=seed)
    views = slice(None) if drawing.every_view else slice(1)
    references = [
        ReferenceImage(row.value.reference_id, manifest.parent / image)
        for brand in demo.brands
        for manifest in (brand.catalog, brand.known_counterfeits)[: 2 if drawing.every_view else 1]
        for row in read_references(manifest)
        if isinstance(row, Row)
        for image in row.value.images[views]
    ]
    left_out = ALTERED_KINDS if drawing.every_view else ALTERED_KINDS | FAKE_KINDS
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
        drawing.weight,
    )


def learnt_from(
    pairs: Pairs, score: str, written: Mapping[str, Any]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The rows that a score is fitted on and which of them are true.

    A prospect is true where `written`, the other two scores, find a true pair.
    """
    if score != "prospect":
        return pairs.rows, getattr(pairs, score)
    sure = np.zeros(len(pairs.rows), np.bool_)
    for kind in ("copy", "product"):
        sure |= read_pair_model(written[kind]).probabilities(pairs.rows) >= CONFIRMED
    return pairs.rows[:, [FEATURES.index(name) for name in CHEAP]], pairs.product & sure


def collect(found: list[Source]) -> Pairs:
    """Every pair the matcher proposes for any query among all references of a catalog, all of them verified.

    A true pair that the matcher did not propose cannot be learnt from, nor is one that may be true or false;
    each source's queries weigh as much as another's, so that a large set does not drown a small one.
    """
    settings = Settings(matching=MatchingSettings(least_prospect=0))
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
                facts.append(
                    (
                        true and source.copied(query),
                        true,
                        1000 * source.weight / len(source.queries),
                        number,
                        place,
                    )
                )
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


def fit_weights(
    rows: NDArray[np.float64], true: NDArray[np.bool_], weight: NDArray[np.float64]
) -> list[float]:
    """Logistic regression's weights, the constant last."""
    model = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=20_000)
    model.fit(rows, true, sample_weight=weight)
    return [round(float(value), 5) for value in (*model.coef_[0], model.intercept_[0])]


def grow_trees(
    rows: NDArray[np.float64], true: NDArray[np.bool_], weight: NDArray[np.float64]
) -> dict[str, Any]:
    """Boosted trees as `BoostedTrees.read` takes them, never less sure for more of a `GROWING` feature.

    Scikit-learn's are taken apart by what they keep for themselves; a test holds both against each other.
    """
    model = HistGradientBoostingClassifier(
        **BOOSTING, monotonic_cst=[int(name in GROWING) for name in FEATURES], random_state=0
    )
    model.fit(rows, true, sample_weight=weight)
    trees = [_told(stage[0].nodes) for stage in model._predictors]
    return {"start": round(float(model._baseline_prediction[0, 0]), DIGITS), "trees": trees}


def _told(nodes: NDArray[Any]) -> dict[str, list[Any]]:
    """A tree's nodes by column; a leaf leads to itself."""
    own, leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(bool)
    return {
        "feature": np.where(leaf, 0, nodes["feature_idx"]).tolist(),
        "left": np.where(leaf, own, nodes["left"]).tolist(),
        "right": np.where(leaf, own, nodes["right"]).tolist(),
        "threshold": np.where(leaf, 0, nodes["num_threshold"]).tolist(),
        "value": np.where(leaf, nodes["value"].round(DIGITS), 0).tolist(),
    }


def as_text(written: Mapping[str, Any]) -> str:
    """JSON with a line a tree, so that a change of few is seen as that."""
    return json.dumps(written, separators=(", ", ": ")).replace('{"feature"', '\n{"feature"') + "\n"


if __name__ == "__main__":
    main()
