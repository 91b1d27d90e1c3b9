"""Import, index build and scan on the command line, killed and given again, end as if nothing had happened.

Programs and their workers die at named commit points and at moments that a seed gives. A few by default; with
the variable `MATCHER_KILLS=full` at every named commit point, and at 30 moments.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
import pytest

from matcher.faults import VARIABLE
from tests.matcher import drawn, scanned
from tests.matcher.commands.conftest import matcher
from tests.matcher.service.test_jobs import TOML
from tests.matcher.test_kills import Places, state

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
FULL = os.environ.get("MATCHER_KILLS") == "full"
SEED = int(os.environ.get("MATCHER_KILLS_SEED", "7"))
MOMENTS = (
    {"import": 6, "change": 6, "rebuild": 5, "compact": 3, "scan": 10} if FULL else {"import": 1, "scan": 2}
)
"""How many kills at random moments, by command."""
NOT_PASSED = (
    "purge:",
    "backup:",
    "restore:",
    "upload:",
    "job:",
    "webhook:",
    "idempotency:",
    "redis:",
    "watch:",
)
"""Points of other work, which have kills of their own in its tests."""
FEW = ("index:spool-written", "scan:rows-written")
Whom = Literal["group", "program", "worker"]


def named_points() -> list[str]:
    """Every commit point that the sources name, but those of other work."""
    text = "".join(
        path.read_text("utf-8") for top in ("matcher", "indexes") for path in (ROOT / top).rglob("*.py")
    )
    found = sorted(set(re.findall(r'commit_point\("([^"]+)"\)', text)))
    return [one for one in found if not one.startswith(NOT_PASSED)]


@dataclass
class Shop:
    """A workspace, the tables that come, and the commands that take them in."""

    root: Path
    tables: Path

    @property
    def places(self) -> Places:
        return Places(self.root)

    @property
    def commands(self) -> dict[str, list[str]]:
        """In the order in which they are given; each may be given again."""
        shop, changed = self.tables / "shop" / "catalog.csv", self.tables / "changed" / "catalog.csv"
        listings = self.tables / "listings" / "listings.csv"
        return {
            "import": ["catalog", "import", str(shop), "--brand", "Aurelio"],
            "change": ["catalog", "import", str(changed), "--brand", "Aurelio"],
            "rebuild": ["index", "rebuild"],
            "compact": ["index", "compact"],
            "scan": ["scan", str(listings), "--out", str(self.places.out), "--resume", "--workers", "2"],
        }  # fmt: skip

    def make(self) -> None:
        workspace = self.root / "workspace"
        workspace.mkdir(parents=True)
        (workspace / "matcher.toml").write_text(TOML, encoding="utf-8")
        made = matcher(workspace, "brand", "add", "Aurelio", "--licensed-seller", drawn.LICENSED)
        assert made.exit_code == 0, made.output

    def start(self, step: str, kill_at: str = "") -> subprocess.Popen[str]:
        """The command in a process group of its own."""
        program = [sys.executable, "-c", "from matcher.cli import main; main()"]
        return subprocess.Popen(
            [*program, "--workspace", str(self.root / "workspace"), *self.commands[step]],
            cwd=ROOT, env=os.environ | {VARIABLE: kill_at}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, start_new_session=True,
        )  # fmt: skip

    def ends(self, step: str) -> float:
        """Give the command and let it end; the seconds it took."""
        began = time.monotonic()
        running = self.start(step)
        _, said = running.communicate(timeout=300)
        # Some listings are bad on purpose, which a scan tells by its exit code.
        assert running.returncode == (1 if step == "scan" else 0), said
        return time.monotonic() - began

    def verified(self) -> list[str]:
        """What `catalog verify` has to note; it finds no problem."""
        found = json.loads(matcher(self.root / "workspace", "catalog", "verify", "--json").stdout)
        assert found["problems"] == []
        notes: list[str] = found["notes"]
        return notes


@dataclass(frozen=True)
class Undisturbed:
    """A shop whose commands nobody killed, and how many seconds each took."""

    shop: Shop
    seconds: dict[str, float]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    root = tmp_path_factory.mktemp("kills")
    drawn.write_catalog(root / "tables" / "shop", range(20))
    drawn.write_catalog(root / "tables" / "changed", range(18, 24))
    for number in (18, 19):  # another picture under the same name
        drawn.saved(drawn.product(600 + number), root / "tables" / "changed" / f"p{number}.png")
    scanned.write_listings(root / "tables" / "listings")
    shop = Shop(root / "undisturbed", root / "tables")
    shop.make()
    return Undisturbed(shop, {step: shop.ends(step) for step in shop.commands})


@pytest.fixture
def shop(tmp_path: Path, undisturbed: Undisturbed) -> Iterator[Shop]:
    made = Shop(undisturbed.shop.root.parent / tmp_path.name, undisturbed.shop.tables)
    made.make()
    yield made
    shutil.rmtree(made.root)


def assert_same(shop: Shop, undisturbed: Undisturbed) -> None:
    assert state(shop.places) == state(undisturbed.shop.places)
    assert shop.verified() == undisturbed.shop.verified()


@pytest.mark.parametrize("point", named_points() if FULL else FEW)
def test_killed_at_a_commit_point_and_given_again_it_ends_the_same(
    shop: Shop, undisturbed: Undisturbed, point: str
) -> None:
    killed = ""
    for step in shop.commands:
        running = shop.start(step, "" if killed else point)
        _, said = running.communicate(timeout=300)
        if running.returncode == -signal.SIGKILL:
            killed = step
            shop.ends(step)
        else:
            assert running.returncode == (1 if step == "scan" else 0), said
    assert killed, f"no command passes {point}"
    assert_same(shop, undisturbed)


def test_killed_at_random_moments_and_given_again_it_ends_the_same(
    shop: Shop, undisturbed: Undisturbed
) -> None:
    chance, kills = random.Random(SEED), 0
    for step in shop.commands:
        for _ in range(MOMENTS.get(step, 0)):
            seconds = chance.uniform(0.1, 1) * undisturbed.seconds[step]
            whom: Whom = chance.choice(
                ("group", "program", "worker") if step == "scan" else ("group", "program")
            )
            kills += killed_after(shop.start(step), seconds, whom, chance)
        shop.ends(step)
    assert kills > 0
    assert_same(shop, undisturbed)


def killed_after(running: subprocess.Popen[str], seconds: float, whom: Whom, chance: random.Random) -> bool:
    """Kill a running command, alone or with its workers, or one of these; whether it came to that.

    A command that has lost one worker goes on to its end.
    """
    with suppress(subprocess.TimeoutExpired):
        running.communicate(timeout=seconds)
        return False
    workers = workers_of(running.pid)
    if whom == "worker" and workers:
        chance.choice(workers).kill()
        assert running.wait(300) == 1
    else:
        (os.killpg if whom == "group" else os.kill)(running.pid, signal.SIGKILL)
    running.communicate()
    for left in workers:  # they notice that nobody asks them any more
        left.wait(60)
    return True


def workers_of(program: int) -> list[psutil.Process]:
    """The processes that examine for it."""
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(program).children()
        return [one for one in children if "spawn_main" in " ".join(one.cmdline())]
    return []
