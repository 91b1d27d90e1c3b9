"""Colours and words for things that belong to no brand."""

from __future__ import annotations

from matcher.demo.brands import Colours
from matcher.demo.scenes import Rng

SCHEMES = (
    Colours("#3f6b72", "#e6b25a", "#f3ead8", "#203a40"), Colours("#b4533c", "#f0c987", "#f8eedf", "#5a2418"),
    Colours("#4d5a3a", "#d6c27a", "#f3f0df", "#2a3220"), Colours("#5a4a6e", "#d9a9b8", "#f4eef2", "#32283f"),
    Colours("#c08a2e", "#3f4f5f", "#f7efdc", "#4a3410"), Colours("#7d8a92", "#c7543c", "#f0f1ef", "#343c42"),
    Colours("#27496b", "#8fc1c9", "#eef3f3", "#16293d"), Colours("#8f3b4f", "#e8c39e", "#faf0ea", "#4a1d29"),
)  # fmt: skip


WORDS = ("MORNING", "PLAIN", "KITCHEN", "GARDEN", "SUNDAY", "COTTAGE", "SIMPLE", "DAILY", "HOUSE", "VALUE")


def scheme(rng: Rng) -> Colours:
    """One of a few sets of colours."""
    return SCHEMES[int(rng.integers(len(SCHEMES)))]


def word(rng: Rng) -> str:
    """A word for a no-name label."""
    return WORDS[int(rng.integers(len(WORDS)))]
