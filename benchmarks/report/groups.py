"""Parts that may stand in one table: one task on one set; and what tells their rows apart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.report import words
from benchmarks.report.noise import Standing, standing
from benchmarks.report.parts import Part

MAIN = ("uAP", "AP50", "mAP", "R@1", "recall", "precision", "photos_per_second")
"""The first of these that a group has is what its models are judged by."""
_SAID_ELSEWHERE = ("model", "embedder", "part")
_MOST_CHIPS = 3
_HASH = re.compile(r"\b[0-9a-f]{32,}\b")
SPEED = "speed"
STAGES = ("decode", "embed", "search", "vote", "verify", "ocr", "ocr_package", "logo")
_SWEPT = re.compile(r"_(?:batch|among)_\d+_")
SHOWN_OF_HASH = 12
"""Digits that tell one fingerprint from another on a page; all of them stand under the settings."""


@dataclass(frozen=True)
class Row:
    """A part in its table: `chips` are the settings that tell it from others of the same model."""

    part: Part
    model: str
    fingerprint: str
    chips: tuple[str, ...]
    colour: int

    @property
    def label(self) -> str:
        """Model and chips in one line."""
        return ", ".join([self.model, *self.chips])


@dataclass(frozen=True)
class Group:
    """A table: its rows, best first, its columns, and who leads in each of them."""

    key: str
    task: str
    dataset: str
    subset: str
    rows: tuple[Row, ...]
    columns: tuple[str, ...]
    standings: Mapping[str, Standing]
    main: str | None

    @property
    def title(self) -> str:
        """`Copies on clothing`."""
        task = self.task.replace("-", " ").capitalize()
        return f"{task} on {self.dataset}" if self.dataset else task

    @property
    def stages(self) -> tuple[str, ...]:
        """Of speed: what has milliseconds a photo, in the order a photo passes through."""
        names = {name for part in self.parts for name in part.metrics if _is_stage(name)}
        found = {name.removesuffix("_ms") for name in names} if self.task == SPEED else set()
        return (*(name for name in STAGES if name in found), *sorted(found - set(STAGES)))

    @property
    def parts(self) -> tuple[Part, ...]:
        """The rows' parts."""
        return tuple(row.part for row in self.rows)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of query that any row tells of, in the order they come."""
        return tuple(dict.fromkeys(kind for part in self.parts for kind in part.by))

    def note(self) -> str:
        """How much was asked of how much."""
        counts = self.rows[0].part.counts
        same = all(row.part.counts == counts for row in self.rows)
        shown = ("references", "queries", "distractors", "listings")
        words_of = {"queries": "listings"} if self.task == "verdicts" else {}
        told = [
            f"{counts[name]:,.0f} {words_of.get(name, name)}" for name in shown if name in counts and same
        ]
        told += ["photos kept for reporting"] if self.subset == "report" else []
        told += ["photos for choosing settings"] if self.subset == "tune" else []
        return ", ".join(told)


def grouped(parts: Sequence[Part]) -> tuple[Group, ...]:
    """All tables: accuracy before speed, each by task and set; a model keeps its colour throughout."""
    keys: dict[tuple[str, str, str], list[Part]] = {}
    for part in parts:
        keys.setdefault((part.task, part.dataset, part.subset), []).append(part)
    colours: dict[tuple[str, tuple[str, ...]], int] = {}
    found = sorted(keys.items(), key=lambda one: (one[0][0] == SPEED, *map(_natural, one[0])))
    return tuple(_group(f"g{number}", *key, inside, colours) for number, (key, inside) in enumerate(found))


def _natural(text: str) -> list[tuple[bool, int, str]]:
    """Sorts 4000 before 16000."""
    return [(one.isdigit(), int(one) if one.isdigit() else 0, one) for one in re.split(r"(\d+)", text)]


def _group(
    key: str, task: str, dataset: str, subset: str, parts: list[Part],
    colours: dict[tuple[str, tuple[str, ...]], int],
) -> Group:  # fmt: skip
    names = {name for part in parts for name in part.metrics}
    main = next((name for name in MAIN if name in names), None)
    better = words.metric(main).better if main else None
    sign = -1 if better else 1
    parts = sorted(
        parts, key=lambda part: (main not in part.metrics, sign * part.metrics.get(main or "", 0), part.name)
    )
    rows = []
    for part in parts:
        model, _, fingerprint = part.model.partition("@")
        chips = _chips(part, parts)
        colour = colours.setdefault((model, chips), len(colours))
        rows.append(Row(part, model or part.name, fingerprint, chips, colour))
    told = {name.removesuffix("_ms") for name in names if _is_stage(name)} if task == SPEED else set()
    columns = _columns(names - {f"{stage}_{unit}" for stage in told for unit in ("ms", "per_second")})
    return Group(
        key, task, dataset, subset, tuple(rows), columns,
        {name: standing(name, parts) for name in columns}, main,
    )  # fmt: skip


def _is_stage(name: str) -> bool:
    """Whether the metric is the time of a stage, as it is by default."""
    return name.endswith("_ms") and not _SWEPT.search(name)


def _columns(names: set[str]) -> tuple[str, ...]:
    """Metrics in their order, then what the parts took; what was swept is drawn instead."""
    names = {name for name in names if not _SWEPT.search(name)}
    metrics = [name for name in words.ordered(names) if name not in words.RESOURCES]
    return (*metrics, *(name for name in words.RESOURCES if name in names))


def _chips(part: Part, parts: Sequence[Part]) -> tuple[str, ...]:
    """The settings that differ among the rows of this part's model; its file's name where none does."""
    alike = [other for other in parts if other.model == part.model]
    if len(alike) < 2:
        return ()
    settings = [dict(flat(other.settings)) for other in alike]
    own = settings[alike.index(part)]
    keys = dict.fromkeys(key for one in settings for key in one)
    told = [key for key in keys if len({one.get(key) for one in settings}) > 1 and key not in _SAID_ELSEWHERE]
    chips = tuple(_chip(key, own.get(key)) for key in told[:_MOST_CHIPS])
    others = [tuple(one.get(key) for key in told[:_MOST_CHIPS]) for one in settings]
    alone = others.count(tuple(own.get(key) for key in told[:_MOST_CHIPS])) == 1
    return chips if told and alone else (*chips, part.name)


def _chip(key: str, value: str | None) -> str:
    name = key.rpartition(".")[2].replace("_", " ")
    value = _HASH.sub(lambda found: found[0][:SHOWN_OF_HASH], value) if value else value
    if value in {"true", "false"}:
        return name if value == "true" else f"no {name}"
    return f"{name} {value}" if value is not None else f"no {name}"


def flat(settings: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """(dotted key, value as text) of every setting."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
