"""The tables of the README that set the matcher beside other libraries, from one run's figures.

configs/bench/readme.toml is the plan of the run; its figures lie in benchmarks/results/readme.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

FIGURES = Path(__file__).parents[1] / "benchmarks" / "results" / "readme.json"
NAMES = {
    "matcher": "this matcher",
    "sscd": "SSCD (`immaculate`, int8)",
    "pdq": "PDQ (`threatexchange`)",
    "imagededup-phash": "PHash (`imagededup`)",
    "imagededup-cnn": "MobileNetV3 (`imagededup`)",
    "sift": "SIFT + RANSAC (OpenCV)",
    "orb": "ORB + RANSAC (OpenCV)",
    "matcher-flat": "this matcher, exact",
    "matcher-hnsw": "this matcher, HNSW",
    "faiss-flat": "FAISS, flat",
    "faiss-hnsw": "FAISS, HNSW",
    "faiss-ivfpq": "FAISS, IVF-PQ and exact re-ranking",
    "autofaiss": "autofaiss",
    "usearch": "USearch",
    "lancedb": "LanceDB, IVF-PQ",
}
ABSENT = "–"
Parts = Mapping[str, Mapping[str, Any]]


def peer_tables(path: Path = FIGURES) -> str:
    """Both tables in Markdown, and why what was not run was not."""
    parts: Parts = json.loads(path.read_text(encoding="utf-8"))["parts"]
    blocks = ["\n".join(_accuracy(parts)), "\n".join(_search(parts))]
    why = _not_run(parts)
    return "\n\n".join(blocks + ([why] if why else []))


def _accuracy(parts: Parts) -> Iterator[str]:
    yield "| photos | copies: µAP | copies: R@1 | packages: R@1 | packages a second | memory, MiB |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for model in _models(parts, ("copies", "products")):
        copies, packages = (_part(parts, task, model) for task in ("copies", "products"))
        cells = (
            _ranged(copies, "uAP"),
            _ranged(copies, "R@1"),
            _ranged(packages, "R@1"),
            _plain(packages, "images_per_second", ".1f"),
            _plain(packages, "peak_mib", ",.0f"),
        )
        yield f"| {NAMES[model]} | {' | '.join(cells)} |"


def _search(parts: Parts) -> Iterator[str]:
    yield "| search | recall@10 | queries a second | build, seconds | bytes a descriptor | memory, MiB |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for model in _models(parts, ("search",)):
        part = _part(parts, "search", model)
        metrics = part.get("metrics", {})
        cells = (
            _plain(metrics, "recall", ".3f"),
            _plain(metrics, "queries_per_second", ",.0f"),
            _plain(metrics, "build_seconds", ",.1f"),
            _plain(part, "index_bytes_per_image", ",.0f"),
            _plain(part, "peak_mib", ",.0f"),
        )
        yield f"| {NAMES[model]} | {' | '.join(cells)} |"


def _not_run(parts: Parts) -> str:
    """One line for each model that has no figures."""
    why = {
        str(part["model"]): str(part["why"]).rpartition(" cannot run: ")[2]
        for part in parts.values()
        if part.get("state") == "not run"
    }
    return "\n".join(f"Not run: {NAMES.get(model, model)}: {said}." for model, said in why.items())


def _models(parts: Parts, tasks: Sequence[str]) -> list[str]:
    """The models of the tasks that were measured, in the order of the plan."""
    found = [
        str(part["model"])
        for part in parts.values()
        if part["task"] in tasks and part.get("state", "done") == "done"
    ]
    return list(dict.fromkeys(found))


def _part(parts: Parts, task: str, model: str) -> Mapping[str, Any]:
    """Nothing where the task was not run with the model."""
    return next((one for one in parts.values() if (one["task"], one["model"]) == (task, model)), {})


def _ranged(part: Mapping[str, Any], metric: str) -> str:
    """`0.875 (0.85–0.90)`."""
    metrics = part.get("metrics", {})
    if metric not in metrics:
        return ABSENT
    low, high = metrics[f"{metric}_ci"]
    return f"{metrics[metric]:.3f} ({low:.2f}–{high:.2f})"


def _plain(part: Mapping[str, Any], name: str, form: str) -> str:
    return format(part[name], form) if name in part else ABSENT
