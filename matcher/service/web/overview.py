"""The first page: what waits, how the last scans go, how right verdicts were, what the catalog holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from matcher.catalog import count_answers, count_products, count_waiting, list_brands
from matcher.records import ImageRole, ReviewAnswer, VerdictKind
from matcher.service.web.frame import PageRoute, render
from matcher.service.web.runs import runs
from matcher.service.web.visiting import Visitor, admitted
from matcher.tuning.binomial import interval

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Someone = Annotated[Visitor, admitted()]
LAST_RUNS = 5


@dataclass(frozen=True)
class Precision:
    """How many answered listings of one verdict were fakes; `low` and `high` bound the share (95 %)."""

    kind: VerdictKind
    confirmed: int
    decided: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """In [0, 1]; 0 where nothing was decided."""
        return self.confirmed / self.decided if self.decided else 0.0


@router.get("/")
def overview(request: Request, visitor: Someone) -> Response:
    """The page; what the role may not see is left out."""
    owner_id = visitor.caller.owner_id
    with visitor.caller.read() as connection:
        return render(
            request,
            "overview.html",
            waiting=count_waiting(connection, owner_id),
            precision=precision(connection, owner_id),
            brands=len(list_brands(connection, owner_id=owner_id)),
            counts=catalog_counts(connection, owner_id),
            runs=runs(connection, owner_id, limit=LAST_RUNS)[0],
        )


def catalog_counts(connection: Connection, owner_id: int) -> dict[ImageRole, int]:
    """How many references, logos and known counterfeits all brands have."""
    by_brand = count_products(connection, owner_id).values()
    return {role: sum(counts[role] for counts in by_brand) for role in ImageRole}


def precision(connection: Connection, owner_id: int) -> list[Precision]:
    """Of both verdicts that wait for people; who was unsure decided nothing."""
    counts = count_answers(connection, owner_id)
    made = []
    for kind in (VerdictKind.COUNTERFEIT, VerdictKind.REVIEW):
        confirmed = counts[kind][ReviewAnswer.CONFIRM]
        decided = confirmed + counts[kind][ReviewAnswer.REJECT]
        made.append(Precision(kind, confirmed, decided, *interval(confirmed, decided)))
    return made
