"""Takes a snapshot: brings the galleries up to the catalog and freezes both as immutable files."""

from __future__ import annotations

import hashlib
import json
import math
import secrets
import shutil
import time
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.feather as feather

from indexes.gallery import Gallery
from indexes.voting import VotingGallery
from matcher.catalog import (
    Database,
    ImageFacts,
    image_facts,
    last_number,
    list_brands,
    list_owners,
    unfinished_scans,
)
from matcher.config import Settings
from matcher.errors import MatcherError
from matcher.faults import commit_point
from matcher.files import replacing, sync_folder
from matcher.galleries import Galleries
from matcher.policy import Policy
from matcher.snapshot import (
    COLUMNS,
    DESCRIPTION,
    FACTS,
    OWNER,
    POLICY,
    Description,
    Fingerprints,
    FrozenSettings,
    OwnedBrand,
    Snapshot,
)
from matcher.text.lexicon import INDEX, Lexicon

KEPT_SNAPSHOTS = 8
LEFT_OVER_SECONDS = 3600.0
TRIES = 10


class Opened(NamedTuple):
    """The galleries that go into a snapshot."""

    descriptors: Gallery
    votes: VotingGallery
    logos: Gallery | None


class State(NamedTuple):
    """Catalog and galleries as they were at one change number; `facts` by rising image id."""

    number: int
    brands: tuple[OwnedBrand, ...]
    facts: list[ImageFacts]
    opened: Opened


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
    state = _state_of(galleries)
    description = Description(
        number=state.number,
        models=models,
        brands=state.brands,
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
    table = {name: [_plain(getattr(fact, name)) for fact in state.facts] for name in (*COLUMNS, OWNER)}
    digest = hashlib.sha256((text + policy.policy_text + json.dumps(table)).encode()).hexdigest()[:12]
    place = folder / f"{state.number:08d}-{digest}"
    if (place / DESCRIPTION).exists():
        place.touch()  # It is among the newest again, and so among the last to be dropped.
    else:
        lexicon = Lexicon(one.brand for one in state.brands)
        _write(place, state.opened, table, policy.policy_text, text, lexicon)
        _drop_old(folder, keep={place.name, *_in_use(galleries.database)})
    return Snapshot(place)


def _state_of(galleries: Galleries) -> State:
    """One state of all, galleries brought up to the catalog; raises `MatcherError` where none is reached."""
    for _ in range(TRIES):
        galleries.catch_up()
        with galleries.database.read() as connection:
            number = last_number(connection)
            brands = [
                OwnedBrand(owner_id=owner_id, brand=brand)
                for owner_id in list_owners(connection)
                for brand in list_brands(connection, owner_id=owner_id)
            ]
            facts = sorted(image_facts(connection, None), key=lambda fact: fact.image_id)
        opened = Opened(*galleries.open(), galleries.open_logos())
        if all(gallery is None or gallery.position == number for gallery in opened):
            brands.sort(key=lambda one: (one.brand.name, one.owner_id))
            return State(number, tuple(brands), facts, opened)
    raise MatcherError(
        "galleries and catalog do not come to one state: try again when imports are done, "
        "or run `matcher index rebuild`"
    )


def _write(
    place: Path,
    opened: Opened,
    table: dict[str, list[object]],
    policy: str,
    description: str,
    lexicon: Lexicon,
) -> None:
    """Everything goes into a folder of another name first; the rename is the commit."""
    # Threads of one server may freeze the same state at once, for a check and for a scan.
    fresh = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    fresh.mkdir(parents=True)
    opened.descriptors.snapshot(fresh / "descriptors")
    opened.votes.snapshot(fresh / "votes")
    if opened.logos is not None:
        opened.logos.snapshot(fresh / "logos")
    lexicon.save(fresh / INDEX)
    types = {name: pa.int64() if name in ("image_id", OWNER) else pa.string() for name in table}
    facts = pa.table(table, schema=pa.schema(list(types.items())))
    with replacing(fresh / FACTS, fresh / POLICY, fresh / DESCRIPTION) as (facts_file, policy_file, file):
        feather.write_feather(facts, facts_file, compression="uncompressed")
        policy_file.write(policy.encode())
        file.write(description.encode())
    commit_point("snapshot:written")
    try:
        fresh.rename(place)
    except OSError:  # Another froze the same state first; its snapshot is as good.
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
