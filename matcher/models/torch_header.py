"""Reading the JSON that lies beside a model's weights and describes them."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from matcher.errors import ModelError

Header = TypeVar("Header", bound=BaseModel)


def read_header(name: str, path: Path, kind: type[Header]) -> Header:
    """The JSON file `path` as a `kind`; raises `ModelError` for model `name`, naming the first wrong key."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ModelError(name, f"{path} cannot be read: {error.strerror}") from error
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        places = [path.name, ".".join(str(part) for part in first["loc"])]
        reason = "unknown key" if first["type"] == "extra_forbidden" else first["msg"]
        said = ": ".join(filter(None, [*places, " ".join(reason.split())]))
        raise ModelError(name, said) from error
