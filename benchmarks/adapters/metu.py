"""METU trademarks: registered marks of Turkey, and groups of marks that experts call alike.

Layout, from the set's own evaluation (`neouyghur/METU-TRADEMARK-DATASET`, `getDataInfo.m` and
`getSll.m`): `queries/*.jpg` and `pool/*.jpg`; the digits before `.jpg` in a query's name are the number
of its group. Which folder the archive itself unpacks to is not documented: name the one that holds these
two. Every query is looked up among all other queries and the pool; the set's own figures also count the
query itself, which is left out here. Source: Tursun et al., "A Large-scale Dataset and Benchmark for
Similar Trademark Retrieval", arXiv 1701.05766.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from benchmarks.adapters.rows import direct_images
from benchmarks.datasets import ReferenceImage, TruthSet, file_query, relative_id
from matcher.errors import UsageError

GROUP = re.compile(r"(\d+)$")


def fits(folder: Path) -> bool:
    """Whether `queries/` and `pool/` lie there."""
    return (folder / "queries").is_dir() and (folder / "pool").is_dir()


def read(folder: Path) -> TruthSet:
    """Every mark is a reference of its own; true are the other marks of the query's group.

    Raises UsageError when a query's name does not end in the number of its group.
    """
    marks = direct_images(folder / "queries")
    groups: dict[str, set[str]] = defaultdict(set)
    for mark in marks:
        groups[_group(mark)].add(relative_id(mark, folder))
    queries, alone = [], 0
    for index, mark in enumerate(marks):
        alike = frozenset(groups[_group(mark)] - {relative_id(mark, folder)})
        if alike:
            queries.append(file_query(mark, folder, alike, "mark", left_out=index))
        else:
            alone += 1
    notes = (f"{alone} queries left out: alone in their group",) if alone else ()
    references = [ReferenceImage(relative_id(mark, folder), mark) for mark in marks]
    references += [ReferenceImage(relative_id(mark, folder), mark) for mark in direct_images(folder / "pool")]
    return TruthSet(folder.name, "metu", tuple(references), tuple(queries), notes)


def _group(mark: Path) -> str:
    found = GROUP.search(mark.stem)
    if not found:
        raise UsageError(f"{mark}: a query of METU is named by the number of its group")
    return str(int(found[1]))
