"""Labelled listings made on the spot, as suspicious as a test wants them."""

from __future__ import annotations

from collections.abc import Iterable

from matcher.decision import decide
from matcher.policy import load_policy
from matcher.records import Evidence, VerdictKind
from matcher.tuning import Labelled

POLICY = load_policy()
FAKE, GENUINE, LOOK = VerdictKind.COUNTERFEIT, VerdictKind.CLEAR, VerdictKind.REVIEW


def evidence(signal: str, score: float, brand: str = "Acme", **detail: object) -> Evidence:
    named = None if signal in ("seller", "price") else "SKU-1"
    return Evidence(signal=signal, score=score, brand=brand, reference_id=named, detail=detail)  # type: ignore[arg-type]


def suspicious(sure: float, brand: str = "Acme") -> list[Evidence]:
    """A reused photo at a low price from a stranger: the surer, the more suspicious, and corroborated."""
    return [
        evidence("copy", sure, brand),
        evidence("price", sure, brand),
        evidence("seller", 1.0, brand, licensed=False),
    ]


def labelled(
    name: str, found: Iterable[Evidence], truth: VerdictKind, *, keys: Iterable[str] = (), split: str = ""
) -> Labelled:
    verdict = decide(name, found, (), POLICY, models={}, snapshot=0)
    return Labelled(verdict, truth, frozenset(keys), split)


def a_day(fakes: int = 120, genuine: int = 120, *, mistakes: int = 0) -> list[Labelled]:
    """Fakes that look suspicious and genuine listings that do not, but for some `mistakes` in between."""
    listings = [
        labelled(f"F-{n}", suspicious(0.75 + 0.25 * n / fakes), FAKE, keys=[f"seller:f{n // 4}"])
        for n in range(fakes)
    ]
    listings += [
        labelled(f"G-{n}", suspicious(0.05 + 0.5 * n / genuine), GENUINE, keys=[f"seller:g{n // 4}"])
        for n in range(genuine)
    ]
    listings += [
        labelled(f"M-{n}", suspicious(0.8 + 0.1 * n / max(mistakes, 1)), GENUINE, keys=[f"seller:m{n}"])
        for n in range(mistakes)
    ]
    return listings
