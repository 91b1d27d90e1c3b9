"""The manifest of a gallery: which immutable files make it up; its rename is the only commit."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Annotated, Literal, Protocol, Self, TypeVar

from pydantic import Field, StringConstraints, ValidationError, model_validator

from indexes.durable import FileRecord, NewFile
from matcher.config import GallerySettings
from matcher.errors import GalleryError
from matcher.faults import commit_point
from matcher.files import sync_folder
from matcher.records import Record

FORMAT = 1
MANIFEST = "manifest.json"
TEMPORARY = "manifest.json.tmp"
OWN_FILE = re.compile(r"(segment|spool|words)-([0-9]{8,18})-[a-z0-9-]+")
"""Names that a writer may delete when no manifest holds them; anything else in the folder is left alone."""

REPAIR = "run `matcher index rebuild`"

Kind = Literal["flat", "hnsw", "ivfpq"]
Role = Literal["vectors", "ids", "index"]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$", max_length=100)]


class SearchSettings(Record):
    """How a trained segment is searched, and the recall@10 measured so on blends of held-out rows."""

    effort: int = Field(ge=1, description="efSearch of HNSW, nprobe of IVF-PQ")
    refine: int = Field(ge=1, description="candidates a wanted neighbour that are scored exactly")
    held: int = Field(ge=0, description="rows that were held out to measure, and then added last")
    recall: float = Field(ge=0, le=1)


class Tombstones(Record):
    """The removed rows of one segment: int64 row numbers, rising."""

    name: Name
    count: int = Field(ge=1)
    file: FileRecord


class Counted(Protocol):
    """What the manifest of every kind of gallery says of a segment."""

    @property
    def live(self) -> int:
        """Rows that were not removed."""


class SegmentRecord(Record):
    """One segment: `count` rows sorted by id, the files they lie in, and which of them were removed."""

    name: Name
    kind: Kind
    count: int = Field(ge=1)
    files: dict[Role, FileRecord]
    search: SearchSettings | None = None
    dead: Tombstones | None = None

    @property
    def live(self) -> int:
        """Rows that were not removed."""
        return self.count - (self.dead.count if self.dead else 0)

    def names(self) -> dict[str, FileRecord]:
        """File name to what it must hold."""
        named = {f"{self.name}-{role}": record for role, record in self.files.items()}
        return named | ({self.dead.name: self.dead.file} if self.dead else {})


class Committed(Record):
    """What the manifest of every kind of gallery says."""

    format: int = FORMAT
    generation: int = Field(0, ge=0, description="rises with each commit")
    fingerprint: str
    metric: str
    position: int = Field(0, description="the caller's number of the last change that is in")
    frozen: bool = Field(False, description="a snapshot: no writer may open it")
    settings: GallerySettings = GallerySettings()
    retired: tuple[Name, ...] = Field(
        (), description="files of the manifest before, kept until the next commit"
    )
    sha256: str = Field("", description="of this manifest with an empty sha256")

    def names(self) -> dict[str, FileRecord]:
        """Every file that the manifest holds, by name."""
        raise NotImplementedError

    def sealed(self) -> Self:
        """This manifest with its own checksum in it."""
        empty = self.model_copy(update={"sha256": ""})
        digest = hashlib.sha256(empty.model_dump_json().encode()).hexdigest()
        return empty.model_copy(update={"sha256": digest})


AnyManifest = TypeVar("AnyManifest", bound=Committed)


class Manifest(Committed):
    """All there is to know of a gallery but the vectors."""

    dims: int = Field(ge=1, le=65_536)
    metric: Literal["inner product of unit vectors"] = "inner product of unit vectors"
    segments: tuple[SegmentRecord, ...] = ()

    @model_validator(mode="after")
    def _files_agree(self) -> Self:
        for segment in self.segments:
            wanted = {"vectors": segment.count * self.dims * 4, "ids": segment.count * 8}
            if segment.kind != "flat":
                wanted["index"] = segment.files["index"].bytes if "index" in segment.files else -1
            if wanted != {role: record.bytes for role, record in segment.files.items()}:
                raise ValueError(f"the files of {segment.name} do not fit its count")
            if (segment.kind == "flat") != (segment.search is None):
                raise ValueError(f"the search settings of {segment.name} do not fit its kind")
            if segment.search and segment.search.held * 3 > segment.count:
                raise ValueError(f"{segment.name} holds out more rows than it can")
            if segment.dead and segment.dead.file.bytes != segment.dead.count * 8:
                raise ValueError(f"the tombstones of {segment.name} do not fit their count")
        return self

    def names(self) -> dict[str, FileRecord]:
        """Every file of every segment."""
        return {name: record for segment in self.segments for name, record in segment.names().items()}


def read_committed(folder: Path, kind: type[AnyManifest]) -> AnyManifest:
    """The manifest that was committed last; raises `GalleryError` if there is none, or none to be trusted."""
    try:
        text = (folder / MANIFEST).read_bytes()
    except FileNotFoundError as error:
        raise GalleryError(str(folder), f"has no {MANIFEST}; {REPAIR}") from error
    except OSError as error:
        raise GalleryError(str(folder), f"{MANIFEST} cannot be read: {error.strerror}") from error
    try:
        table = json.loads(text)
        if isinstance(table, dict) and isinstance(table.get("format"), int) and table["format"] > FORMAT:
            raise GalleryError(
                str(folder), f"was written by a newer version (format {table['format']}); upgrade"
            )
        _check_kind(folder, table, kind)
        manifest = kind.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise GalleryError(
            str(folder), f"{MANIFEST} is damaged ({where}: {first['msg']}); {REPAIR}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise GalleryError(str(folder), f"{MANIFEST} is damaged (not JSON); {REPAIR}") from error
    if manifest.sealed().sha256 != manifest.sha256:
        raise GalleryError(str(folder), f"{MANIFEST} is damaged (its checksum differs); {REPAIR}")
    return manifest


def _check_kind(folder: Path, table: object, kind: type[Committed]) -> None:
    wanted = kind.model_fields["metric"].default
    found = table.get("metric") if isinstance(table, dict) else None
    if isinstance(found, str) and found != wanted:
        raise GalleryError(str(folder), f"is a gallery of {found[:60]!r}, not of {wanted!r}")


def commit_manifest(folder: Path, manifest: AnyManifest) -> AnyManifest:
    """Make `manifest` the gallery's truth; its files must be on the disk. Returns it sealed."""
    sealed = manifest.sealed()
    sync_folder(folder)
    with NewFile(folder / TEMPORARY) as file:
        file.write(sealed.model_dump_json(indent=1).encode())
    commit_point("index:manifest-written")
    os.replace(folder / TEMPORARY, folder / MANIFEST)
    sync_folder(folder)
    commit_point("index:manifest-renamed")
    return sealed


def clear_leftovers(folder: Path, manifest: Committed | None) -> None:
    """Delete what killed writers left and what was retired two commits ago."""
    kept = set() if manifest is None else set(manifest.names()) | set(manifest.retired)
    for path in folder.iterdir():
        ours = path.name == TEMPORARY or (OWN_FILE.fullmatch(path.name) and path.name not in kept)
        if ours:
            try:
                path.unlink()
            except OSError:
                continue  # a reader has it mapped (Windows): the next writer tries again
    commit_point("index:leftovers-cleared")


def next_generation(folder: Path, manifest: Committed | None) -> int:
    """A number that no file in the folder carries yet."""
    used = [int(match[2]) for path in folder.iterdir() if (match := OWN_FILE.fullmatch(path.name))]
    return 1 + max([manifest.generation if manifest else 0, *used])
