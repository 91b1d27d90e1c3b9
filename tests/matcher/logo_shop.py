"""The workspace of `drawn` with a badge of each brand in its catalog, under the tiny logo models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matcher.config import Settings
from matcher.records import ImageRole
from matcher.workspace import Workspace
from tests.matcher import drawn
from tests.matcher.models.logo_contracts import badge
from tests.matcher.models.tiny_logos import write_tiny

BADGES = {"Aurelio": {"sun": 1, "moon": 2}, "Borealis": {"star": 3}}


def settings(models: Path, text: str = "none") -> Settings:
    """Those of `drawn`, with the logo models in a folder."""
    chosen = drawn.SETTINGS.models.model_copy(
        update={"logo": f"onnx:{models}", "logo_least": 0.3, "text": text}
    )
    return drawn.SETTINGS.model_copy(update={"models": chosen})


def add_badges(workspace: Workspace, folder: Path, badges: Mapping[str, Mapping[str, int]] = BADGES) -> None:
    """Import drawn badges as logos, by brand and name."""
    for brand, numbers in badges.items():
        for name, number in numbers.items():
            drawn.saved(badge(number), folder / brand / f"{name}.png")
        drawn.imported(workspace, folder / brand, brand, ImageRole.LOGO)


def open_shop(folder: Path, text: str = "none") -> Workspace:
    """Both brands' products and badges; the galleries are not caught up with the badges."""
    models = write_tiny(folder / "models")
    workspace = Workspace.open(drawn.workspace_folder(folder / "workspace"), settings(models, text))
    add_badges(workspace, folder / "logos")
    return workspace
