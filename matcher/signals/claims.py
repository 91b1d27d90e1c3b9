"""`claims`: title, description or photos say that the goods are copies."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from matcher.records import Evidence, Score
from matcher.signals import Examination
from matcher.text.claims import Claim

OF_NO_BRAND = 0.5
"""A claim counts half where the listing is about no brand of the catalog: copies of what?"""
MOST_SHOWN = 5


class ClaimsSignal:
    """Finds replica talk, negation aside, and lays it to the brands that the listing is about."""

    name = "claims"

    def examine(self, examination: Examination) -> list[Evidence]:
        """One piece of evidence a brand, or one of no brand.

        Detail: `phrase`, `where`, `language`, `source` (see `matcher/text/claims.toml`), and `also`.
        """
        texts = examination.texts
        if not texts.claims:
            return []
        score = claim_score(texts.claims)
        brands = texts.claimed_of
        if not brands:
            return [self._evidence(examination, "", round(score * OF_NO_BRAND, 6))]
        return [self._evidence(examination, brand, score) for brand in brands]

    def _evidence(self, examination: Examination, brand: str, score: Score) -> Evidence:
        claims = examination.texts.claims
        first = claims[0]
        where, photo = examination.texts.place_of(first)
        detail: dict[str, JsonValue] = {
            "phrase": first.phrase,
            "where": where,
            "language": first.language,
            "source": first.source,
        }
        if len(claims) > 1:
            detail["also"] = [claim.phrase for claim in claims[1:MOST_SHOWN]]
        return Evidence(signal=self.name, score=score, brand=brand, photo=photo, detail=detail)


def claim_score(claims: Sequence[Claim]) -> Score:
    """How sure the claims are together: the surest one, and a little more for another phrase."""
    best = max((claim.sure for claim in claims), default=0.0)
    return round(best if len(claims) < 2 else 1 - (1 - best) / 2, 6)
