"""What was found in a photo, by content hash, in a scan's own folder: shared by its workers, gone with it."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Protocol


class PhotoCache(Protocol):
    """Remembers findings; a miss only costs time."""

    def get(self, content_hash: str) -> str | None:
        """The findings as they were put, or None."""
        ...

    def put(self, content_hash: str, findings: str) -> None:
        """Remember; the first writer of a key wins, the others wrote the same."""
        ...


class NoCache:
    """Remembers nothing: for a single listing."""

    def get(self, content_hash: str) -> str | None:
        """Always None."""
        return None

    def put(self, content_hash: str, findings: str) -> None:
        """Nothing is kept."""


class ScanCache:
    """An SQLite file, not synced: what a crash loses or damages of it is only computed again."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = _opened(path)
        except sqlite3.DatabaseError:
            for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
                path.with_name(name).unlink(missing_ok=True)
            self._connection = _opened(path)

    def get(self, content_hash: str) -> str | None:
        """The findings as they were put, or None."""
        try:
            row = self._connection.execute(
                "SELECT findings FROM findings WHERE content_hash = ?", (content_hash,)
            ).fetchone()
        except sqlite3.DatabaseError:
            return None
        return str(row[0]) if row else None

    def put(self, content_hash: str, findings: str) -> None:
        """Remember; the first writer of a key wins."""
        with suppress(sqlite3.DatabaseError):
            self._connection.execute("INSERT OR IGNORE INTO findings VALUES (?, ?)", (content_hash, findings))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS findings (content_hash TEXT PRIMARY KEY, findings TEXT) WITHOUT ROWID"
        )
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
