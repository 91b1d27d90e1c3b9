"""A folder of images as a manifest: each image is one listing or reference."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from matcher.errors import ManifestError

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".tif", ".tiff", ".bmp", ".heic", ".heif"}
)
"""Which files of a folder are images, by the end of the name in any case; the rest is ignored."""


class FolderImage(NamedTuple):
    """An image of a folder: its id, and its path relative to the folder, both with `/` between parts."""

    identity: str
    path: str


def list_folder(folder: Path) -> list[FolderImage]:
    """The images below `folder`, sorted by path; raises `ManifestError` if there is none or the folder is
    closed.

    An id is the path without its extension, or with it where two would be the same. Hidden files and folders,
    linked folders, and linked files that lie outside `folder` are passed over.
    """
    paths = sorted(_image_paths(folder))
    if not paths:
        raise ManifestError(str(folder), "holds no image (such as .jpg, .png or .webp)")
    return [FolderImage(identity, path) for identity, path in zip(identities(paths), paths, strict=True)]


def identities(paths: list[str]) -> list[str]:
    """An id for each path, without its extension; those shared by several are lengthened until none is."""
    identities = [os.path.splitext(path)[0] for path in paths]
    while True:
        counts = Counter(identities)
        # 'a.jpg' and 'a.png' become themselves, which may in turn be what 'a.jpg.png' was shortened to.
        longer = [
            path if counts[identity] > 1 else identity
            for identity, path in zip(identities, paths, strict=True)
        ]
        if longer == identities:
            return identities
        identities = longer


def _image_paths(folder: Path) -> list[str]:
    root = folder.resolve()
    found: list[str] = []
    waiting = [(folder, "")]
    while waiting:
        place, prefix = waiting.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((Path(entry.path), f"{prefix}{entry.name}/"))
                    elif _is_image(entry, root):
                        found.append(prefix + entry.name)
        except OSError as error:
            raise ManifestError(str(place), f"cannot be read: {error.strerror}") from error
    return found


def _is_image(entry: os.DirEntry[str], root: Path) -> bool:
    if os.path.splitext(entry.name)[1].lower() not in IMAGE_SUFFIXES or not entry.is_file():
        return False
    return not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(root)
