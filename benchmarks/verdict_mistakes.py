"""Listings that got another verdict than a fair reviewer's, with their pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.curves import COUNTERFEIT, REVIEW
from benchmarks.tasks import Blob, Mistake
from benchmarks.verdict_outcomes import Compared
from benchmarks.verdict_sets import VerdictSet, photo_of, reference_files
from matcher.config import Settings
from matcher.errors import MatcherError
from matcher.manifests import Row, manifest_folder, read_listings
from matcher.records import Verdict


def worst(found: VerdictSet, compared: Compared, settings: Settings) -> Iterator[Mistake]:
    """The mistakes, the farthest from the truth first; pictures are read when they are asked for."""
    outcomes, references, images = compared.outcomes(), reference_files(found), _images(found)
    folder = manifest_folder(found.listings) if found.listings else found.folder
    target = np.where(outcomes.truth == COUNTERFEIT, 1.0, np.where(outcomes.truth == REVIEW, 0.5, 0.0))
    far = np.abs(target - np.nan_to_num(outcomes.score, nan=0.0))
    wrong = outcomes.said != outcomes.truth
    for index in np.argsort(-far, kind="stable"):
        if not wrong[index]:
            continue
        row, verdict = compared.rows[index], compared.verdicts[index]
        named = _named(verdict)
        file = references.get(named) if named else None
        said = " ".join((verdict.verdict.value, *(named or ()))) if verdict else "no verdict"
        shown = images.get(row.listing_id, ())
        yield Mistake(
            query=row.listing_id,
            kind=row.kind,
            truth=(row.truth.value,),
            said=((said, verdict.score if verdict else 0.0),),
            query_picture=photo_of(folder, shown[0], settings) if shown else None,
            said_pictures=(file.read_bytes if file else None,),
        )


def held(mistake: Mistake) -> Mistake:
    """The mistake with its pictures in memory, for when their files are gone."""
    said = tuple(_held(one) for one in mistake.said_pictures)
    return replace(mistake, query_picture=_held(mistake.query_picture), said_pictures=said)


def _held(read: Blob | None) -> Blob | None:
    try:
        blob = read() if read else None
    except (OSError, MatcherError):
        return None
    return None if blob is None else lambda: blob


def _named(verdict: Verdict | None) -> tuple[str, str] | None:
    """The brand and reference of the heaviest evidence that names one."""
    evidence = verdict.evidence if verdict else ()
    return next(((one.brand, one.reference_id) for one in evidence if one.reference_id), None)


def _images(found: VerdictSet) -> dict[str, tuple[str, ...]]:
    if found.listings is None:
        return {}
    rows = (row for row in read_listings(found.listings) if isinstance(row, Row))
    return {row.value.listing_id: row.value.images for row in rows}
