"""Describes the images of an import as they come in, so that checks find it done and keep a core."""

from __future__ import annotations

import logging
from collections.abc import Callable

from matcher.assembly import build_galleries
from matcher.catalog import last_number
from matcher.errors import MatcherError
from matcher.galleries import Galleries
from matcher.workspace import Workspace

_log = logging.getLogger("matcher.service")


class ImportDescriber:
    """Follows one import; models are loaded when its first images are in.

    A check brings the galleries up to the catalog by itself, and would compute whatever is not described yet
    on all cores while the checks behind it wait.
    """

    def __init__(self, workspace: Workspace) -> None:
        settings = workspace.settings
        threads = settings.scan.model_copy(update={"workers": settings.service.imported_at_once})
        bounded = settings.model_copy(update={"scan": threads})
        self._workspace = Workspace(workspace.folder, bounded, workspace.database, workspace.store)
        self._galleries: Galleries | None = None
        self._number = self._newest()

    def describe(self) -> None:
        """Describe what has come since the last call."""
        if self._newest() > self._number:
            try:
                self._number = self._opened().describe_since(self._number)
            except MatcherError as error:
                self._put_off(error)

    def end(self, told: Callable[[], None]) -> None:
        """Bring the galleries up to the catalog, also where a killed attempt left something out.

        `told` is called now and then.
        """
        try:
            self._opened().catch_up(lambda _done, _total: told())
        except MatcherError as error:
            self._put_off(error)

    def _opened(self) -> Galleries:
        self._galleries = self._galleries or build_galleries(self._workspace)
        return self._galleries

    def _newest(self) -> int:
        with self._workspace.database.read() as connection:
            return last_number(connection)

    def _put_off(self, error: MatcherError) -> None:
        """They are in the catalog all the same: the next check or scan describes them, or says why not."""
        self._number = self._newest()
        _log.error("imported images cannot be described now", extra={"error": str(error)})
