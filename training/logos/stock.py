"""What scenes are made of: artwork and photos, each kept in its part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matcher.errors import UsageError
from matcher.models import Pixels
from training.logos.artwork import Logo, Part, draw_all, part_of
from training.logos.recipe import LogoRecipe
from training.logos.scenes import Scenes
from training.photo_store import PhotoStore, store_photos
from training.photos import READERS


class Chosen(Sequence[Pixels]):
    """Some photos of a store; what is read of it lies in the store's file."""

    def __init__(self, store: PhotoStore, numbers: Sequence[int]) -> None:
        self._store, self._numbers = store, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, place: int) -> Pixels:  # type: ignore[override]
        return self._store[self._numbers[place]]


class Stock:
    """Logos and photos of a recipe, drawn and decoded into `cache` once.

    A brand is in one part by its hash; brands `left_out` are only in `test`. A photo is in one part by its
    name. Raises UsageError where a part has no logo or no photo.
    """

    def __init__(self, recipe: LogoRecipe, artwork: Path, photos: Path, cache: Path) -> None:
        self.recipe = recipe
        self._logos = draw_all(artwork, cache / "artwork")
        labelled = [
            photo for chosen in recipe.sets
            for photo in READERS[chosen.layout](photos / chosen.folder, chosen.left_out)
        ]  # fmt: skip
        if not labelled:
            raise UsageError(f"{photos}: the recipe's sets hold no photos")
        self._photos = store_photos(
            [photo.path for photo in labelled], cache / "photos", side=recipe.store_side
        )

    def logos(self, part: Part) -> list[Logo]:
        """The logos of one part, by key."""
        return [logo for logo in self._logos if self._part(logo) == part]

    def _part(self, logo: Logo) -> Part:
        return "test" if logo.brand in self.recipe.left_out else logo.part

    def photos(self, part: Part) -> Chosen:
        """The photos of one part."""
        names = [Path(path).name for path in self._photos.paths]
        return Chosen(self._photos, [place for place, name in enumerate(names) if part_of(name) == part])

    def scenes(self, part: Part) -> Scenes:
        """Scenes of one part."""
        logos, photos = self.logos(part), self.photos(part)
        if not logos or not len(photos):
            raise UsageError(f"too few logos or photos: none is left for the part {part}")
        return Scenes(logos, photos, self.recipe.scenes, seed=self.recipe.seed, part=part)
