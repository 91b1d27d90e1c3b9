"""The `options` of a plan's sets and models, as a task says which there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from matcher.errors import UsageError


class Options(BaseModel):
    """Inherit, and give each option a type and a default; an unknown one is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Chosen = TypeVar("Chosen", bound=Options)


def read_options(kind: type[Chosen], told: Mapping[str, JsonValue], set_name: str) -> Chosen:
    """The options that the set's table gives; raises UsageError naming the first wrong one."""
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UsageError(f"sets.{set_name}.options.{key}: {first['msg']}") from error
