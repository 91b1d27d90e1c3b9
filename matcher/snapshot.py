"""A snapshot: everything a verdict depends on, as a folder of immutable files that workers read."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import time
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as feather
from numpy.typing import NDArray

from indexes.gallery import Gallery
from indexes.voting import VotingGallery
from matcher.catalog import (
    Database,
    image_facts,
    last_number,
    list_brands,
    list_owners,
    unfinished_scans,
)
from matcher.config import ImageSettings, MatchingSettings, ModelSettings, Settings
from matcher.errors import MatcherError
from matcher.faults import commit_point
from matcher.files import replacing, sync_folder
from matcher.galleries import Galleries
from matcher.policy import Policy, load_policy
from matcher.records import Brand, ImageRole, Record
from matcher.signals import BrandFacts, ReferenceFacts
from matcher.text.lexicon import INDEX, Lexicon

KEPT_SNAPSHOTS = 8
LEFT_OVER_SECONDS = 3600.0
TRIES = 10
DESCRIPTION, FACTS, POLICY = "snapshot.json", "images.feather", "policy.toml"
_COLUMNS = ("image_id", "brand", "role", "reference_id", "content_hash", "title", "price", "currency")
_OWNER = "owner_id"


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


class Opened(NamedTuple):
    """The galleries that go into a snapshot."""

    descriptors: Gallery
    votes: VotingGallery
    logos: Gallery | None


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
            self._facts = self._facts.filter(pc.field(_OWNER) == owner_id)
        self._ids: NDArray[np.int64] = self._facts["image_id"].to_numpy()
        self.brands = tuple(one.brand for one in self.description.brands if owner_id in (None, one.owner_id))
        self._brands = {
            brand.name: BrandFacts(
                brand.name,
                frozenset(brand.licensed_sellers),
                brand.wordmarks,
                frozenset(number for one in brand.trademarks for number in one.nice_classes),
            )
            for brand in self.brands
        }

    @property
    def digest(self) -> str:
        """Names the snapshot's content."""
        return self.folder.name.rpartition("-")[2]

    def brand(self, name: str) -> BrandFacts | None:
        """The brand of that name."""
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
        facts = {name: self._facts[name][row].as_py() for name in _COLUMNS}
        price = Decimal(facts["price"]) if facts["price"] else None
        return ReferenceFacts(**(facts | {"role": ImageRole(facts["role"]), "price": price}))


def take_snapshot(
    folder: Path,
    galleries: Galleries,
    policy: Policy,
    settings: Settings,
    *,
    models: dict[str, str | None],
    scorer: str,
    reader: str,
    texts: str,
    logo: str,
    verifier: str,
) -> Snapshot:
    """Bring the galleries up to the catalog and freeze both under `folder`.

    The same state gives the same snapshot. Galleries, brands and facts are all of one change number: where
    the catalog moves on meanwhile, they are taken again. Raises `MatcherError` where that never ends.
    """
    for _ in range(TRIES):
        galleries.catch_up()
        with galleries.database.read() as connection:
            number = last_number(connection)
            brands = tuple(
                OwnedBrand(owner_id=owner_id, brand=brand)
                for owner_id in list_owners(connection)
                for brand in list_brands(connection, owner_id=owner_id)
            )
            brands = tuple(sorted(brands, key=lambda one: (one.brand.name, one.owner_id)))
            facts = sorted(image_facts(connection, None), key=lambda fact: fact.image_id)
        opened = Opened(*galleries.open(), galleries.open_logos())
        if all(gallery is None or gallery.position == number for gallery in opened):
            break
    else:
        raise MatcherError(
            "galleries and catalog do not come to one state: try again when imports are done, "
            "or run `matcher index rebuild`"
        )
    description = Description(
        number=number,
        models=models,
        brands=brands,
        settings=FrozenSettings.of(settings),
        fingerprints=Fingerprints(
            embedder=galleries.embedder.fingerprint,
            keypoints=galleries.detector.fingerprint,
            votes=galleries.votes.fingerprint,
            scorer=scorer,
            reader=reader,
            texts=texts,
            logo=logo,
            verifier=verifier,
        ),
    )
    text = description.model_dump_json(indent=1)
    table = {name: [_plain(getattr(fact, name)) for fact in facts] for name in (*_COLUMNS, _OWNER)}
    digest = hashlib.sha256((text + policy.policy_text + json.dumps(table)).encode()).hexdigest()[:12]
    place = folder / f"{number:08d}-{digest}"
    if (place / DESCRIPTION).exists():
        place.touch()  # It is among the newest again, and so among the last to be dropped.
    else:
        _write(place, opened, table, policy.policy_text, text, Lexicon(one.brand for one in brands))
        _drop_old(folder, keep={place.name, *_in_use(galleries.database)})
    return Snapshot(place)


def _write(
    place: Path,
    opened: Opened,
    table: dict[str, list[object]],
    policy: str,
    description: str,
    lexicon: Lexicon,
) -> None:
    """Everything goes into a folder of another name first; the rename is the commit."""
    fresh = place.with_name(f".{place.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    opened.descriptors.snapshot(fresh / "descriptors")
    opened.votes.snapshot(fresh / "votes")
    if opened.logos is not None:
        opened.logos.snapshot(fresh / "logos")
    lexicon.save(fresh / INDEX)
    types = {name: pa.int64() if name in ("image_id", _OWNER) else pa.string() for name in table}
    facts = pa.table(table, schema=pa.schema(list(types.items())))
    with replacing(fresh / FACTS, fresh / POLICY, fresh / DESCRIPTION) as (facts_file, policy_file, file):
        feather.write_feather(facts, facts_file, compression="uncompressed")
        policy_file.write(policy.encode())
        file.write(description.encode())
    commit_point("snapshot:written")
    try:
        fresh.rename(place)
    except OSError:  # Another process froze the same state first; its snapshot is as good.
        shutil.rmtree(fresh, ignore_errors=True)
    for folder in (place.parent, place.parent.parent):
        sync_folder(folder)
    commit_point("snapshot:renamed")


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else value


def _in_use(database: Database) -> set[str]:
    """Snapshots of scans that are under way, or that a kill left to be resumed."""
    with database.read() as connection:
        return {str(scan.settings.get("snapshot")) for scan in unfinished_scans(connection)}


def _drop_old(folder: Path, *, keep: set[str]) -> None:
    """Keep the newest few and those named, and clear away what killed writers left long ago."""
    ages = {path: _age(path) for path in folder.iterdir() if path.is_dir()}
    whole = sorted((path for path in ages if not path.name.startswith(".")), key=lambda path: ages[path])
    left_over = [path for path in ages if path.name.startswith(".") and ages[path] > LEFT_OVER_SECONDS]
    for path in [*left_over, *(path for path in whole[KEPT_SNAPSHOTS:] if path.name not in keep)]:
        shutil.rmtree(path, ignore_errors=True)


def _age(path: Path) -> float:
    """Seconds since the folder was made or last used; another process may have dropped it just now."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return math.inf
