"""Import, galleries and scan, killed again and again at random moments, end as if nothing had happened."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from matcher.assembly import build_galleries
from matcher.catalog import image_facts, live_images, verify_catalog
from matcher.workspace import Workspace
from tests.matcher import drawn, scanned
from tests.matcher.catalog.made import IDS, TIMES, dump
from tests.matcher.drawn import SETTINGS

LEFT_OUT = IDS | TIMES | {"out", "manifest", "settings", "listing_row", "photo_id", "verdict_id", "scan_id"}


@dataclass(frozen=True)
class Places:
    """Where one run works."""

    root: Path

    @property
    def all(self) -> tuple[Path, Path, Path, Path]:
        """Workspace, catalogs, listings and outputs."""
        folder = self.root / "workspace"
        return folder, drawn.catalogs_folder(), self.root.parent / "listings" / "listings.csv", self.out

    @property
    def out(self) -> Path:
        return self.root / "out"


@dataclass(frozen=True)
class Undisturbed:
    """A run that nobody killed, and how many seconds it took."""

    places: Places
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    root = tmp_path_factory.mktemp("kills")
    scanned.write_listings(root / "listings")
    places = Places(root / "undisturbed")
    return Undisturbed(places, scanned.finished("everything", *places.all))


def state(places: Places) -> dict[str, object]:
    """Database, galleries and outputs, without what may differ between two equal histories."""
    with Workspace.open(places.all[0], SETTINGS) as workspace:
        galleries = build_galleries(workspace)
        gallery, votes = galleries.open()
        with workspace.database.read() as connection:
            names = {
                fact.image_id: (fact.brand, fact.reference_id, fact.content_hash)
                for fact in image_facts(connection)
            }
            report = verify_catalog(
                connection,
                workspace.store,
                descriptors=galleries.embedder.fingerprint,
                keypoints=galleries.detector.fingerprint,
            )
            live = sorted(image.content_hash for image in live_images(connection))
        assert report.problems == ()
        assert galleries.verify() == []
        stored = gallery.vectors(gallery.ids())
        return {
            "database": dump(workspace.database, LEFT_OUT),
            "images": live,
            "vectors": sorted(
                (names[i], vector.tobytes())
                for i, vector in zip(stored.ids.tolist(), stored.vectors, strict=True)
            ),
            "voters": sorted(names[i] for i in votes.ids().tolist()),
            "outputs": scanned.files(places.out),
        }


def test_an_undisturbed_run_can_be_run_again(undisturbed: Undisturbed) -> None:
    before = state(undisturbed.places)
    scanned.finished("everything", *undisturbed.places.all)
    assert state(undisturbed.places) == before


@pytest.mark.parametrize("moments", [6, pytest.param(30, marks=pytest.mark.slow)])
def test_killed_at_random_moments_and_run_again_it_ends_the_same(
    undisturbed: Undisturbed, moments: int
) -> None:
    places = Places(undisturbed.places.root.with_name(f"killed-{moments}"))
    chance = random.Random(moments)
    shares = [(number + chance.random()) / moments for number in range(moments)]
    chance.shuffle(shares)
    killed = 0
    for share in shares:
        if scanned.killed_after(undisturbed.seconds * (0.15 + 0.85 * share), "everything", *places.all):
            killed += 1
            continue
        # It came to its end in spite of all kills: compare, and begin anew.
        assert state(places) == state(undisturbed.places)
        shutil.rmtree(places.root)
    scanned.finished("everything", *places.all)
    assert killed > 0
    assert state(places) == state(undisturbed.places)


@pytest.mark.parametrize(
    "point",
    [
        "import:batch-stored",
        "features:committed",
        "index:manifest-renamed:3",
        pytest.param("images:renamed:3", marks=pytest.mark.slow),
        pytest.param("import:batch-written", marks=pytest.mark.slow),
        pytest.param("index:segment-written", marks=pytest.mark.slow),
    ],
)
def test_killed_at_a_commit_point_of_import_and_galleries_it_ends_the_same(
    undisturbed: Undisturbed, point: str
) -> None:
    places = Places(undisturbed.places.root.with_name(f"at-{point.replace(':', '-')}"))
    assert scanned.killed_at(point, "everything", *places.all)
    scanned.finished("everything", *places.all)
    assert state(places) == state(undisturbed.places)
