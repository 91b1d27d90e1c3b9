"""A benchmark plan: a TOML file of models, sets and settings, and which of them meet in which task."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from benchmarks.datasets import Part as Half
from benchmarks.tasks import TASKS
from matcher.config import Settings
from matcher.errors import ConfigError
from matcher.toml_files import read_toml

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.]*(-[a-z0-9_.]+)*$", max_length=60)]
"""What a model, set or setting is called: it becomes part of file names."""
DEFAULT = "default"
MOST_MISTAKES = 500
FORMAT = 1
"""Counted up when parts measure something else than before, so that a resumed run measures them again."""


class Entry(BaseModel):
    """A table of the plan; an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelEntry(Entry):
    """What answers: `finder` is a name for `benchmarks.finder.finder_by_name`; `options` are its task's."""

    finder: str = "matcher"
    embedder: str = ""
    verify: bool = True
    settings: dict[str, JsonValue] = {}
    options: dict[str, JsonValue] = {}


class MadeEntry(Entry):
    """Photos that are drawn on the spot: how many (or of how many products), width and height in pixels."""

    photos: int = Field(40, ge=8, le=100_000)
    size: tuple[int, int] = (320, 240)
    queries_each: int = Field(2, ge=1, le=20)


class SetEntry(Entry):
    """A folder of photos, `made` ones, or what a task makes of `options`, which are its own.

    Sizes count where copies are made of photos. `limit`: look up only so many of the queries.
    """

    path: str = ""
    made: MadeEntry | None = None
    layout: str = ""
    part: Half = "all"
    references: int = Field(1000, ge=1)
    edited: int = Field(500, ge=1)
    distractors: int = Field(500, ge=0)
    limit: int | None = Field(None, ge=1)
    options: dict[str, JsonValue] = {}


class RunEntry(Entry):
    """Every one of `tasks` with every one of `models`, `sets` and `settings`."""

    tasks: tuple[str, ...] = Field(min_length=1)
    models: tuple[Name, ...] = Field(min_length=1)
    sets: tuple[Name, ...] = Field(min_length=1)
    settings: tuple[Name, ...] = (DEFAULT,)


class Plan(Entry):
    """A whole plan, as read; `mistakes` is how many are kept of a part, with pictures."""

    name: Name
    seed: int = Field(0, ge=0)
    resamples: int = Field(1000, ge=0, le=100_000)
    mistakes: int = Field(100, ge=0, le=MOST_MISTAKES)
    models: dict[Name, ModelEntry]
    sets: dict[Name, SetEntry]
    settings: dict[Name, dict[str, JsonValue]] = {}
    run: tuple[RunEntry, ...] = Field(min_length=1)

    @property
    def sha256(self) -> str:
        """Of what the plan says, however it is laid out."""
        return digest(self.model_dump(mode="json"))


@dataclass(frozen=True)
class PlannedPart:
    """One model on one task and set under one setting; `name` is that of its files.

    `folder`: where the set lies. `files`: digest of the files it is measured on.
    """

    name: str
    task: str
    model_name: str
    set_name: str
    setting: str
    model: ModelEntry
    set: SetEntry
    settings: Settings
    seed: int
    resamples: int
    mistakes: int
    folder: Path
    files: str = ""

    @property
    def label(self) -> str:
        """What the model is called in tables."""
        return self.model_name if self.setting == DEFAULT else f"{self.model_name}, {self.setting}"

    @property
    def sha256(self) -> str:
        """Of all that decides the part's figures, but for the code and its libraries."""
        entry = self.set.model_dump(mode="json") | {"path": ""}
        told = (self.model.model_dump(mode="json"), entry, self.settings.model_dump(mode="json"))
        numbers = (self.seed, self.resamples, self.mistakes)
        return digest([FORMAT, self.name, self.task, self.label, *told, *numbers, self.files])


def load_plan(path: Path) -> Plan:
    """Read and check a plan; raises ConfigError naming the first wrong key, model, set or setting."""
    _, table = read_toml(path)
    try:
        plan = Plan.model_validate(table)
    except ValidationError as error:
        raise _complaint(str(path), error) from error
    list(parts_of(plan, str(path), Path(), Path()))
    return plan


def parts_of(plan: Plan, source: str, photos: Path, made: Path) -> Iterator[PlannedPart]:
    """Every part of the plan, in its order; paths of sets begin at `photos`, made ones lie in `made`."""
    seen: set[str] = set()
    for number, entry in enumerate(plan.run):
        _known(source, f"run.{number}.tasks", entry.tasks, TASKS)
        _known(source, f"run.{number}.models", entry.models, plan.models)
        _known(source, f"run.{number}.sets", entry.sets, plan.sets)
        _known(source, f"run.{number}.settings", entry.settings, {**plan.settings, DEFAULT: {}})
        for task, of, model, setting in product(entry.tasks, entry.sets, entry.models, entry.settings):
            name = "-".join([task, of, model, *([] if setting == DEFAULT else [setting])])
            if name in seen:
                raise ConfigError(source, f"run.{number}", f"{name} is planned twice; give one another name")
            seen.add(name)
            chosen = plan.sets[of]
            if (chosen.made and chosen.path) or not (chosen.made or chosen.path or chosen.options):
                raise ConfigError(source, f"sets.{of}", "give it a path, made photos, or its task's options")
            yield PlannedPart(
                name, task, model, of, setting, plan.models[model], chosen,
                _settings(source, plan, model, setting), plan.seed, plan.resamples, plan.mistakes,
                photos / chosen.path if chosen.path else made / f"{of}-{task}",
            )  # fmt: skip


def digest(content: Any) -> str:
    """SHA-256 of JSON, keys sorted."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _known(source: str, key: str, names: tuple[str, ...], known: Mapping[str, object]) -> None:
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise ConfigError(source, key, f"no {unknown!r} is known; there are {', '.join(known)}")


def _settings(source: str, plan: Plan, model: str, setting: str) -> Settings:
    """The defaults, overridden by the setting and then by the model's own settings."""
    key = f"models.{model}.settings" if setting == DEFAULT else f"settings.{setting}"
    table = _merged(plan.settings.get(setting, {}), plan.models[model].settings)
    try:
        return Settings.model_validate(table)
    except ValidationError as error:
        raise _complaint(source, error, key) from error


def _merged(below: Mapping[str, JsonValue], above: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    merged = dict(below)
    for key, value in above.items():
        inner = merged.get(key)
        both = isinstance(inner, dict) and isinstance(value, dict)
        merged[key] = _merged(inner, value) if both else value  # type: ignore[arg-type]
    return merged


def _complaint(source: str, error: ValidationError, above: str = "") -> ConfigError:
    first = error.errors()[0]
    key = ".".join(str(step) for step in (*([above] if above else []), *first["loc"]) if step != "[key]")
    reason = "is not a known key" if first["type"] == "extra_forbidden" else first["msg"]
    return ConfigError(source, key or "file", reason[0].lower() + reason[1:])
