"""Image files as bytes: which kind they are, and what of them makes the picture, found without decoding."""

from __future__ import annotations

from collections.abc import Callable

from matcher.containers.essence import Essence, MalformedError
from matcher.containers.gif import gif_essence
from matcher.containers.jpeg import jpeg_essence
from matcher.containers.kinds import KINDS, look_of, sniff
from matcher.containers.png import png_essence
from matcher.containers.webp import webp_essence

__all__ = ["KINDS", "WALKS", "Essence", "MalformedError", "look_of", "sniff"]

WALKS: dict[str, Callable[[bytes], Essence]] = {
    "JPEG": jpeg_essence,
    "PNG": png_essence,
    "WEBP": webp_essence,
    "GIF": gif_essence,
}
"""The kinds whose metadata can be cut out without decoding; each walk raises `MalformedError`."""
