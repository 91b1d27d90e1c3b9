"""immaculate as its users run it: sets of duplicates among the files of a folder."""

from __future__ import annotations

from immaculate import find_duplicates


class Groups:
    """`find_duplicates` by one of its methods; it cuts at its own threshold and gives no scores."""

    def __init__(self, argument: str) -> None:
        self._method = argument

    def settings(self) -> dict[str, object]:
        """The method."""
        return {"method": self._method}

    def groups(self, folder: str) -> list[list[str]]:
        """Exact and near duplicates alike."""
        found = find_duplicates(folder, self._method)
        return [[str(path) for path in one] for one in (*found.exact, *found.near)]
