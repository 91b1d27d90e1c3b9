"""What accuracy is measured on: something that is shown references once and then finds photos among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import JsonValue

from matcher.config import Settings
from matcher.errors import UsageError
from matcher.images import Picture

if TYPE_CHECKING:
    from matcher.finder import Found  # Loads FAISS, which `--help` and other finders do without.

Task = Literal["copies", "products"]


class Finder(Protocol):
    """Finds photos among references; the same input gives the same answers.

    A finder may also have `costs() -> dict[str, JsonValue]` (`peak_mib`, `index_bytes_per_image` … of what it
    alone takes, asked after the last query) and `close()`.
    """

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


def finder_by_name(
    name: str, settings: Settings, *, embedder: str = "", verify: bool = True, task: Task = "copies"
) -> Finder:
    """The finder that a plan calls `name`.

    `matcher` is the product itself, as a scan runs it. `peer:NAME` is another library (`benchmarks.peers`),
    which has settings of its own. `python:MODULE:FUNCTION` is a `MakeFinder` of yours: code, so only where
    you name it. Raises UsageError for another name, and the MatcherError of a finder that cannot run.
    """
    kind, _, rest = name.partition(":")
    if name == "matcher":
        return product_finder(settings, embedder=embedder, verify=verify, task=task)
    if kind == "peer" and rest:
        from benchmarks.peers.finder import peer_finder

        return peer_finder(rest)
    if kind == "python" and rest.count(":") == 1:
        return _of_ones_own(name, *rest.split(":"))(settings, embedder=embedder, verify=verify, task=task)
    raise UsageError(f"no finder {name!r}; there are matcher, peer:NAME and python:MODULE:FUNCTION")


def _of_ones_own(name: str, module: str, function: str) -> MakeFinder:
    """The function, which raises UsageError where what it makes is no finder."""
    try:
        found: Any = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"finder {name} cannot be imported: {error}") from error

    def make(settings: Settings, *, embedder: str, verify: bool, task: Task) -> Finder:
        try:
            made: Any = found(settings, embedder=embedder, verify=verify, task=task)
        except TypeError as error:
            raise UsageError(f"finder {name} cannot be made: {error}") from error
        if lacks := [part for part in ("name", "describe", "fit", "find") if not hasattr(made, part)]:
            raise UsageError(f"finder {name} gives {type(made).__name__}, which has no {lacks[0]}")
        finder: Finder = made
        return finder

    return make
