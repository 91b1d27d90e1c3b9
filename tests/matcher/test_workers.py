"""Workers give every item its result in order; one that hangs, raises or dies costs that item alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import ScanError
from matcher.workers import Lost, Workers
from tests.matcher import worker_jobs


@contextmanager
def workers(make: Any, *arguments: Any, count: int = 1, item_seconds: float = 30.0) -> Iterator[Workers]:
    made = Workers(count, make, arguments, item_seconds=item_seconds)
    try:
        yield made
    finally:
        made.close()


def results(made: Workers, chunks: Iterable[list[int]]) -> list[Any]:
    """Every item's result; a chunk comes with its own items and as many results."""
    found = []
    for items, given in made.run(chunks):
        assert len(items) == len(given)
        found += given
    return found


CHUNKS = [[0, 1, 2], [3], [4, 5], [], [6, 7, 8, 9]]


def test_results_come_in_order_and_chunks_are_read_only_a_little_ahead() -> None:
    read: list[int] = []

    def chunks() -> Iterator[list[int]]:
        for number in range(40):
            read.append(number)
            yield [number, number + 100]

    with workers(worker_jobs.doubling, count=2) as made:
        for place, (items, given) in enumerate(made.run(chunks())):
            assert items == [place, place + 100]
            assert given == [2 * place, 2 * place + 200]
            assert len(read) <= place + 5
    assert len(read) == 40


def test_no_chunk_and_empty_chunks_are_fine() -> None:
    with workers(worker_jobs.doubling) as made:
        assert results(made, []) == []
        assert results(made, CHUNKS) == list(range(0, 20, 2))
        assert results(made, CHUNKS) == list(range(0, 20, 2))


@pytest.mark.parametrize(
    ("kind", "attempts", "reason"),
    [
        pytest.param("raise", 1, "ValueError: cannot be done", id="raises"),
        pytest.param("encoder", 1, "OSError: encoder error -2", id="cannot-be-written"),
        pytest.param("photo", 1, "ImageError: a.png: is truncated", id="bad-photo"),
        pytest.param("blank", 1, "DescriptorError: model clip: gives", id="no-descriptor"),
        pytest.param("kill", 2, "died over it twice", id="kills-its-process"),
        pytest.param("exit", 2, "died over it twice", id="ends-its-process"),
        pytest.param("sleep", 1, r"took longer than 1 seconds (scan.listing_timeout_seconds)", id="hangs"),
    ],
)
@pytest.mark.parametrize("trouble", [0, 5])
def test_a_bad_item_is_lost_and_the_others_are_done(
    tmp_path: Path, kind: str, attempts: int, reason: str, trouble: int
) -> None:
    with workers(worker_jobs.troubled, trouble, kind, str(tmp_path), item_seconds=1.0) as made:
        found = results(made, CHUNKS)
    lost = found.pop(trouble)
    assert isinstance(lost, Lost)
    assert reason in lost.reason
    assert "\n" not in lost.reason
    assert found == [2 * item for item in range(10) if item != trouble]
    assert len(list(tmp_path.iterdir())) == attempts


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("store", "image store images: No space left on device; mend it and run again with --resume"),
        ("spool", "temporary file in tmp: Disk quota exceeded; mend it and run again with --resume"),
        ("full disk", "No space left on device; mend it and run again with --resume"),
        ("bad disk", "images.feather: Input/output error; mend it and run again with --resume"),
        ("handles", "Too many open files; allow more .* and run again with --resume"),
        ("memory", "ran out of memory; .* fewer --workers, and run again with --resume"),
        ("native memory", "ran out of memory .*bad_alloc.*--resume"),
        ("threads", "can't start new thread; .*--resume"),
        ("gallery", "gallery descriptors: s1-index is damaged; .*--resume"),
        ("model", "model rapidocr: rec.onnx cannot be read: .*--resume"),
    ],
)
def test_trouble_of_the_machine_ends_the_run_instead_of_losing_every_item(
    tmp_path: Path, kind: str, said: str
) -> None:
    with (
        workers(worker_jobs.troubled, 4, kind, str(tmp_path)) as made,
        pytest.raises(ScanError, match=said) as raised,
    ):
        results(made, CHUNKS)
    assert "\n" not in str(raised.value)


def test_an_item_whose_worker_dies_once_is_tried_again(tmp_path: Path) -> None:
    with workers(worker_jobs.killed_once, str(tmp_path), count=2) as made:
        assert results(made, CHUNKS) == list(range(0, 20, 2))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("raise", "cannot"),
        ("kill", "killed as it started .signal 9., as when memory runs out; .*fewer --workers.*--resume"),
        ("exit", "exit code 3.*see the lines above"),
        ("sleep", "not ready within 0.5 seconds; .*fewer --workers.*--resume"),
    ],
)
def test_workers_that_cannot_start_end_the_run(kind: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "sleep":
        monkeypatch.setattr("matcher.workers.READY_SECONDS", 0.5)
    with (
        workers(worker_jobs.unstartable, kind, count=2) as made,
        pytest.raises(ScanError, match=said) as raised,
    ):
        results(made, CHUNKS)
    assert "\n" not in str(raised.value)


def test_no_more_processes_start_than_there_are_chunks() -> None:
    with workers(worker_jobs.doubling, count=99) as made:
        assert results(made, [[0, 1], [], [2]]) == [0, 2, 4]
        assert len(made._workers) == 2
        assert results(made, [[0], [1], [2]]) == [0, 2, 4]
        assert len(made._workers) == 3


def test_closing_leaves_no_process(tmp_path: Path) -> None:
    with workers(worker_jobs.naming, "", count=2) as made:
        running = made.run([[number] for number in range(8)])
        names = {name for _, (name,) in running}
        assert names
        assert os.getpid() not in names
    for name in names:
        with pytest.raises(ProcessLookupError):
            os.kill(name, 0)


def test_closing_in_the_midst_of_an_item_does_not_wait_for_it(tmp_path: Path) -> None:
    with workers(worker_jobs.troubled, 1, "sleep", str(tmp_path)) as made:
        running = made.run([[0], [1]])
        assert next(running) == ([0], [0])
    assert not any(worker.process.is_alive() for worker in made._workers)


def test_workers_compute_on_one_thread_each_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with workers(worker_jobs.counting_threads) as made:
        assert results(made, [[0]]) == ["1"]
    assert "OPENBLAS_NUM_THREADS" not in os.environ
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    with workers(worker_jobs.counting_threads) as made:
        assert results(made, [[0]]) == ["3"]
