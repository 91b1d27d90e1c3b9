"""What a person should know before listings are examined: yellow lines beside the answer, never fatal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.commands import screen

if TYPE_CHECKING:
    from matcher.policy import Policy
    from matcher.workspace import Workspace

MOST_NAMED = 5


def warn_of_unknown_brands(workspace: Workspace, policy: Policy) -> None:
    """Tell of brands that the policy has rules for and the catalog, all owners together, does not have."""
    from matcher.catalog import list_brands

    if not policy.brands:
        return
    with workspace.database.read() as connection:
        unknown = policy.brands_not_in(brand.name for brand in list_brands(connection, owner_id=None))
    if unknown:
        more = len(unknown) - MOST_NAMED
        named = ", ".join(f"'{name}'" for name in unknown[:MOST_NAMED]) + (f" and {more} more" * (more > 0))
        screen.note(
            f"policy {policy.label} has rules for {named}, which the catalog does not have: "
            "they change nothing; see `matcher brand list`",
            "yellow",
        )
