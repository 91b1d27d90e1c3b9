"""A plan of one part, for tests of the tasks."""

from __future__ import annotations

from pathlib import Path

from benchmarks.plan import PlannedPart, load_plan, parts_of

PLAN = """
name = "peers"
resamples = 5
[models.one]
finder = "{finder}"
settings = {{ models = {{ text = "{text}" }} }}
[sets.photos]
path = "photos"
options = {{ {options} }}
[[run]]
tasks = ["{task}"]
models = ["one"]
sets = ["photos"]
"""


def part(folder: Path, task: str, finder: str, options: str, *, text: str = "rapidocr") -> PlannedPart:
    """The only part of a plan for `task` on the folder `photos` in `folder`."""
    path = folder / "plan.toml"
    path.write_text(PLAN.format(task=task, finder=finder, options=options, text=text))
    (only,) = parts_of(load_plan(path), str(path), folder, folder)
    return only
