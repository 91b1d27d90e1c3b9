"""The set a task is measured on: a published one by its own truth, or copies made of a folder of photos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.adapters import TRUTH_SETS, named, recognised
from benchmarks.datasets import Part, TruthSet, copies_from_folder, half_of
from benchmarks.finder import Task
from benchmarks.products import products_from_folder
from matcher.errors import UsageError


def truth_from_folder(
    folder: Path,
    task: Task,
    *,
    part: Part = "all",
    layout: str = "",
    seed: int = 0,
    references: int = 1000,
    edited: int = 500,
    distractors: int = 500,
) -> TruthSet:
    """The truth for `task` in `folder`, by the name of its layout or by what lies there.

    A folder of photos in no published layout of copies has copies made of it (`seed` and the sizes count
    only then). `part` halves the queries of a published set of copies by a hash of their id. Raises
    UsageError.
    """
    if task == "products":
        return products_from_folder(folder, part=part, layout=layout)
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; name one that holds photos")
    if layout:
        found = named(layout, TRUTH_SETS).read(folder)
    else:
        fitting = recognised(folder, TRUTH_SETS, ("copies",))
        if fitting is None:
            return copies_from_folder(
                folder, references=references, edited=edited, distractors=distractors, seed=seed, part=part
            )
        found = fitting[0].read(fitting[1])
    queries = tuple(query for query in found.queries if part in ("all", half_of(query.query_id)))
    if not queries:
        raise UsageError(f"{folder}: layout {found.layout} has no queries in part '{part}'")
    return replace(found, name=folder.resolve().name, queries=queries)
