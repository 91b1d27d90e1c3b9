"""The folder that holds everything: the database, the images, the galleries and the snapshots."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from matcher.catalog import Database, ImageStore, open_database
from matcher.catalog.database import FILE_NAME
from matcher.config import Settings, load_settings
from matcher.errors import ConfigError, UsageError
from matcher.policy import Policy, load_policy

SETTINGS_FILE = "matcher.toml"
RESTORING = ".restoring"
"""A file that is there while a backup is put back."""


class Workspace:
    """An open workspace; close it, or use it in a `with`."""

    def __init__(self, folder: Path, settings: Settings, database: Database, store: ImageStore) -> None:
        self.folder, self.settings, self.database, self.store = folder, settings, database, store

    @classmethod
    def open(cls, folder: Path, settings: Settings | None = None) -> Self:
        """Open `folder`, made if absent; settings come from its `matcher.toml` unless given.

        Raises `UsageError` when the folder cannot be made, `ConfigError` for wrong settings, `CatalogError`
        for a database that cannot be opened.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder}: cannot be made a workspace: {error.strerror}") from error
        if (folder / RESTORING).exists():
            raise UsageError(f"{folder}: a restore was cut off here; run the same `matcher restore` again")
        if settings is None:
            settings = workspace_settings(folder)
        return cls(folder, settings, open_database(settings.database, folder), ImageStore(folder / "images"))

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_workspace(folder: Path, settings: Settings) -> bool:
    """Whether one is there, or half put back; a folder is enough where the database is elsewhere."""
    if settings.database.url:
        return folder.is_dir()
    return (folder / FILE_NAME).exists() or (folder / RESTORING).exists()


def workspace_settings(folder: Path) -> Settings:
    """The defaults, overridden by the workspace's `matcher.toml` where there is one."""
    path = folder / SETTINGS_FILE
    return load_settings(path if path.exists() else None)


def workspace_policy(folder: Path, settings: Settings) -> Policy:
    """The policy that `policy.file` names, relative to the workspace's `folder`, or the shipped one.

    Raises `ConfigError` naming the setting, the file and the first wrong key.
    """
    if not settings.policy.file:
        return load_policy()
    path = folder / settings.policy.file
    try:
        return load_policy(path)
    except ConfigError as error:
        raise ConfigError(f"policy.file: {path}", error.key, error.reason) from error


def policy_inside(folder: Path, settings: Settings) -> Path | None:
    """The policy's file where the settings name one inside the workspace, which is then a part of it."""
    named = Path(settings.policy.file)
    inside = settings.policy.file and not named.is_absolute() and ".." not in named.parts
    return folder / named if inside else None
