"""Chooses a policy for a wanted precision, and tries the choice on listings it was not made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from matcher.errors import UsageError
from matcher.policy import Policy, Thresholds
from matcher.records import VerdictKind
from matcher.tuning.binomial import least_trials
from matcher.tuning.groups import Fold, connected, folds
from matcher.tuning.labelled import Labelled
from matcher.tuning.operating import (
    NEVER,
    HeldOut,
    Operating,
    Scores,
    Suspicion,
    candidates,
    lowest_showing,
    operating,
)
from matcher.tuning.rules import with_rules
from matcher.tuning.weights import features, fitted

LEAST_OF_EACH = 10
"""Fakes, and genuine listings, that a fit of weights takes at least."""
TABLE_ROWS = 12
_EVEN_ODDS = 0.5
Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Wish:
    """What the policy shall keep to.

    `precision` of `counterfeit`; `review_precision` of everything that is not clear, None: the threshold of
    review stays. Each is to be shown with `confidence`. `refit`: the weights too. `seed`: of the folds.
    """

    precision: float
    review_precision: float | None = None
    confidence: float = 0.95
    refit: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name, share in (("precision", self.precision), ("review precision", self.review_precision)):
            if share is not None and not 0 < share < 1:
                raise UsageError(f"the {name} must lie between 0 and 1, such as 0.95, not {share:g}")
        if not 0.5 <= self.confidence < 1:
            raise UsageError(f"the confidence must be at least 0.5 and under 1, not {self.confidence:g}")


@dataclass(frozen=True)
class Tuned:
    """A chosen policy and what it does to the labelled listings.

    `before`, `after`: the policy it began with and the chosen one, for `counterfeit`; `review_before`,
    `review_after` for everything that is not clear. `table`: the trade-off, the highest threshold first.
    `held_out`, `review_held_out`: None where nothing could be held out. `groups`: sets of listings that share
    no seller, product or photo with one another; `fakes`, `genuine`, `undecided` add up to the listings.
    """

    policy: Policy
    before: Operating
    after: Operating
    review_before: Operating
    review_after: Operating
    table: tuple[Operating, ...]
    review_table: tuple[Operating, ...]
    held_out: HeldOut | None
    review_held_out: HeldOut | None
    groups: int
    fakes: int
    genuine: int
    undecided: int
    notes: tuple[str, ...] = field(default=())


def tune(labelled: Sequence[Labelled], policy: Policy, wish: Wish, *, name: str = "") -> Tuned:
    """The lowest thresholds that show the wanted precision on `labelled`, with the version raised.

    With `refit`, thresholds are chosen on scores by weights that were fitted without the listing's fold, and
    the weights of the policy on all listings. `review` listings count as wrongly called `counterfeit`, and as
    rightly reviewed; they teach no weight. Raises `UsageError` where the labels are too few for the wanted
    precision, saying how many are needed, or where no threshold reaches it.
    """
    fakes = np.array([one.truth is VerdictKind.COUNTERFEIT for one in labelled], dtype=bool)
    flags = np.array([one.truth is not VerdictKind.CLEAR for one in labelled], dtype=bool)
    parts = folds([one.keys for one in labelled], seed=wish.seed)
    evidence = [one.verdict.evidence for one in labelled]
    plain = Suspicion(policy).all(evidence)
    chosen, scores = policy, plain
    notes: list[str] = []
    if wish.refit:
        chosen, scores, notes = _refitted(labelled, policy, plain, parts)
    surest, likeliest = scores
    threshold = _choose(surest, fakes, wish.precision, wish.confidence, "counterfeit").threshold
    review = min(policy.thresholds.review, threshold)
    if wish.review_precision is not None:
        wanted = _choose(likeliest, flags, wish.review_precision, wish.confidence, "review or counterfeit")
        review = min(wanted.threshold, threshold)
    return Tuned(
        policy=_versioned(chosen, Thresholds(review=review, counterfeit=threshold), name),
        before=operating(plain[0], fakes, policy.thresholds.counterfeit),
        after=operating(surest, fakes, threshold),
        review_before=operating(plain[1], flags, policy.thresholds.review),
        review_after=operating(likeliest, flags, review),
        table=_table(candidates(surest, fakes), threshold),
        review_table=_table(candidates(likeliest, flags), review),
        held_out=_held_out(surest, fakes, parts, wish.precision, wish.confidence),
        review_held_out=None
        if wish.review_precision is None
        else _held_out(likeliest, flags, parts, wish.review_precision, wish.confidence),
        groups=len(set(connected([one.keys for one in labelled]))),
        fakes=int(fakes.sum()),
        genuine=int((~flags).sum()),
        undecided=int((flags & ~fakes).sum()),
        notes=tuple(notes),
    )


def _choose(scores: Scores, right: Truth, precision: float, confidence: float, what: str) -> Operating:
    """The lowest threshold that shows the precision; raises `UsageError` that says what is lacking."""
    found = candidates(scores, right)
    if best := lowest_showing(found, precision, confidence):
        return best
    needed = least_trials(precision, confidence)
    wish = f"a precision of {precision:g} for {what}, shown with {confidence:.0%} confidence"
    flagged = int((scores > NEVER).sum())
    if flagged < needed:
        raise UsageError(
            f"too few labels for {wish}: it takes at least {needed} labelled listings that can be called so, "
            f"all of them rightly; there are {flagged}. Label more, or ask for less"
        )
    top = max(found, key=lambda one: ((one.precision or 0.0), one.flagged), default=None)
    if top is None:
        raise UsageError(f"{wish}, is not to be had: no labelled listing has evidence for it")
    big = [one for one in found if one.flagged >= needed]
    best = max(big, key=lambda one: one.precision or 0.0)
    more = least_trials(precision, confidence, failing=1 - (best.precision or 0.0))
    stands = f"the best of {best.flagged} or so flagged is {best.precision:.3f}, from {best.threshold:g} up"
    if more:
        raise UsageError(
            f"too few labels for {wish}: {stands}; at that rate it takes about {more} flagged and labelled "
            "listings. Label more, or ask for less"
        )
    raise UsageError(
        f"{wish}, is not reached by any threshold: {stands}. Ask for less, or let the weights be fitted too"
    )


def _refitted(
    labelled: Sequence[Labelled], policy: Policy, plain: tuple[Scores, Scores], parts: Sequence[Fold]
) -> tuple[Policy, tuple[Scores, Scores], list[str]]:
    """The policy with fitted weights, and scores of each listing by weights fitted without its fold."""
    evidence = [one.verdict.evidence for one in labelled]
    fakes = np.array([one.truth is VerdictKind.COUNTERFEIT for one in labelled], dtype=bool)
    decided = np.array([one.truth is not VerdictKind.REVIEW for one in labelled], dtype=bool)
    found = features(evidence, policy)
    usable = found.fits & decided
    for what, number in (("fakes", (usable & fakes).sum()), ("genuine listings", (usable & ~fakes).sum())):
        if number < LEAST_OF_EACH:
            raise UsageError(f"too few labels to fit weights: it takes {LEAST_OF_EACH} {what}, not {number}")
    if not parts:
        raise UsageError("weights cannot be fitted: all listings hang together by seller, product or photo")

    def fit(rows: NDArray[np.intp]) -> Policy:
        kept = rows[decided[rows]]
        part = type(found)(found.names, found.table[kept], found.fits[kept])
        return fitted(policy, part, fakes[kept])

    total = np.zeros((len(labelled), 2))
    times = np.zeros(len(labelled))
    for teach, held in parts:
        scored = Suspicion(fit(teach)).all([evidence[index] for index in held])
        total[held] += np.column_stack([np.where(np.isfinite(one), one, 0.0) for one in scored])
        times[held] += 1
    means = total / np.maximum(times, 1)[:, None]
    scores = [
        np.where(np.isfinite(was) & (times > 0), means[:, column], was) for column, was in enumerate(plain)
    ]
    chosen = fit(np.arange(len(labelled)))
    old, new = (one.weights.model_dump(by_alias=True) for one in (policy, chosen))
    changed = [f"{key} {old[key]:g} to {new[key]:g}" for key in old if old[key] != new[key]]
    notes = ["weights fitted: " + (", ".join(changed) or "none changed")]
    if never := int((times == 0).sum()):
        notes.append(f"{never} listings stand between all folds; they are scored by the weights as they were")
    return chosen, (scores[0], scores[1]), notes


def _held_out(
    scores: Scores, right: Truth, parts: Sequence[Fold], precision: float, confidence: float
) -> HeldOut | None:
    if not parts:
        return None
    flagged = gained = wanted = loose = without = tested = 0
    for teach, held in parts:
        found = candidates(scores[teach], right[teach])
        best = lowest_showing(found, precision, confidence)
        if best is None:
            best = lowest_showing(found, precision, _EVEN_ODDS)
            loose, without = loose + (best is not None), without + (best is None)
        tried = operating(scores[held], right[held], np.inf if best is None else best.threshold)
        flagged, gained = flagged + tried.flagged, gained + tried.right
        wanted, tested = wanted + tried.wanted, tested + len(held)
    repeats = max(1.0, tested / len(scores))
    return HeldOut(flagged, gained, wanted, len(parts), loose, without, repeats)


def _table(found: Sequence[Operating], chosen: float) -> tuple[Operating, ...]:
    """About `TABLE_ROWS` of the thresholds, spread over how many they flag, the chosen one among them."""
    if len(found) <= TABLE_ROWS:
        return tuple(found)
    places = np.linspace(0, len(found) - 1, TABLE_ROWS).round().astype(int)
    kept = {int(place) for place in places} | {
        place for place, one in enumerate(found) if one.threshold == chosen
    }
    return tuple(found[place] for place in sorted(kept))


def _versioned(policy: Policy, thresholds: Thresholds, name: str) -> Policy:
    """`policy` under its next version, or version 1 of another name, with `thresholds`; brands keep theirs.

    Raises `UsageError` where a brand's own threshold contradicts the new ones.
    """
    renamed = bool(name) and name != policy.name
    version = 1 if renamed else policy.version + 1
    try:
        return with_rules(policy, thresholds=thresholds, name=name or policy.name, version=version)
    except ValidationError as error:
        raise UsageError(
            f"the new thresholds (review {thresholds.review:g}, counterfeit {thresholds.counterfeit:g}) "
            f"do not go with a brand's own: {error.errors()[0]['msg']}; change that in the policy first"
        ) from error
