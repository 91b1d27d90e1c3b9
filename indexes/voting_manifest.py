"""What the manifest of a voting gallery says: its vocabulary and its segments of local features."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from indexes.durable import FileRecord
from indexes.manifest import Committed, Name, Tombstones
from indexes.vocabulary import DIMS, MOST_WORDS
from matcher.records import Record

VotingRole = Literal["index", "lists", "sizes", "ids", "counts"]


class VocabularyRecord(Record):
    """The file of the vocabulary: axes, offsets (int32, little-endian), branches and words, in a row."""

    name: Name
    dims: int = Field(ge=1, le=DIMS)
    shift: int = Field(ge=0, lt=31)
    near: float = Field(gt=0)
    branches: int = Field(ge=1, le=MOST_WORDS)
    words: int = Field(ge=1, le=MOST_WORDS)
    file: FileRecord

    @property
    def bytes(self) -> int:
        """How long the file is."""
        return self.dims * (DIMS + 4 + self.branches + self.words)


class VotingRecord(Record):
    """One segment: `count` features of `images` ids.

    Files: the lists (`index` by FAISS, or `lists` and `sizes`, entries a word), the ids, features an id.
    """

    name: Name
    count: int = Field(ge=1)
    images: int = Field(ge=1)
    files: dict[VotingRole, FileRecord]
    dead: Tombstones | None = Field(None, description="numbers of the removed ids within the segment")
    removed: int = Field(0, ge=0, description="features of the removed ids")

    @property
    def live(self) -> int:
        """Features that were not removed."""
        return self.count - self.removed

    def names(self) -> dict[str, FileRecord]:
        """File name to what it must hold."""
        named = {f"{self.name}-{role}": record for role, record in self.files.items()}
        return named | ({self.dead.name: self.dead.file} if self.dead else {})


class VotingManifest(Committed):
    """All there is to know of a voting gallery but the features and the words."""

    metric: Literal["votes of local features"] = "votes of local features"
    vocabulary: VocabularyRecord
    segments: tuple[VotingRecord, ...] = ()

    @model_validator(mode="after")
    def _files_agree(self) -> Self:
        if self.vocabulary.file.bytes != self.vocabulary.bytes:
            raise ValueError("the file of the vocabulary does not fit its counts")
        for segment in self.segments:
            if not self._files_fit(segment):
                raise ValueError(f"the files of {segment.name} do not fit its count")
            dead = segment.dead.count if segment.dead else 0
            if segment.dead and segment.dead.file.bytes != dead * 8:
                raise ValueError(f"the tombstones of {segment.name} do not fit their count")
            if not (dead < segment.images <= segment.count and dead <= segment.removed < segment.count):
                raise ValueError(f"the counts of {segment.name} contradict each other")
            if not dead and segment.removed:
                raise ValueError(f"the counts of {segment.name} contradict each other")
        return self

    def _files_fit(self, segment: VotingRecord) -> bool:
        held: dict[str, int] = {role: record.bytes for role, record in segment.files.items()}
        wanted = dict.fromkeys(("ids", "counts"), segment.images * 8)
        if "index" in held:
            return held == wanted | {"index": held["index"]}
        known = self.vocabulary
        lists = {"sizes": known.words * 8, "lists": segment.count * (known.dims + 8)}
        return held == wanted | lists

    def names(self) -> dict[str, FileRecord]:
        """The vocabulary's file and every file of every segment."""
        named = {name: record for segment in self.segments for name, record in segment.names().items()}
        return named | {self.vocabulary.name: self.vocabulary.file}
