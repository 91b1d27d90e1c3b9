"""Images that a person names on the command line: any file of theirs, or an http(s) URL."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from matcher.errors import FetchError, ImageError, UsageError
from matcher.sources import ImageSource

if TYPE_CHECKING:
    from matcher.config import Settings

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def expect_files(names: Iterable[str], option: str) -> None:
    """Raise `UsageError` for a name that is neither a URL nor a file, before anything is done with others."""
    for name in names:
        if _URL.match(name):
            continue
        try:
            file = Path(name).expanduser()
            reason = "" if file.is_file() else "is a folder, not a file" if file.is_dir() else "is not there"
        except (OSError, ValueError, RuntimeError) as error:
            reason = f"cannot be read: {error}"
        if reason:
            raise UsageError(f"{option} {name}: {reason}; nothing was changed")


class Photos:
    """Reads what is named; a context manager, for one thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._web = ImageSource(Path(), settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._web.close()

    def read(self, name: str) -> bytes:
        """The bytes; raises `ImageError` or `FetchError` that names the image as the person did."""
        if _URL.match(name):
            return self._web.read(name)
        try:
            # The person may read all of their own files, so each is looked for in its own folder.
            file = Path(name).expanduser().resolve()
            return ImageSource(file.parent, self._settings).read(file.name)
        except FetchError:
            raise
        except ImageError as error:
            raise ImageError(name, error.reason) from error
        except (OSError, ValueError, RuntimeError) as error:
            raise ImageError(name, f"cannot be read: {error}") from error
