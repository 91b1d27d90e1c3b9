"""A snapshot: everything a verdict depends on, read from a folder of immutable files."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as feather
from numpy.typing import NDArray

from matcher.config import ImageSettings, MatchingSettings, ModelSettings, Settings
from matcher.errors import MatcherError
from matcher.policy import Policy, load_policy
from matcher.records import Brand, ImageRole, Record
from matcher.signals import BrandFacts, ReferenceFacts
from matcher.text.lexicon import INDEX, Lexicon

DESCRIPTION, FACTS, POLICY = "snapshot.json", "images.feather", "policy.toml"
COLUMNS = ("image_id", "brand", "role", "reference_id", "content_hash", "title", "price", "currency")
OWNER = "owner_id"


class FrozenSettings(Record):
    """The settings that verdicts depend on; no other is written down, least of all the database's address."""

    images: ImageSettings
    models: ModelSettings
    matching: MatchingSettings
    max_photos_per_listing: int

    @classmethod
    def of(cls, settings: Settings) -> FrozenSettings:
        """Those of `settings`."""
        return cls(
            images=settings.images,
            models=settings.models,
            matching=settings.matching,
            max_photos_per_listing=settings.scan.max_photos_per_listing,
        )

    def by_key(self) -> dict[str, object]:
        """Each by its name in a settings file, such as `models.embed_side`."""
        sections = {"images": self.images, "models": self.models, "matching": self.matching}
        named = {f"{section}.{key}": value for section, part in sections.items() for key, value in iter(part)}
        return named | {"scan.max_photos_per_listing": self.max_photos_per_listing}


class Fingerprints(Record):
    """Of what looks at images, reads and scores them, and of the tables that words are judged by.

    Any other would give other verdicts.
    """

    embedder: str
    keypoints: str
    votes: str
    scorer: str
    reader: str
    texts: str
    logo: str = ""
    verifier: str = ""


class OwnedBrand(Record):
    """A brand and whose it is."""

    owner_id: int
    brand: Brand


class Description(Record):
    """What the snapshot holds: the catalog's change number, the models, the brands, the settings in force."""

    number: int
    models: dict[str, str | None]
    brands: tuple[OwnedBrand, ...]
    settings: FrozenSettings
    fingerprints: Fingerprints


class Snapshot:
    """Reads a snapshot folder; raises `MatcherError` when it is gone or incomplete.

    `owner_id`: read as if there were only that owner's brands and images; None: those of all.
    """

    def __init__(self, folder: Path, owner_id: int | None = None) -> None:
        self.folder, self.owner_id = folder, owner_id
        try:
            self.description = Description.model_validate_json((folder / DESCRIPTION).read_bytes())
            self.policy: Policy = load_policy(folder / POLICY)
            self._facts = feather.read_table(folder / FACTS, memory_map=True)
        except (OSError, ValueError, pa.ArrowException) as error:
            said = " ".join(str(error).split())[:200]
            raise MatcherError(f"snapshot {folder.name} cannot be read ({said}); start a new scan") from error
        if owner_id is not None:
            self._facts = self._facts.filter(pc.field(OWNER) == owner_id)
        self._ids: NDArray[np.int64] = self._facts["image_id"].to_numpy()
        self.brands = tuple(one.brand for one in self.description.brands if owner_id in (None, one.owner_id))
        self._brands: dict[str, BrandFacts] = {}
        for one in self.brands:
            facts, known = _facts_of(one), self._brands.get(one.name)
            self._brands[one.name] = known.joined(facts) if known else facts

    @property
    def digest(self) -> str:
        """Names the snapshot's content."""
        return self.folder.name.rpartition("-")[2]

    def brand(self, name: str) -> BrandFacts | None:
        """The brand of that name; where several owners have one, what they say of it together."""
        return self._brands.get(name)

    @cached_property
    def lexicon(self) -> Lexicon:
        """Every brand's wordmarks, their index mapped from the snapshot's file."""
        try:
            # The stored index is of all brands; that of one owner's is soon made.
            index = self.folder / INDEX if self.owner_id is None else None
            return Lexicon(self.brands, index)
        except (OSError, ValueError) as error:
            said = f"{INDEX} cannot be read"
            raise MatcherError(f"snapshot {self.folder.name}: {said}; start a new scan") from error

    @property
    def image_ids(self) -> NDArray[np.int64]:
        """The images it knows, rising."""
        return self._ids

    def of(self, image_id: int) -> ReferenceFacts | None:
        """What is known of a reference image."""
        row = int(np.searchsorted(self._ids, image_id))
        if row == len(self._ids) or int(self._ids[row]) != image_id:
            return None
        facts = {name: self._facts[name][row].as_py() for name in COLUMNS}
        price = Decimal(facts["price"]) if facts["price"] else None
        return ReferenceFacts(**(facts | {"role": ImageRole(facts["role"]), "price": price}))


def _facts_of(brand: Brand) -> BrandFacts:
    # Catalogs hold sellers with blanks around them from before they were stored without.
    sellers = frozenset(filter(None, (seller.strip() for seller in brand.licensed_sellers)))
    classes = frozenset(number for one in brand.trademarks for number in one.nice_classes)
    return BrandFacts(brand.name, sellers, brand.wordmarks, classes)
