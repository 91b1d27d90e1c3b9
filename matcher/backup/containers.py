"""What a backup lies in: a folder or a tar file, written whole or not at all, with each part's SHA-256."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from matcher.errors import UsageError
from matcher.faults import commit_point
from matcher.files import sync_folder

SUMS = "SHA256SUMS"
"""Lines as `sha256sum --check` reads them; the last part to be written."""
NAME = re.compile(
    r"backup\.json|(?:matcher|policy)\.toml|SHA256SUMS|tables/[a-z_]{1,40}\.jsonl"
    r"|images/[0-9a-f]{64}|jobs/[0-9a-f]{24}/given/manifest"
)
"""Every name that a part of a backup may have; no other is read, so that none leads anywhere else."""
OTHER_ARCHIVES = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")
"""Endings that promise another kind of file than a backup is."""
_CHUNK = 2**20


class Sink(Protocol):
    """Takes the parts of a backup."""

    def add(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Keep a part of `size` bytes; a size below 0 says that it is not known."""
        ...

    def close(self) -> None:
        """All parts have come: make them durable."""
        ...


class Summed:
    """Adds parts to a sink and keeps their checksums, which `end` adds as the last part."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._sums: dict[str, str] = {}

    def add(self, name: str, chunks: Iterable[bytes], size: int = -1) -> None:
        """Add a part."""
        digest = hashlib.sha256()

        def summed() -> Iterator[bytes]:
            for chunk in chunks:
                digest.update(chunk)
                yield chunk

        self._sink.add(name, summed(), size)
        self._sums[name] = digest.hexdigest()
        commit_point("backup:part")

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as it is when it is opened; raises `OSError` where it cannot be read."""
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            self.add(name, _exactly(file, size), size)

    def end(self) -> None:
        """Add the checksums."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in self._sums.items()).encode()
        self._sink.add(SUMS, [lines], len(lines))


@contextmanager
def writing(target: Path) -> Iterator[Summed]:
    """A backup under a hidden name beside `target`, which it becomes when the block ends well.

    `target` ending in `.tar` is a file, any other a folder. Raises `UsageError` where it is there already,
    or is called like another kind of archive.
    """
    if target.name.lower().endswith(OTHER_ARCHIVES):
        raise UsageError(
            f"{target}: is no name that a backup may have; give a folder, or a file ending in .tar"
        )
    if target.exists():
        raise UsageError(f"{target}: is there already; a backup overwrites nothing")
    part = target.with_name(f".{target.name}.part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        _remove(part)
        sink = _TarSink(part) if target.suffix == ".tar" else _FolderSink(part)
        summed = Summed(sink)
        yield summed
        summed.end()
        sink.close()
        commit_point("backup:written")
        part.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        _remove(part)
        raise UsageError(f"{target}: cannot be written: {error.strerror or error}") from error
    except BaseException:
        _remove(part)
        raise


class _FolderSink:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder, self._folders = folder, {folder}

    def add(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        path = self._folder / name
        for parent in path.relative_to(self._folder).parents:
            (self._folder / parent).mkdir(exist_ok=True, parents=True)
            self._folders.add(self._folder / parent)
        with path.open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        for folder in self._folders:
            sync_folder(folder)


class _TarSink:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed by close

    def add(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.mode = 0o600
        if size >= 0:
            entry.size = size
            self._tar.addfile(entry, _Reader(chunks))
            return
        spool = self._path.with_name(f"{self._path.name}.spool")
        with spool.open("w+b") as file:
            for chunk in chunks:
                file.write(chunk)
            entry.size = file.tell()
            file.seek(0)
            self._tar.addfile(entry, file)
        spool.unlink()

    def close(self) -> None:
        self._tar.close()
        with self._path.open("rb") as file:
            os.fsync(file.fileno())


class _Reader(io.RawIOBase):
    """Chunks as a file that can be read once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._rest = iter(chunks), b""

    def read(self, size: int = -1, /) -> bytes:
        while len(self._rest) < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._rest += chunk
        found, self._rest = self._rest[:size], self._rest[size:]
        return found


class Backup:
    """Reads a backup in a folder or tar file; a context manager. Raises `UsageError` for what is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tar: tarfile.TarFile | None = None
        self._members: dict[str, tarfile.TarInfo] = {}
        if path.is_dir():
            return
        if not path.exists():
            raise UsageError(f"{path}: is not there; name what `matcher backup` wrote")
        try:
            self._tar = tarfile.open(path, "r:")  # noqa: SIM115 - closed by __exit__
            self._members = {one.name: one for one in self._tar.getmembers() if one.isreg()}
        except (OSError, tarfile.TarError) as error:
            raise UsageError(f"{path}: is no backup that can be read: {error}") from error

    def __enter__(self) -> Backup:
        return self

    def __exit__(self, *_: object) -> None:
        if self._tar is not None:
            self._tar.close()

    def open(self, name: str) -> BinaryIO:
        """A part; raises `UsageError` where there is none of that name."""
        try:
            if self._tar is None:
                path = self._path / name
                if not NAME.fullmatch(name) or path.is_symlink():
                    raise FileNotFoundError(name)
                return path.open("rb")
            found = self._tar.extractfile(self._members[name])
            assert found is not None
        except (OSError, KeyError, tarfile.TarError) as error:
            raise UsageError(f"{self._path}: {name}: is missing or cannot be read") from error
        else:
            return found  # type: ignore[return-value]

    def verify(self) -> dict[str, str]:
        """The SHA-256 of every part, each found right; raises `UsageError` naming the first that is not."""
        with self.open(SUMS) as file:
            lines = file.read().decode("utf-8", "replace").splitlines()
        sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
        for name, wanted in sums.items():
            if not NAME.fullmatch(name):
                raise UsageError(f"{self._path}: {name[:80]!r} is no name of a backup's part")
            with self.open(name) as file:
                found = _sum(file)
            if found != wanted:
                raise UsageError(f"{self._path}: {name}: is damaged: its SHA-256 is not the one in {SUMS}")
        return sums


def _exactly(file: BinaryIO, size: int) -> Iterator[bytes]:
    """`size` bytes of a file; raises `OSError` where it has become shorter."""
    while size:
        chunk = file.read(min(_CHUNK, size))
        if not chunk:
            raise OSError("was cut off while it was read")
        size -= len(chunk)
        yield chunk


def _sum(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _remove(part: Path) -> None:
    with suppress(FileNotFoundError):
        part.with_name(f"{part.name}.spool").unlink()
    if part.is_dir():
        shutil.rmtree(part)
    elif part.exists():
        part.unlink()
