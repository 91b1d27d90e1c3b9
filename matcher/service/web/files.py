"""What becomes of the files that a person sends for a brand: images at once, ZIPs and tables as jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from fastapi import UploadFile

from matcher.catalog import find_job
from matcher.containers import sniff
from matcher.errors import MatcherError
from matcher.manifests.folder import identities
from matcher.records import ImageRole
from matcher.service import jobs, resumable, uploads
from matcher.service.access import Caller
from matcher.service.given import finished, name_of
from matcher.service.problems import RefusedError
from matcher.service.web.advice import advice_on
from matcher.service.web.frame import said_of
from matcher.service.web.progress import rows_of

TABLES = frozenset(
    {".csv", ".tsv", ".txt", ".xlsx", ".xls", ".jsonl", ".ndjson", ".json", ".parquet", ".xml", ".gz"}
)
"""Which files are tables, by the end of the name: an XLSX file is a ZIP, a feed begins like a drawing."""
_HEAD = 64


@dataclass(frozen=True)
class Told:
    """What became of a file: an `outcome`, a `reason` with advice, or a `job` of so many `rows` if known."""

    name: str
    outcome: str = ""
    reason: str = ""
    advice: str = ""
    job: int | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Shelf:
    """Where files go: a brand's references, logos or known counterfeits."""

    caller: Caller
    brand_id: int
    brand: str
    kind: ImageRole

    def take(self, files: Sequence[UploadFile], identity: str = "") -> list[Told]:
        """What became of each file, in order; `identity` is the id of an image that comes alone."""
        opened = uploads.by_name(files)
        named = dict(zip(opened, files, strict=True))
        images = [name for name, file in opened.items() if _kind_of(name, file) == "image"]
        ids = identities(images) if len(named) > 1 or not identity else [identity] * len(images)
        taken = self._images(dict(zip(images, ids, strict=True)), opened)
        told = {one.name: one for one in taken}
        for name, file in named.items():
            if name not in told:
                told[name] = self._job(name, _kind_of(name, file.file), file, "")
        return [told[name] for name in named]

    def take_upload(self, upload: str, identity: str = "") -> Told:
        """What became of the file that came in parts; the upload is over then, unless it was refused."""
        name = name_of(self.caller, None, upload) or "upload"
        with finished(self.caller, upload).open("rb") as file:
            kind = _kind_of(name, file)
            if kind != "image":
                return self._job(name, kind, None, upload)
            (told,) = self._images({name: identity or identities([name])[0]}, {name: file})
        resumable.end(self.caller, upload, resumable.VERSION)
        return told

    def _images(self, ids: Mapping[str, str], files: Mapping[str, IO[bytes]]) -> Iterator[Told]:
        for one in uploads.take_images(self.caller, self.brand, self.kind, ids, files) if ids else ():
            reason = one.reason.removeprefix(f"{one.name}: ")
            good = one.outcome != "failed"
            yield Told(one.name, one.outcome if good else "", reason, advice_on(reason) if reason else "")

    def _job(self, name: str, kind: str, file: UploadFile | None, upload: str) -> Told:
        try:
            if kind == "archive":
                job = uploads.put_archive(self.caller, self.brand_id, file, upload, self.kind)
            else:
                job = jobs.import_(self.caller, file, self.brand_id, self.kind, upload)
        except (RefusedError, MatcherError) as error:
            reason = said_of(error)[1]
            return Told(name, reason=reason, advice=advice_on(reason))
        with self.caller.read() as connection:
            begun = find_job(connection, self.caller.owner_id, job.job_id)
        return Told(name, job=job.job_id, rows=rows_of(self.caller, begun))


def _kind_of(name: str, file: IO[bytes]) -> str:
    """`image`, `archive` or `table`: by what it holds, and by its name where that leaves it open."""
    head = file.read(_HEAD)
    file.seek(0)
    if sniff(head) is not None:
        return "image"
    if PurePosixPath(name.lower()).suffix in TABLES or head.startswith(b"PAR1"):
        return "table"
    zipped = head.startswith((b"PK\x03\x04", b"PK\x05\x06")) or name.lower().endswith(".zip")
    return "archive" if zipped else "image"
