"""A run's folder as `python -m benchmarks run` leaves it, with made figures: skill decides who is right."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.judged import Judged, judged_ranking, save_judged
from benchmarks.metrics import Ranking, retrieval_metrics
from tests.benchmarks.drawings import drawn_photo

KINDS = ("crop", "mirror", "rotate", "watermark", "pasted", "collage")
MODELS = {"builtin@3606f8d1b1a6": 0.93, "sscd@int8": 0.925, "imagededup-phash": 0.55, "pdq": 0.5}
FEW = {"builtin@3606f8d1b1a6": 0.93, "pdq": 0.5}
NOT_RUN = "its weights are not at hand: fetch them with `python -m benchmarks fetch clip`"
PLAN = {
    "plan": {"name": "made models"}, "sha256": "3f9c" * 16,
    "started": "2026-01-05T10:00:00+00:00", "finished": "2026-01-05T11:12:00+00:00",
    "versions": {"numpy": "2.4.6", "faiss-cpu": "1.15.1"},
    "machine": {"system": "Linux", "processor": "Some CPU", "cores": 2},
    "parts": [{"name": "verdicts-made", "task": "verdicts", "state": "failed", "why": "no listings.csv"}],
}  # fmt: skip
STAGES = {"decode_ms": 9.31, "embed_ms": 41.5, "search_ms": 1.2, "verify_ms": 22.0}


def made_run(
    folder: Path, *, name: str = "made models", models: Mapping[str, float] = MODELS, queries: int = 600,
    mistakes: int = 6, pictures: bool = True,
) -> Path:  # fmt: skip
    """Two tasks for each model; search, verdicts and speed; two parts without figures."""
    for task, dataset in (("copies", "clothing"), ("products", "grocery")):
        for number, (model, skill) in enumerate(models.items()):
            slug = f"{task}-{dataset}-{model.partition('@')[0]}"
            rng = np.random.default_rng([number, len(task)])
            made, judged = made_part(model, skill - 0.2 * (task == "products"), queries, rng)
            made |= {"task": task, "dataset": {"name": dataset, "layout": "made", "notes": []}}
            made["mistakes"] = [made_mistake(folder, slug, one, pictures) for one in range(mistakes)]
            write(folder / "results" / f"{slug}.json", made)
            save_judged(folder / "pairs" / f"{slug}.npz", judged)
    write(folder / "results" / "search-made.json", made_search())
    write(folder / "results" / "verdicts-demo-builtin.json", made_verdicts(folder))
    speed = {
        "task": "speed",
        "model": "builtin@3606f8d1b1a6",
        "metrics": STAGES,
        "settings": {},
        "seconds": 77,
    }
    write(folder / "results" / "speed.json", speed)
    left = {"task": "copies", "model": "clip", "state": "not run", "why": NOT_RUN}
    write(folder / "results" / "copies-clothing-clip.json", left)
    write(folder / "run.json", {**PLAN, "plan": {"name": name}})
    return folder


def made_part(
    model: str, skill: float, queries: int, rng: np.random.Generator
) -> tuple[dict[str, Any], Judged]:
    """One results file and what each query came to, from made answers; every fourth is a distractor."""
    late = np.where(rng.random(queries) < 0.5, rng.integers(1, 9, queries), -1)
    rank = np.where(rng.random(queries) < skill, 0, late)
    kinds = np.array([KINDS[number % len(KINDS)] for number in range(queries)])
    score = np.where(rank == 0, rng.beta(7, 1.5, queries), rng.beta(2, 4, queries))
    distractor = np.arange(queries) % 4 == 3
    score[distractor], rank[distractor] = rng.beta(1.5, 6, int(distractor.sum())), -1
    right, shows, pairs = (rank == 0) & ~distractor, ~distractor, made_ranking(rank, score, distractor)
    by = {kind: plain(retrieval_metrics(pairs.of(kinds == kind), resamples=40)) for kind in KINDS}
    found = {
        "model": model, "seed": 0, "seconds": 41.2, "peak_mib": 612.5, "index_bytes_per_image": 1024,
        "metrics": plain(retrieval_metrics(pairs, resamples=100)),
        "by": {kind: {"queries": queries // len(KINDS), **one} for kind, one in by.items()},
        "settings": {"part": "report", "verify": True, "limit": None, "matching": {"ratio": 0.85}},
        "images_per_second": round(80 * (1.4 - skill), 2), "fingerprints": {"embedder": model},
        "counts": {"references": 1000, "queries": queries, "distractors": int(distractor.sum())},
        "curves": {
            "precision_recall": curve(score, right, int(shows.sum())),
            "reliability": reliability(score, right),
        },
        "scores": {
            "edges": np.linspace(0, 1, 51).tolist(),
            "true": np.histogram(score[right], 50, (0, 1))[0].tolist(),
            "false": np.histogram(score[~right], 50, (0, 1))[0].tolist(),
        },
    }  # fmt: skip
    return found, judged_ranking([f"q{number:04d}" for number in range(queries)], kinds.tolist(), pairs)


def made_ranking(rank: np.ndarray, score: np.ndarray, distractor: np.ndarray) -> Ranking:
    """Ten answers a query, each a little less sure, the true one at `rank`."""
    place = np.tile(np.arange(10), len(rank))
    query = np.repeat(np.arange(len(rank)), 10)
    return Ranking(query, score[query] * 0.95**place, rank[query] == place, (~distractor).astype(np.int64))


def plain(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.round(value, 4).tolist() for name, value in metrics.items()}


def curve(score: np.ndarray, right: np.ndarray, total: int) -> list[list[float]]:
    order = np.argsort(-score)
    taken = np.cumsum(right[order])
    places = np.linspace(0, len(score) - 1, 200).astype(int)
    return [[float(score[order][at]), float(taken[at] / (at + 1)), float(taken[at] / total)] for at in places]


def reliability(score: np.ndarray, right: np.ndarray) -> list[list[float]]:
    bins = np.minimum((score * 10).astype(int), 9)
    full = [bins == one for one in range(10) if (bins == one).any()]
    return [[float(score[one].mean()), float(right[one].mean()), int(one.sum())] for one in full]


def made_mistake(folder: Path, slug: str, number: int, pictures: bool) -> dict[str, Any]:
    """A distractor, a miss or a truth said third, in turn."""
    turn = number % 3
    said = [f"sku-{number if turn == 2 and place == 2 else number + 50 + place}" for place in range(3)]
    names = ["query", "said0", "said1", "said2", *(["truth"] if turn else [])]
    paths = {name: f"mistakes/{slug}/{number:03d}-{name}.jpg" for name in names}
    if pictures:
        for shift, path in enumerate(paths.values()):
            save_jpeg(drawn_photo(number * 7 + shift, (256, 176 + 16 * (number % 5))), folder / path)
    return {
        "query": f"q{4 * number + (0 if turn else 3):04d}", "kind": KINDS[number % len(KINDS)],
        "truth": [f"sku-{number}"] if turn else [],
        "said": [{"reference_id": one, "score": 0.97 - 0.1 * place} for place, one in enumerate(said)],
        "images": {
            "query": paths["query"], "said": [paths[f"said{place}"] for place in range(3)],
            "truth": paths.get("truth"),
        },
    }  # fmt: skip


def made_search() -> dict[str, Any]:
    pace = {20_000: 0.62, 9_000: 0.81, 4_000: 0.92, 1_500: 0.97, 300: 0.995}
    points = [
        {"setting": f"efSearch {2**at}", "recall": recall, "queries_per_second": fast}
        for at, (fast, recall) in enumerate(pace.items(), 3)
    ]
    return {
        "task": "search", "model": "gallery", "dataset": {"name": "100k descriptors"},
        "metrics": {"recall": 0.97}, "settings": {}, "seconds": 60, "curves": {"recall_speed": points},
    }  # fmt: skip


def made_verdicts(folder: Path) -> dict[str, Any]:
    """Whole listings: by signal, with a signal switched off, by kind of listing, and two mistakes."""
    metrics = {
        **with_interval("precision", 0.9, 200),
        **with_interval("recall", 0.8, 200),
        "cost_per_1000": 410.5,
    }
    moved = {"precision": 0.01, "precision_ci": [-0.01, 0.03], "recall": -0.2, "recall_ci": [-0.3, -0.1]}
    picture = "mistakes/verdicts-demo-builtin/000-query.jpg"
    save_jpeg(drawn_photo(3, (256, 256)), folder / picture)
    said = [{"reference_id": "clear Norrvik NV-3", "score": 0.12}]
    return {
        "task": "verdicts", "model": "builtin@3606f8d1b1a6", "dataset": {"name": "demo"}, "metrics": metrics,
        "by": {"copy": {"queries": 40, **with_interval("recall", 0.95, 40)}}, "settings": {}, "seconds": 30,
        "without": {"copy": {"precision": 0.91, "recall": 0.6, "difference": moved, "changed": 12}},
        "by_listing": {"reused photo": {"clear": 2, "counterfeit": 38}, "resale": {"clear": 50, "review": 1}},
        "mistakes": [
            {"query": "L-9", "kind": "reused photo", "truth": ["counterfeit"], "said": said,
             "images": {"query": picture, "said": [None], "truth": None}},
            {"query": "L-8", "kind": "resale", "truth": ["clear"], "said": [], "images": {}},
        ],
    }  # fmt: skip


def with_interval(name: str, value: float, number: int) -> dict[str, Any]:
    half = 1.96 * (value * (1 - value) / number) ** 0.5
    return {name: value, f"{name}_ci": [round(max(value - half, 0), 4), round(min(value + half, 1), 4)]}


def save_jpeg(photo: Image.Image, path: Path) -> None:
    """`photo` with grain, so that it is as large a file as a real one."""
    grain = np.random.default_rng(photo.height).integers(-9, 9, (photo.height, photo.width, 1))
    pixels = np.clip(np.asarray(photo).astype(int) + grain, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=80)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out.getvalue())


def write(path: Path, content: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
