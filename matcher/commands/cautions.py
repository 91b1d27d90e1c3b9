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


def warn_of_missing_images(workspace: Workspace) -> None:
    """Tell what cannot be found where the catalog, all owners together, lacks references and fakes."""
    from matcher.catalog import image_roles, list_brands
    from matcher.records import ImageRole
    from matcher.text.lexicon import Lexicon

    with workspace.database.read() as connection:
        roles = image_roles(connection)
        if roles & {ImageRole.REFERENCE, ImageRole.KNOWN_COUNTERFEIT}:
            return
        brands = list_brands(connection, owner_id=None)
    looks_for_logos = bool(roles) and workspace.settings.models.logo != "none"
    if looks_for_logos or Lexicon(brands).wordmarks:
        found = "wordmarks and logos" if looks_for_logos else "wordmarks"
        missing = f"only {found} are looked for: reused photos, products and low prices cannot be found"
        told = f"the catalog has no references or known counterfeits yet, so {missing}"
    else:
        told = "the catalog has no images and no wordmarks yet, so every listing will be clear"
    screen.note(f"{told}; see `matcher catalog import`", "yellow")
