"""The workspace and settings that the options before a command choose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from matcher.errors import UsageError

if TYPE_CHECKING:
    from matcher.config import Settings
    from matcher.policy import Policy
    from matcher.workspace import Workspace


@dataclass(frozen=True)
class Session:
    """What `--workspace` and `--config` said; `config` None: the workspace's own matcher.toml."""

    workspace: Path
    config: Path | None

    def settings(self) -> Settings:
        """The settings in force; raises `ConfigError` naming the first wrong key."""
        from matcher.config import load_settings
        from matcher.workspace import workspace_settings

        return load_settings(self.config) if self.config else workspace_settings(self.workspace)


def session_of(context: typer.Context) -> Session:
    """The session that the command runs in."""
    session = context.find_root().obj
    assert isinstance(session, Session)
    return session


def has_workspace(context: typer.Context) -> bool:
    """Whether there is a workspace to open."""
    from matcher.workspace import is_workspace

    session = session_of(context)
    return is_workspace(session.workspace, session.settings())


def open_workspace(context: typer.Context, *, make: bool = False) -> Workspace:
    """The workspace, for a `with`; raises `UsageError` where there is none and `make` is not set."""
    from matcher.workspace import Workspace

    session = session_of(context)
    if not make and not has_workspace(context):
        raise UsageError(
            f"there is no workspace in {session.workspace}: "
            "`matcher brand add` makes one, --workspace names another"
        )
    return Workspace.open(session.workspace, session.settings())


def chosen_policy(context: typer.Context, path: Path | None) -> Policy:
    """The policy in `path`, else the one that the settings name, else the shipped one."""
    from matcher.policy import load_policy
    from matcher.workspace import workspace_policy

    if path is not None:
        return load_policy(path)
    session = session_of(context)
    return workspace_policy(session.workspace, session.settings())
