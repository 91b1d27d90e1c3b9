"""Keypoints as bytes, for the catalog's cache."""

from __future__ import annotations

import math
import struct

import numpy as np

from matcher.models import Keypoints
from matcher.models.rootsift import SWATCH_SIDE

_HEADER = struct.Struct("<4sHId")
_MAGIC = b"KPT1"
_SWATCH_BYTES = SWATCH_SIDE * SWATCH_SIDE * 3


def pack(keypoints: Keypoints) -> bytes:
    """About 136 bytes a keypoint and 12 KiB an image.

    Points are rounded to 1/65535 of a side, frames to float16.
    """
    points = np.rint(keypoints.points.clip(0, 1) * 65535).astype("<u2")
    parts = (points, keypoints.frames.astype("<f2"), keypoints.descriptors, keypoints.swatch)
    header = _HEADER.pack(_MAGIC, SWATCH_SIDE, len(points), keypoints.aspect)
    return header + b"".join(np.ascontiguousarray(part).tobytes() for part in parts)


def unpack(blob: bytes) -> Keypoints:
    """What `pack` was given, rounded; raises ValueError for other bytes."""
    if len(blob) < _HEADER.size:
        raise ValueError("is too short for keypoints")
    magic, side, count, aspect = _HEADER.unpack_from(blob)
    if magic != _MAGIC or side != SWATCH_SIDE or len(blob) != _HEADER.size + count * 136 + _SWATCH_BYTES:
        raise ValueError("are no keypoints of this version")
    points, start = np.frombuffer(blob, "<u2", count * 2, _HEADER.size), _HEADER.size + count * 4
    frames, start = np.frombuffer(blob, "<f2", count * 2, start), start + count * 4
    if not (math.isfinite(aspect) and aspect > 0 and np.isfinite(frames).all()):
        raise ValueError("are no keypoints of any image")
    descriptors, start = np.frombuffer(blob, np.uint8, count * 128, start), start + count * 128
    return Keypoints(
        points=(points.reshape(count, 2) / np.float32(65535)).astype(np.float32),
        frames=frames.reshape(count, 2).astype(np.float32),
        descriptors=descriptors.reshape(count, 128),
        aspect=aspect,
        swatch=np.frombuffer(blob, np.uint8, _SWATCH_BYTES, start).reshape(SWATCH_SIDE, SWATCH_SIDE, 3),
    )
