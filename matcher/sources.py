"""Reads the image that a manifest names: in the manifest's folder or archive, or at an http(s) URL."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from matcher.config import Settings
from matcher.errors import ImageError
from matcher.fetch import Fetcher
from matcher.manifests import ArchiveLimits, ImageArchive, is_packed, manifest_folder

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://|(?:data|file|javascript|about|blob|mailto):", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")


class ImageSource:
    """Images as one manifest names them; a context manager, for one thread.

    `folder`: what paths are relative to, and never left. `fetcher`: None makes one when the first URL comes,
    and closes it with this source.
    """

    def __init__(self, folder: Path, settings: Settings, fetcher: Fetcher | None = None) -> None:
        self._folder = folder
        self._settings = settings
        self._fetcher = fetcher
        self._own: Fetcher | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the fetcher, if this source made one."""
        if self._own is not None:
            self._own.close()
            self._own = None

    def read(self, image: str, within: float | None = None) -> bytes:
        """The bytes of `image`, at most `settings.images.max_bytes`; raises `ImageError` or `FetchError`.

        `within`: seconds that a fetch may take, where that is less than the settings say.
        """
        if is_url(image):
            return self._fetching().fetch(image, within)
        if _SCHEME.match(image):
            raise ImageError(image, "has a scheme that is not read; give a path, http:// or https://")
        return self._read_file(image)

    def _fetching(self) -> Fetcher:
        if self._fetcher is not None:
            return self._fetcher
        if self._own is None:
            self._own = Fetcher(self._settings.fetch, self._settings.images.max_bytes)
        return self._own

    def _read_file(self, image: str) -> bytes:
        path = self._inside(image)
        limit = self._settings.images.max_bytes
        # Not blocking, so that a FIFO put in an image's place cannot hold a scan up before it is recognised.
        flags = (
            os.O_RDONLY
            | getattr(os, "O_NONBLOCK", 0)
            | getattr(os, "O_NOFOLLOW", 0)
            | getattr(os, "O_BINARY", 0)
        )
        try:
            with open(os.open(path, flags), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise ImageError(image, "is not a regular file")
                if status.st_size > limit:
                    raise ImageError(
                        image, f"is {status.st_size:,} bytes, the limit is {limit:,} (images.max_bytes)"
                    )
                blob = file.read(limit + 1)
        except OSError as error:
            raise ImageError(image, _why(error)) from error
        if len(blob) > limit:
            raise ImageError(image, f"is larger than {limit:,} bytes (images.max_bytes)")
        return blob

    def _inside(self, image: str) -> Path:
        """The file that `image` names, symbolic links followed, which must lie in the folder."""
        if not image.strip():
            raise ImageError(image, "names no image")
        if "\0" in image:
            raise ImageError(image, "holds a NUL character")
        parts = _parts(image)
        try:
            folder = self._folder.resolve()
            # A manifest written on Windows says a\b.jpg; on other systems that may also be one file's name.
            path = next(
                (p for p in (folder / image, folder.joinpath(*parts)) if os.path.lexists(p)), folder / image
            )
            real = path.resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise ImageError(image, _why(error)) from error
        if not real.is_relative_to(folder):
            raise ImageError(image, "leads out of the manifest's folder through a symbolic link")
        return real


class PackedSource(ImageSource):
    """Images inside the ZIP that is, or holds, the manifest; raises `ManifestError` where it is hostile."""

    def __init__(self, archive: Path, settings: Settings) -> None:
        super().__init__(archive.parent, settings)
        self._archive = ImageArchive(archive, archive_limits(settings))

    def close(self) -> None:
        """Close the archive, and the fetcher if this source made one."""
        self._archive.close()
        super().close()

    def _read_file(self, image: str) -> bytes:
        _parts(image)
        return self._archive.read_named(image)


def source_of(manifest: Path, settings: Settings) -> ImageSource:
    """Where the images that `manifest` names are read from."""
    if is_packed(manifest):
        return PackedSource(manifest, settings)
    return ImageSource(manifest_folder(manifest), settings)


def is_url(image: str) -> bool:
    """Whether `image` is fetched, rather than read from a file."""
    return image[:8].lower().startswith(("http://", "https://"))


def archive_limits(settings: Settings) -> ArchiveLimits:
    """What the settings say of archives."""
    service = settings.service
    return ArchiveLimits(
        service.max_archive_entries,
        service.max_expanded_bytes,
        settings.images.max_bytes,
        service.max_manifest_bytes,
    )


def _parts(image: str) -> list[str]:
    """The parts of a path, which may not lead out of where it begins: else `ImageError`."""
    parts = image.replace("\\", "/").split("/")
    if parts[0] == "" or _DRIVE.match(image) or ".." in parts:
        raise ImageError(
            image, "must be a path inside the manifest's folder: no leading slash, drive or '..'"
        )
    return parts


def _why(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "is not there"
    if isinstance(error, IsADirectoryError):
        return "is a folder, not a file"
    return f"cannot be read: {getattr(error, 'strerror', None) or error}"
