"""`matcher config show` and `matcher version`: what is in force, and what is installed."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from matcher.commands import screen
from matcher.commands.session import session_of

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="The settings.")
PARTS = (
    "numpy", "pillow", "opencv-python-headless", "onnxruntime", "faiss-cpu", "torch", "open_clip_torch",
    "sqlalchemy", "pyarrow", "pydantic", "typer",
)  # fmt: skip
"""Packages on which verdicts, files or speed depend."""


@app.command("show")
def show(context: typer.Context) -> None:
    """Print the settings in force as TOML, defaults included; a database's password is left out.

    For instance:

      matcher config show
      matcher --config strict.toml config show
    """
    settings = session_of(context).settings()
    typer.echo("\n".join(_toml(settings.model_dump(mode="json"))))


def _toml(sections: dict[str, dict[str, Any]]) -> Iterator[str]:
    for number, (name, values) in enumerate(sections.items()):
        yield f"\n[{name}]" if number else f"[{name}]"
        for key, value in values.items():
            shown = _without_password(value) if name == "database" and isinstance(value, str) else value
            yield f"{key} = {json.dumps(shown, ensure_ascii=False)}"


def _without_password(url: str) -> str:
    return re.sub(r"(://[^/@]*?):.*@", r"\1:***@", url)


def version(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Print the version, Python's, and those of the packages that matter.

    For instance:

      matcher version
    """
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    from matcher import __version__

    found: dict[str, str | None] = {
        "matcher": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    for name in PARTS:
        try:
            found[name] = installed(name)
        except PackageNotFoundError:
            found[name] = None
    if as_json:
        screen.say_json(found)
        return
    for name, number in found.items():
        screen.say(f"{name:24} {number or 'not installed'}")
