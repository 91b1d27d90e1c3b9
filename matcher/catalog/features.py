"""What models said of an image, kept so that it is computed once: descriptors and keypoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, delete, func, select

from matcher.catalog.queries import groups, upsert
from matcher.catalog.tables import descriptors, images, keypoints

REFERENCE_VIEWS = "reference"
"""The view set that `Embedder.embed_references` gives."""
_GROUP = 500


def as_stored(vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """`vectors` as the cache gives them back: rounded to float16.

    A component of a unit vector moves by at most 2^-12, a cosine by less than 0.0005; lengths are not mended.
    Whoever needs the same digits with and without the cache uses this where the cache was not asked.
    """
    return vectors.astype("<f2").astype(np.float32)


def get_descriptors(
    connection: Connection, hashes: Iterable[str], fingerprint: str, view_set: str = REFERENCE_VIEWS
) -> dict[str, NDArray[np.float32]]:
    """Descriptors, float32 (views, dims), of those of `hashes` that are cached for the model."""
    table, answer = descriptors.c, {}
    query = select(table.content_hash, table.views, table.dims, table.vectors)
    query = query.where(table.fingerprint == fingerprint, table.view_set == view_set)
    for group in groups(dict.fromkeys(hashes), _GROUP):
        for content_hash, views, dims, blob in connection.execute(query.where(table.content_hash.in_(group))):
            if len(blob) == views * dims * 2:  # anything else is damage, and computed again
                halves = np.frombuffer(blob, dtype="<f2").reshape(views, dims)
                answer[content_hash] = halves.astype(np.float32)
    return answer


def put_descriptors(
    connection: Connection,
    vectors: Mapping[str, NDArray[np.float32]],
    fingerprint: str,
    view_set: str = REFERENCE_VIEWS,
) -> None:
    """Cache descriptors, float32 (views, dims), by content hash, as float16 (see `as_stored`)."""
    rows = []
    for content_hash, array in vectors.items():
        views, dims = array.shape
        row = {"content_hash": content_hash, "fingerprint": fingerprint, "view_set": view_set}
        rows.append(row | {"views": views, "dims": dims, "vectors": array.astype("<f2").tobytes()})
    upsert(connection, descriptors, rows)


def missing_descriptors(
    connection: Connection, hashes: Iterable[str], fingerprint: str, view_set: str = REFERENCE_VIEWS
) -> list[str]:
    """Those of `hashes` without descriptors for the model, each once, in the order given."""
    table = descriptors.c
    whole = func.length(table.vectors) == table.views * table.dims * 2
    query = select(table.content_hash).where(
        table.fingerprint == fingerprint, table.view_set == view_set, whole
    )
    return _missing(connection, query, table.content_hash, hashes)


def get_keypoints(connection: Connection, hashes: Iterable[str], fingerprint: str) -> dict[str, bytes]:
    """The bytes that `put_keypoints` was given for those of `hashes` that are cached for the detector."""
    table = keypoints.c
    query = select(table.content_hash, table.features).where(table.fingerprint == fingerprint)
    return {
        content_hash: bytes(blob)
        for group in groups(dict.fromkeys(hashes), _GROUP)
        for content_hash, blob in connection.execute(query.where(table.content_hash.in_(group)))
    }


def put_keypoints(connection: Connection, features: Mapping[str, bytes], fingerprint: str) -> None:
    """Cache serialised keypoints by content hash."""
    rows = [
        {"content_hash": content_hash, "fingerprint": fingerprint, "features": blob}
        for content_hash, blob in features.items()
    ]
    upsert(connection, keypoints, rows)


def missing_keypoints(connection: Connection, hashes: Iterable[str], fingerprint: str) -> list[str]:
    """Those of `hashes` without keypoints for the detector, each once, in the order given."""
    query = select(keypoints.c.content_hash).where(keypoints.c.fingerprint == fingerprint)
    return _missing(connection, query, keypoints.c.content_hash, hashes)


def _missing(connection: Connection, query: Any, column: Any, hashes: Iterable[str]) -> list[str]:
    answer: list[str] = []
    for group in groups(dict.fromkeys(hashes), _GROUP):
        known = set(connection.execute(query.where(column.in_(group))).scalars())
        answer.extend(content_hash for content_hash in group if content_hash not in known)
    return answer


def delete_orphaned_features(connection: Connection) -> int:
    """Remove what is cached for contents that no catalog image has; returns how many rows went."""
    return sum(_delete_orphaned(connection, table) for table in (descriptors, keypoints))


def _delete_orphaned(connection: Connection, table: Table) -> int:
    orphan = ~select(images.c.image_id).where(images.c.content_hash == table.c.content_hash).exists()
    return int(connection.execute(delete(table).where(orphan)).rowcount)
