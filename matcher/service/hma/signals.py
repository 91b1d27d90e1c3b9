"""The signal types that are spoken: PDQ where it is installed, and our own descriptor of a whole photo."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from http import HTTPStatus
from typing import NamedTuple

import numpy as np

from matcher.catalog import branded_images
from matcher.images import decode
from matcher.models import Descriptors
from matcher.service.access import Caller
from matcher.service.hma import pdq
from matcher.service.problems import RefusedError

DESCRIPTOR = "descriptor"
_PDQ = re.compile("[0-9a-fA-F]{64}")
_MARK = 12


class Match(NamedTuple):
    """Content that a signal matches: a reference by its number, its brand, and how far it is."""

    content_id: int
    bank: str
    distance: str


def signal_types() -> tuple[str, ...]:
    """Those that this server computes."""
    return (pdq.KIND, DESCRIPTOR) if pdq.is_available() else (DESCRIPTOR,)


def signals_of(caller: Caller, blob: bytes, types: str = "") -> dict[str, str]:
    """The photo's value of each type, or of those that `types` names, joined by commas.

    Raises `ImageError` for what is no photo, `RefusedError` for a type that is not spoken.
    """
    workspace = caller.service.workspace
    found = {}
    for kind in [_expected(one.strip()) for one in types.split(",") if one.strip()] or signal_types():
        if kind == pdq.KIND:
            found[kind] = pdq.pdq_of(blob, "the photo", workspace.settings.images)
        else:
            pixels = decode(blob, "the photo", workspace.settings.images).pixels
            fingerprint, vector = caller.service.checks.describe(pixels)
            halves = vector.astype("<f2").tobytes()
            found[kind] = f"{fingerprint[:_MARK]}:{base64.urlsafe_b64encode(halves).decode()}"
    return found


def matches_of(caller: Caller, kind: str, value: str, banks: Collection[str] = ()) -> list[Match]:
    """What of the caller's own catalog the signal matches, nearest first; of `banks` alone where given."""
    near = _near_pdq(caller, value) if _expected(kind) == pdq.KIND else _near_descriptor(caller, value)
    with caller.read() as connection:
        known = branded_images(connection, caller.owner_id, near)
    best: dict[int, Match] = {}
    for image_id, distance in near.items():
        image = known.get(image_id)
        if image is not None and (not banks or image.brand in banks):
            best.setdefault(image.product_id, Match(image.product_id, image.brand, distance))
    return list(best.values())


def _expected(kind: str) -> str:
    if kind not in signal_types():
        said = f"signal type '{kind[:40]}' is not spoken here; there are {', '.join(signal_types())}"
        raise RefusedError(HTTPStatus.BAD_REQUEST, said)
    return kind


def _near_pdq(caller: Caller, value: str) -> dict[int, str]:
    if not _PDQ.fullmatch(value):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "a pdq signal has 64 hex digits")
    near = caller.service.hashes.near(caller.owner_id, value)
    return {one.image_id: str(one.bits) for one in near}


def _near_descriptor(caller: Caller, value: str) -> dict[int, str]:
    mark, _, encoded = value.partition(":")
    found = caller.service.checks.alike(
        caller.owner_id, lambda dims, fingerprint: _vector(encoded, dims, mark, fingerprint)
    )
    least = caller.service.workspace.settings.service.lookup_cosine
    sure = [one for one in found if one.comparison.cosine >= least]
    sure.sort(key=lambda one: (-one.comparison.cosine, one.image_id))
    return {one.image_id: f"{max(0.0, 1 - one.comparison.cosine):.4f}" for one in sure}


def _vector(encoded: str, dims: int, mark: str, fingerprint: str) -> Descriptors:
    """The unit vector that a value stands for."""
    if mark != fingerprint[:_MARK]:
        detail = f"the descriptor is of another model; this server's begin with {fingerprint[:_MARK]}:"
        raise RefusedError(HTTPStatus.BAD_REQUEST, detail)
    try:
        vector = np.frombuffer(base64.urlsafe_b64decode(encoded), "<f2").astype(np.float32)
    except (binascii.Error, ValueError) as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "a descriptor is base64 of half floats") from error
    length = float(np.linalg.norm(vector))
    if vector.shape != (dims,) or not np.isfinite(length) or not 0.9 < length < 1.1:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"a descriptor is a unit vector of {dims} half floats")
    return vector / np.float32(length)
