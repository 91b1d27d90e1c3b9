"""What accuracy is measured on: something that is shown references once and then finds photos among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import JsonValue

from matcher.config import Settings
from matcher.images import Picture

if TYPE_CHECKING:
    from matcher.finder import Found  # Loads FAISS, which `--help` and other finders do without.

Task = Literal["copies", "products"]


class Finder(Protocol):
    """Finds photos among references; the same input gives the same answers."""

    name: str

    def describe(self) -> dict[str, JsonValue]:
        """Settings that change the answers, and under `model` the model's name with its fingerprint."""
        ...

    def fit(self, references: Sequence[Picture]) -> None:
        """Take the references in, once. The sequence decodes on demand: go through it once, in order."""
        ...

    def find(self, picture: Picture, k: int) -> Sequence[Found]:
        """At most `k` references, best first; a reference not given was not found."""
        ...


class MakeFinder(Protocol):
    """Builds the finder a command line asks for."""

    def __call__(self, settings: Settings, *, embedder: str, verify: bool, task: Task) -> Finder:
        """Raises MatcherError when the embedder is unknown."""
        ...


Decode = Callable[[bytes, str], Picture]
"""Encoded bytes and where they come from, to pixels; raises ImageError."""


def product_finder(settings: Settings, *, embedder: str, verify: bool, task: Task) -> Finder:
    """The matcher itself, as a scan runs it."""
    from matcher.finder import build_finder

    return build_finder(settings, embedder=embedder, verify=verify, task=task)
