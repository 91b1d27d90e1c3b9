"""A peer answers from its own process; one that cannot run says why, in one line, and ends nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.peers.environments import NotRunError, peer_named
from benchmarks.peers.finder import PeerFinder, PeerProcess, peer_finder
from benchmarks.peers.registry import PEERS, Peer
from matcher.config import ImageSettings
from matcher.errors import UsageError
from matcher.images import Picture, decode
from tests.benchmarks.drawings import drawn_photo

RANKING = [peer.name for peer in PEERS.values() if peer.gives == "ranking"]

STAND_IN = '''
class Odd:
    """Counts grey levels; its index fails on request."""
    def __init__(self, argument):
        from benchmarks.peers.engine import NotAvailableError
        if argument == "no weights":
            raise NotAvailableError("its weights are not at hand")
        if argument == "dies":
            raise SystemExit("out of paper")
        print("a library that talks")
        self.rows = []
    def settings(self): return {"levels": 256}
    def add(self, pixels): self.rows.append(int(pixels.sum()))
    def build(self): pass
    def find(self, pixels, k):
        if k == 13:
            raise ArithmeticError("thirteen\\nneighbours")
        if k == 14:
            import os; os._exit(3)
        order = sorted((abs(row - int(pixels.sum())), i) for i, row in enumerate(self.rows))
        return [(i, 1 / (1 + far)) for far, i in order[:k]]
    def index_bytes(self): return 8 * len(self.rows)
'''


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Peer:
    """A peer whose engine stands in a module of the test."""
    (tmp_path / "odd_engine.py").write_text(STAND_IN)
    (tmp_path / "sitecustomize.py").write_text(
        f"import benchmarks.peers; benchmarks.peers.__path__.append({str(tmp_path)!r})"
    )
    root = Path(__file__).parents[3]
    monkeypatch.setattr("benchmarks.peers.environments.ROOT", f"{tmp_path}{os.pathsep}{root}")
    return Peer("odd", "a stand-in", "none", "odd_engine:Odd", thresholds=(("all", 0.5),))


@pytest.fixture
def pictures() -> list[Picture]:
    return [picture_of(drawn_photo(number)) for number in range(6)]


def picture_of(image: Image.Image) -> Picture:
    import io

    file = io.BytesIO()
    image.save(file, "PNG")
    return decode(file.getvalue(), "drawn", ImageSettings())


@pytest.fixture
def started(odd: Peer) -> Iterator[PeerFinder]:
    finder = PeerFinder(odd)
    yield finder
    finder.close()


def test_a_peer_takes_references_in_and_finds_them_again(
    started: PeerFinder, pictures: list[Picture]
) -> None:
    started.fit(pictures)
    found = started.find(pictures[4], 3)
    assert (found[0].reference, found[0].score, len(found)) == (4, 1.0, 3)
    assert started.describe() == {"model": "peer:odd", "licence": "none", "levels": 256}
    costs = started.costs()
    assert costs["index_bytes_per_image"] == 8.0
    assert set(costs) >= {"peak_mib", "lookups_per_second", "references_per_second"}


def test_fitting_again_forgets_what_was_fitted(started: PeerFinder, pictures: list[Picture]) -> None:
    started.fit(pictures)
    started.fit(pictures[:2])
    assert len(started.find(pictures[0], 10)) == 2


def test_what_goes_wrong_inside_is_one_line_here(started: PeerFinder, pictures: list[Picture]) -> None:
    started.fit(pictures)
    with pytest.raises(UsageError, match="peer odd: ArithmeticError: thirteen neighbours"):
        started.find(pictures[0], 13)
    assert started.find(pictures[0], 1)[0].reference == 0
    with pytest.raises(UsageError, match="peer odd: ended with code 3"):
        started.find(pictures[0], 14)


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("no weights", "peer odd cannot run: its weights are not at hand"),
        ("dies", "ended with code 1: out of paper"),
    ],
)
def test_a_peer_that_cannot_start_says_why(odd: Peer, argument: str, reason: str) -> None:
    with pytest.raises(NotRunError, match=reason):
        PeerProcess(replace(odd, argument=argument))


def test_a_peer_whose_packages_are_missing_says_how_to_get_them(odd: Peer, tmp_path: Path) -> None:
    lacking = replace(odd, imports=("numpy", "no_such_library"), environment="pdq")
    with pytest.raises(NotRunError) as error:
        PeerFinder(lacking, tmp_path / "nowhere")
    assert error.value.reason == "no_such_library not installed; python -m benchmarks peers setup pdq"


def test_a_peer_for_a_newer_python_says_so(odd: Peer, tmp_path: Path) -> None:
    with pytest.raises(NotRunError, match=r"Python 3\.99 not installed"):
        PeerFinder(replace(odd, environment="immaculate", python=(3, 99)), tmp_path)


def test_a_peer_without_a_ranking_is_no_finder() -> None:
    with pytest.raises(NotRunError, match="it gives groups, no ranking"):
        peer_finder("immaculate-pdq")


def test_an_unknown_peer_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="no such peer; there are imagededup-phash"):
        peer_named("peer:tineye")
    with pytest.raises(UsageError, match="takes no argument"):
        peer_named("orb:fast")
    assert peer_named("peer:clip-retrieval:RN50/some.pt").argument == "RN50/some.pt"


@pytest.mark.parametrize("name", RANKING)
def test_each_peer_that_is_installed_finds_a_photo_among_others(
    name: str, pictures: list[Picture], tmp_path: Path
) -> None:
    try:
        finder = peer_finder(name)
    except NotRunError as error:
        pytest.skip(str(error))
    try:
        textured = [noisy(number) for number in range(6)]
        finder.fit(textured)
        found = finder.find(textured[2], 3)
        assert found[0].reference == 2
        assert 0.5 < found[0].score <= 1
        assert 0 < len(found) <= 3
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
        assert finder.find(textured[2], 3) == found
        bytes_an_image = finder.costs()["index_bytes_per_image"]
        assert isinstance(bytes_an_image, float)
        assert bytes_an_image > 0
    finally:
        finder.close()


def noisy(number: int) -> Picture:
    """A drawn photo with texture, so that there are keypoints."""
    photo = np.asarray(drawn_photo(number, (240, 192)), np.int16)
    noise = np.random.default_rng(number).integers(-40, 40, (24, 30, 1))
    return picture_of(
        Image.fromarray((photo + noise.repeat(8, 0).repeat(8, 1)).clip(0, 255).astype(np.uint8))
    )


def test_a_finder_of_its_own_environment_is_asked_for_there(odd: Peer, tmp_path: Path) -> None:
    environment = tmp_path / "peers" / "pdq" / "bin"
    environment.mkdir(parents=True)
    (environment / "python").symlink_to(sys.executable)
    finder = PeerFinder(replace(odd, environment="pdq"), tmp_path / "peers")
    finder.close()
