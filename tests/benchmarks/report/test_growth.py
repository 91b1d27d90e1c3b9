"""What grows is drawn: indexes over descriptors, stages over references and over a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.report.folder import read_run
from benchmarks.report.groups import grouped
from benchmarks.report.growth import search_growth, sweeps
from benchmarks.report.markdown import markdown
from benchmarks.report.page import write_page
from tests.benchmarks.report.made_run import write

PACE = {"gallery": {1000: 900.0, 4000: 300.0, 16000: 80.0}, "peer:faiss-hnsw": {1000: 5000.0, 16000: 4000.0}}
STAGES = {
    "decode_ms": 9.0, "decode_per_second": 111.0, "embed_ms": 22.0, "embed_batch_4_ms": 30.0,
    "search_among_100_ms": 1.0,
}  # fmt: skip


def searched(folder: Path) -> Path:
    """A run of two indexes; the peer was not measured over 4,000 descriptors."""
    for model, by in PACE.items():
        for count, pace in by.items():
            found = {
                "task": "search", "model": model, "dataset": {"name": f"made-{count}"}, "seconds": 1,
                "metrics": {"queries_per_second": pace, "recall": 0.96, "build_seconds": count / 1000},
                "settings": {"descriptors": count}, "peak_mib": 40 + count / 100,
            }  # fmt: skip
            write(folder / "results" / f"search-{model.removeprefix('peer:')}-{count}.json", found)
    return folder


def test_each_index_is_a_line_over_the_descriptors(tmp_path: Path) -> None:
    found = search_growth(read_run(searched(tmp_path)).done)
    assert found is not None
    assert found.counts == (1000, 4000, 16000)
    by_model = {row.model: [part is not None for part in parts] for row, parts in found.rows}
    assert by_model == {"gallery": [True, True, True], "peer:faiss-hnsw": [True, False, True]}
    assert [one.title for one in found.figures] == ["Queries a second", "Time to build", "Memory"]
    assert "gallery, 4,000 descriptors: 300 queries/s at recall 0.960" in found.figures[0].svg


def test_one_number_of_descriptors_does_not_grow(tmp_path: Path) -> None:
    run = read_run(searched(tmp_path))
    assert search_growth([part for part in run.done if part.settings["descriptors"] == 1000]) is None


def test_the_page_and_the_markdown_tell_of_it_in_rising_order(tmp_path: Path) -> None:
    run = read_run(searched(tmp_path))
    write_page(tmp_path / "page.html", run)
    page = (tmp_path / "page.html").read_text()
    assert "How search grows" in page
    assert "2 indexes over 1,000 to 16,000 descriptors" in page
    assert [group.dataset for group in grouped(run.done)] == ["made-1000", "made-4000", "made-16000"]
    lines = markdown(tmp_path).splitlines()
    assert "| peer:faiss-hnsw | 5,000 (0.960) | – | 4,000 (0.960) |" in lines


def test_sweeps_are_drawn_and_stages_stand_in_the_order_of_a_photo(tmp_path: Path) -> None:
    speed: dict[str, Any] = {
        "task": "speed", "model": "builtin@3606f8d1b1a6", "metrics": STAGES, "settings": {}, "seconds": 77,
        "curves": {"embed_by_batch": [[1, 22.0], [4, 30.0]], "search_by_references": [[100, 1.0], [900, 3.0]],
                   "vote_by_references": [[100, 2.0], [900, 7.0]], "other": [[1, 2]]},
    }  # fmt: skip
    write(tmp_path / "results" / "speed.json", speed)
    (group,) = grouped(read_run(tmp_path).done)
    assert (group.stages, group.columns) == (("decode", "embed"), ("seconds",))
    drawn = {one.title: [row.label for row in one.rows] for one in sweeps(group)}
    assert drawn == {"Time and references": ["search", "vote"], "Time and batch": ["embed"]}
    assert "| decode | 9.00 (111) |" in markdown(tmp_path)
    write_page(tmp_path / "page.html", read_run(tmp_path))
    page = (tmp_path / "page.html").read_text()
    assert "vote, 900 references: 7 ms a photo" in page
    assert ">embed batch 4 ms<" not in page


def test_what_is_no_curve_is_passed_over(tmp_path: Path) -> None:
    curves = {"embed_by_batch": [[0, 1.0], ["a", 2], 7, [4]], "vote_by_references": {"a": 1}}
    speed = {"task": "speed", "model": None, "metrics": STAGES, "settings": {}, "curves": curves}
    write(tmp_path / "speed.json", speed)
    (group,) = grouped(read_run(tmp_path).done)
    assert list(sweeps(group)) == []
    assert "| speed.json |" in markdown(tmp_path)
