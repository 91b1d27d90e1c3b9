"""Evidence and policy to a verdict: a pure function, the same input gives the same digits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from matcher.policy import Policy
from matcher.records import Evidence, Finding, Match, Score, Verdict, VerdictKind
from matcher.signals import Examination, Seen, order
from matcher.signals.sentences import sentence

DIGITS = 6
"""Decimals of every score and weight, so that digits do not depend on the machine."""
MOST_REASONS = 5
NEAR_MISS_ALONE = 0.8
"""From this score on a near miss of a wordmark needs no second kind of sign: no honest goods carry one."""
COUNTS = 0.05
"""Evidence of less weight decides nothing and gives no reason."""

_SAME_KIND = {"product": "copy"}
"""Signals that say one thing twice: what is in the photo."""
_LOGO, _LOOK_ALIKE = "logo", "look-alike"
_SEVERITY = {kind: step for step, kind in enumerate(VerdictKind)}


def decide(
    listing_id: str,
    evidence: Iterable[Evidence],
    matches: Sequence[Match],
    policy: Policy,
    *,
    models: Mapping[str, str | None],
    snapshot: int,
) -> Verdict:
    """Weigh the evidence brand by brand; the worst finding, of several the likeliest, gives the verdict.

    Evidence may come in any order and with any weight: the policy's times the evidence's score replaces it.
    A finding's score is the logistic function of prior plus weights. `models`: fingerprints by kind.
    """
    weighed = sorted((_weighed(one, policy) for one in evidence), key=_strongest_first)
    findings = sorted(_findings(weighed, policy), key=_worst_first)
    lead = (
        findings[0]
        if findings
        else Finding(brand="", verdict=VerdictKind.CLEAR, score=logistic(policy.prior))
    )
    return Verdict(
        listing_id=listing_id,
        verdict=lead.verdict,
        score=lead.score,
        brand=lead.brand,
        reasons=_reasons(weighed, lead.brand),
        findings=tuple(findings),
        evidence=tuple(weighed),
        matches=tuple(matches),
        models=dict(models),
        policy=policy.label,
        snapshot=snapshot,
    )


def best_matches(examination: Examination, limit: int = 10) -> tuple[Match, ...]:
    """The references that the photos most surely show, over all photos, each once, best first."""
    best: dict[tuple[str, str], Match] = {}
    for seen in sorted(examination.references, key=lambda seen: (-seen.sighting.score, *order(seen))):
        if len(best) == limit:
            break
        best.setdefault((seen.facts.brand, seen.facts.reference_id), _match(seen))
    return tuple(best.values())


def logistic(log_odds: float) -> Score:
    """The probability of `log_odds`, rounded."""
    if log_odds < 0:  # so that exp cannot overflow
        return round(1 - 1 / (1 + math.exp(max(log_odds, -700.0))), DIGITS)
    return round(1 / (1 + math.exp(-log_odds)), DIGITS)


def _match(seen: Seen) -> Match:
    return Match(
        reference_id=seen.facts.reference_id,
        brand=seen.facts.brand,
        score=round(seen.sighting.score, DIGITS),
        verified=seen.sighting.verified,
        photo=seen.photo.position,
        region=seen.region,
    )


def _weighed(evidence: Evidence, policy: Policy) -> Evidence:
    weight = policy.rules(evidence.brand).weights.of(evidence) * evidence.score
    return evidence.model_copy(update={"weight": round(weight, DIGITS) + 0.0})


def _strongest_first(evidence: Evidence) -> tuple[float, str, str, str]:
    return -abs(evidence.weight), evidence.brand, evidence.signal, evidence.model_dump_json()


def _findings(weighed: Sequence[Evidence], policy: Policy) -> Iterable[Finding]:
    for brand in sorted({one.brand for one in weighed}):
        evidence = [one for one in weighed if one.brand == brand]
        score = _score(evidence, policy.prior)
        verdict = _verdict(score, policy, brand, evidence)
        yield Finding(brand=brand, verdict=verdict, score=score)


def _score(evidence: Iterable[Evidence], prior: float) -> Score:
    return logistic(math.fsum((prior, *(one.weight for one in evidence))))


def _verdict(score: Score, policy: Policy, brand: str, evidence: Sequence[Evidence]) -> VerdictKind:
    """What title and the brand's own mark add leads to a review, never further.

    A title is only what it is offered under, and honest goods carry the mark too, unless they are said to be
    copies.
    """
    thresholds = policy.rules(brand).thresholds
    copies = any(one.signal == "claims" and one.weight > 0 for one in evidence)
    proofs = [one for one in evidence if one.signal != "title" and (copies or not _is_honest(one))]
    proven = _score(proofs, policy.prior)
    if proven >= thresholds.counterfeit and _corroborated(evidence):
        return VerdictKind.COUNTERFEIT
    return VerdictKind.REVIEW if score >= thresholds.review else VerdictKind.CLEAR


def _corroborated(evidence: Sequence[Evidence]) -> bool:
    """Two kinds of signs besides the seller's, or one that is proof by itself: one weak sign is none."""
    signs = [one for one in evidence if one.weight > 0 and one.signal not in ("seller", "title")]
    kinds = {_kind_of(one) for one in signs if not _is_honest(one)}
    return any(map(_is_proof, signs)) or len(kinds) >= 2


def _kind_of(evidence: Evidence) -> str:
    """A near miss that stands beside a logo is the one text, told twice."""
    if evidence.signal == _LOGO and evidence.detail.get("says") == "near-miss":
        return "wordmark"
    return _SAME_KIND.get(evidence.signal, evidence.signal)


def _is_proof(evidence: Evidence) -> bool:
    kind = evidence.detail.get("kind")
    if evidence.signal == _LOGO:
        return kind == _LOOK_ALIKE and evidence.score >= NEAR_MISS_ALONE
    if evidence.signal == "known-counterfeit":
        return kind == "copy"
    return evidence.signal == "wordmark" and kind == "near-miss" and evidence.score >= NEAR_MISS_ALONE


def _is_honest(evidence: Evidence) -> bool:
    """The brand's own logo or wordmark says whose the goods are, as the goods do: no second sign."""
    if evidence.signal == _LOGO:
        return evidence.detail.get("kind") != _LOOK_ALIKE
    return evidence.signal == "wordmark" and evidence.detail.get("kind") != "near-miss"


def _worst_first(finding: Finding) -> tuple[int, float, str]:
    return -_SEVERITY[finding.verdict], -finding.score, finding.brand


def _reasons(weighed: Sequence[Evidence], leading: str) -> tuple[str, ...]:
    """Strongest first, the leading brand's before the others'."""
    counting = [one for one in weighed if abs(one.weight) >= COUNTS]
    counting.sort(key=lambda one: one.brand != leading)
    return tuple(sentence(one) for one in counting[:MOST_REASONS])
