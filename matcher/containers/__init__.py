"""Image files as bytes: which kind they are, and what of them makes the picture, found without decoding."""

from __future__ import annotations

from collections.abc import Callable

from matcher.containers.avif import slim_avif
from matcher.containers.essence import Essence, MalformedError
from matcher.containers.gif import gif_essence
from matcher.containers.jpeg import jpeg_essence
from matcher.containers.kinds import KINDS, look_of, sniff
from matcher.containers.png import png_essence
from matcher.containers.tiff import slim_tiff
from matcher.containers.webp import webp_essence

__all__ = ["KINDS", "SLIM", "WALKS", "Essence", "MalformedError", "look_of", "sniff"]

WALKS: dict[str, Callable[[bytes], Essence]] = {
    "JPEG": jpeg_essence,
    "PNG": png_essence,
    "WEBP": webp_essence,
    "GIF": gif_essence,
}
"""The kinds whose metadata can be cut out without decoding; each walk raises `MalformedError`."""

SLIM: dict[str, Callable[[bytes], bytes]] = {"TIFF": slim_tiff, "AVIF": slim_avif}
"""What a reader of these kinds is given in place of the file; may raise `MalformedError`."""
