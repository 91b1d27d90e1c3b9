"""The task `text` as part of a plan."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from benchmarks.options import Options, read_options
from benchmarks.plan import PlannedPart
from benchmarks.tasks import Mistake, Outcome, Tell
from benchmarks.text.chosen import chosen_set
from benchmarks.text.measuring import Answer, read_set, text_results
from matcher.assembly import build_text_reader
from matcher.errors import UsageError

TRUTH = Path(__file__).parents[1] / "truth"


class TextOptions(Options):
    """What a set's `options` may say; tables are paths from the set's folder, or lie in benchmarks/truth."""

    brands: tuple[str, ...] = ()
    truth: str = ""
    alarms_only: bool = False
    drawn: int = Field(1000, ge=1)
    title: str = ""


def measure_part(part: PlannedPart, tell: Tell) -> Outcome:
    """Raises UsageError for an option it has not, a table that is not there, or where nothing reads text."""
    options = read_options(TextOptions, part.set.options, part.set_name)
    reader = build_text_reader(part.settings.models)
    if reader is None:
        raise UsageError("models.text is 'none': the task text needs a reader; set it to rapidocr")
    found = chosen_set(
        part.folder,
        brands=[_table(part, name) for name in options.brands],
        truth=_table(part, options.truth) if options.truth else None,
        alarms_only=options.alarms_only,
        drawn=options.drawn,
        seed=part.seed,
        part=part.set.part,
        limit=part.set.limit,
    )
    answers = read_set(found, reader, part.settings.images, options.title, tell)
    results = text_results(found, answers, resamples=part.resamples, seed=part.seed)
    results["fingerprints"] = {"text": reader.fingerprint}
    results["settings"] = {
        **options.model_dump(mode="json"),
        "part": part.set.part,
        "models": part.settings.models.model_dump(mode="json"),
    }
    wrong = [_mistake(answer) for answer in answers if answer.alarms or answer.wrong]
    return Outcome(results, None, tuple(wrong[: part.mistakes]))


def _table(part: PlannedPart, name: str) -> Path:
    """A table beside the photos, or one that comes with the benchmarks."""
    beside = part.folder / name
    return beside if beside.is_file() or not (TRUTH / name).is_file() else TRUTH / name


def _mistake(answer: Answer) -> Mistake:
    told = (*answer.alarms, *answer.wrong)
    said = tuple((f"{one.brand}: {one.detail['text']}", one.score) for one in told)
    return Mistake(
        answer.case.name,
        "near miss" if answer.alarms else "wordmark",
        tuple(sorted(answer.case.brands)),
        said[:3],
        answer.case.blob,
    )
