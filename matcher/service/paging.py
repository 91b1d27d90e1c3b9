"""Long lists a page at a time: each page names the cursor of the next, which stays right as rows come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

Item = TypeVar("Item")
Row = TypeVar("Row")
LARGEST = 2**53 - 1
"""The largest cursor: databases hold more, JSON's numbers do not."""
After = Annotated[int, Query(ge=0, le=LARGEST, description="The `next` of the page before; 0 begins.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many items at most.")]


class Page(BaseModel, Generic[Item]):
    """Some items and the cursor of those that follow; `next` is null where these were the last."""

    items: list[Item]
    next: int | None = None


def page(
    rows: Sequence[Row], limit: int, cursor: Callable[[Row], int], shown: Callable[[Row], Item]
) -> Page[Item]:
    """The page of `rows`, of which one more than `limit` was asked for."""
    more = rows[limit - 1] if len(rows) > limit else None
    return Page(items=[shown(row) for row in rows[:limit]], next=None if more is None else cursor(more))
