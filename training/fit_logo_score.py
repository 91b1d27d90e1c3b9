"""Fits the score of a logo on made scenes and plain photos, with galleries from ten logos to thousands.

`python -m training.fit_logo_score --models FOLDER --logos DIR… --photos DIR… --plain DIR… --out FOLDER`
reads the graphs in the folder of models and writes `logo-score.json` and `logo-background.npy`. The logos are
parted by hash: half may be catalogued, a quarter are strangers that scenes show and no gallery holds, a
quarter make the background. Every size of gallery counts the same, so that the score learns what a larger
one does to it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from benchmarks.box_metrics import overlaps
from benchmarks.datasets import distinct, image_paths
from benchmarks.logos.cases import LogoCase, Reference, part_of_logo, read_logos, without_logos
from benchmarks.logos.looking import Shelf
from benchmarks.logos.scenes import made_scenes
from matcher.assembly import build_logo_models
from matcher.config import Settings
from matcher.errors import ImageError, UsageError
from matcher.images import decode, decode_legible
from matcher.logo_likeness import BACKGROUND, FEATURES, SCORE, load_logo_scorer
from matcher.logo_matching import LogoCandidate, LogoModels
from matcher.models import Descriptors, Pixels

Use = Literal["catalog", "stranger", "background"]
HIT, MISS = 0.5, 0.1
"""Overlap (intersection over union) with a true box from which a region shows its logo; below, not."""
REGIONS_A_PHOTO = 2
EXPECTED = (4.0, 6.0, 5.0, 4.0, 2.0, -0.4, 1.0, 0.3, -0.5, 0.5, -8.0)
"""What each feature should weigh, set by hand: of few true regions, what they tell little of stays so."""


@dataclass(frozen=True)
class Rows:
    """Feature rows (n, features), whether each region held the logo, and the weight each row has."""

    rows: NDArray[np.float64]
    true: NDArray[np.bool_]
    weight: NDArray[np.float64]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    options = parser().parse_args(arguments)
    settings = Settings()
    chosen = settings.models.model_copy(
        update={"logo": f"onnx:{options.models}", "logo_least": options.least}
    )
    settings = settings.model_copy(update={"models": chosen})
    models = build_logo_models(chosen)
    if models is None:
        raise UsageError(f"{options.models}: holds no logo models")
    parts = parted(read_logos(options.logos, settings.images))
    options.out.mkdir(parents=True, exist_ok=True)
    vectors = background(parts["background"], options.plain, models, settings, options.background)
    np.save(options.out / BACKGROUND, vectors.astype(np.float16))
    scorer = replace(
        load_logo_scorer(options.models, dims=models.embedder.dims),
        background=vectors.astype(np.float16).astype(np.float32),
    )
    found = collect(parts, options, replace(models, scorer=scorer), settings)
    written = {
        "note": f"Fitted by training/fit_logo_score.py for {models.embedder.name}.",
        "features": list(FEATURES),
        "logo": fit(found),
    }
    (options.out / SCORE).write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(f"{options.out / SCORE}: {len(found.true)} regions, {int(found.true.sum())} true")


def fit(found: Rows) -> list[float]:
    """Logistic regression's weights, the constant last, each of the sign that `EXPECTED` gives it.

    A sign against reason would be chance: that among more logos a region is surer to show the nearest.
    """
    expected = np.array(EXPECTED)
    rows = np.column_stack([found.rows, np.ones(len(found.rows))])
    sides = np.where(found.true, 1.0, -1.0)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = sides * (rows @ weights)
        off = weights - expected
        slopes = -found.weight * sides * expit(-margins)
        value = found.weight @ np.logaddexp(0, -margins) + 0.5 * off @ off
        return float(value), rows.T @ slopes + off

    bounds = [(0, None) if weight > 0 else (None, 0) for weight in EXPECTED]
    solved = minimize(loss, expected, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 5000})
    return [round(float(weight), 5) for weight in solved.x]


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--models", type=Path, required=True, help="folder of the two graphs")
    made.add_argument("--logos", type=Path, nargs="+", required=True, help="images of logos, a file a brand")
    made.add_argument("--photos", type=Path, nargs="+", required=True, help="photos that logos are laid on")
    made.add_argument("--plain", type=Path, nargs="+", required=True, help="photos without any logo")
    made.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000], help="logos in a gallery")
    made.add_argument("--scenes", type=int, default=300, help="scenes for each size and folder of photos")
    made.add_argument(
        "--plain-photos", type=int, default=300, help="plain photos of each folder for each size"
    )
    made.add_argument("--background", type=int, default=2000, help="descriptors kept as the background")
    made.add_argument(
        "--least", type=float, default=0.1, help="the least score of a region, as models.logo_least"
    )
    made.add_argument("--seed", type=int, default=1, help="of the scenes; the benchmark reports on seed 0")
    made.add_argument("--out", type=Path, required=True)
    return made


def parted(logos: Sequence[Reference]) -> dict[Use, list[Reference]]:
    """Half of the logos for catalogs, a quarter as strangers, a quarter for the background, by hash."""
    uses: tuple[Use, ...] = ("catalog", "catalog", "stranger", "background")
    found: dict[Use, list[Reference]] = {"catalog": [], "stranger": [], "background": []}
    for one in logos:
        found[uses[part_of_logo(one.brand, len(uses))]].append(one)
    missing = next((use for use, some in found.items() if not some), None)
    if missing:
        raise UsageError(f"--logos: {len(logos)} images leave none as {missing}; name more")
    return found


def background(
    logos: Sequence[Reference], plain: Sequence[Path], models: LogoModels, settings: Settings, count: int
) -> Descriptors:
    """Descriptors of logos and of what is taken for one in plain photos, half and half, (n, dims)."""
    marks = np.concatenate([models.embedder.embed_references([one.pixels])[0] for one in logos])
    chosen = np.linspace(0, len(marks) - 1, min(len(marks), count // 2)).round().astype(np.int64)
    found = [marks[chosen]]
    room = count - len(chosen)
    for photo in _photos(plain, settings):
        if room <= 0:
            break
        (boxes,) = models.detector.detect([photo])
        regions = [box.region for box in boxes[: min(REGIONS_A_PHOTO, room)]]
        (described,) = models.embedder.embed_regions([photo], [regions])
        found.append(described)
        room -= len(described)
    return np.concatenate(found)


def collect(
    parts: dict[Use, list[Reference]], options: argparse.Namespace, models: LogoModels, settings: Settings
) -> Rows:
    """Every candidate that is proposed for any region, under a gallery of each size."""
    rows: list[NDArray[np.float64]] = []
    true: list[bool] = []
    weight: list[float] = []
    for size in options.sizes:
        catalog = parts["catalog"][:size]
        before = len(rows)
        with TemporaryDirectory(prefix="matcher-logos-") as folder:
            shelf = Shelf(Path(folder), catalog, models, settings)
            for case in _cases(catalog, parts["stranger"], options, settings):
                for candidate, right in _judged(case, shelf, models, settings):
                    rows.append(candidate.comparison.features())
                    true.append(right)
        weight += [1000 / max(1, len(rows) - before)] * (len(rows) - before)
        print(f"gallery of {len(catalog)}: {len(rows) - before} candidates", flush=True)
    if not any(true) or all(true):
        raise UsageError("the scenes gave no region that shows a catalogued logo, or none that does not")
    return Rows(np.array(rows), np.array(true), np.array(weight))


def _cases(
    catalog: Sequence[Reference],
    strangers: Sequence[Reference],
    options: argparse.Namespace,
    settings: Settings,
) -> Iterator[LogoCase]:
    """Scenes of catalogued logos and strangers, then plain photos."""
    shown = [*catalog[: max(len(strangers), 10)], *strangers]
    for folder in options.photos:
        yield from made_scenes(
            folder, shown, settings.images, count=options.scenes, seed=options.seed, part="tune"
        ).cases
    for folder in options.plain:
        yield from without_logos(folder, (), part="tune").cases[: options.plain_photos]


def _judged(
    case: LogoCase, shelf: Shelf, models: LogoModels, settings: Settings
) -> Iterator[tuple[LogoCandidate, bool]]:
    """Candidates that surely show the logo or surely do not; what overlaps it by half is left out."""
    try:
        picture = decode_legible(case.blob(), case.name, settings.images)
    except (ImageError, OSError):
        return
    pixels = picture.pixels
    (boxes,) = models.detector.detect([pixels])
    (described,) = models.embedder.embed_regions([pixels], [[box.region for box in boxes]])
    scale = pixels.shape[1] / picture.width
    for candidate in shelf.matcher.compare(pixels, boxes, described):
        brand = shelf.brands[candidate.image_id]
        own = [(one.x1, one.y1, one.x2, one.y2) for one in case.boxes if one.brand == brand]
        shared = overlaps(np.array([candidate.region]), np.array(own, np.float64).reshape(-1, 4) * scale)
        best = float(shared.max(initial=0.0))
        if best >= HIT or best < MISS:
            yield candidate, best >= HIT


def _photos(folders: Sequence[Path], settings: Settings) -> Iterator[Pixels]:
    for folder in folders:
        for path in distinct(image_paths(folder)):
            try:
                yield decode(path.read_bytes(), str(path), settings.images).pixels
            except (ImageError, OSError):
                continue


if __name__ == "__main__":
    main()
