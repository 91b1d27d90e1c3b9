"""Servers and workers are killed while a brand uploads, imports, scans and reviews: nothing shows of it.

The same days are lived twice, once undisturbed. Small by default; with the variable `MATCHER_KILLS=full`
there are 30 kills on either database.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.matcher.service.conftest import photos_served
from tests.matcher.service.fleet import Fleet, Killer, fleet_of
from tests.matcher.service.ledger import PATIENCE, Client
from tests.matcher.service.tenants import png, zipped
from tests.matcher.service.test_jobs import TOML
from tests.matcher.service.test_webhooks import Receiver
from tests.matcher.service.test_webhooks import receiver as receiver

BOTH_DATABASES = True
pytestmark = pytest.mark.slow

FULL = os.environ.get("MATCHER_KILLS") == "full"
KILLS = {"upload": 1, "import": 1, "scan": 2, "review": 1}
"""How many in each step of a day."""
DAYS = 6 if FULL else 1
BRAND, ZIPPED, LISTED, CLEAR = "Aurelio", 10, 8, 3
PART = 30_000
SEED = int(os.environ.get("MATCHER_KILLS_SEED", "7"))


@dataclass
class Lived:
    """What is there after the days; two histories of the same must be equal but for `seconds`."""

    jobs: list[Any] = field(default_factory=list)
    verdicts: list[Any] = field(default_factory=list)
    catalog: list[Any] = field(default_factory=list)
    reviews: dict[str, list[Any]] = field(default_factory=dict)
    acts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict, compare=False)


@pytest.fixture(scope="module")
def photos() -> Iterator[str]:
    """A web server with a photo of every product, the same for all days: its address is in results."""
    with photos_served() as address:
        yield address


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, photos: str) -> Lived:
    with fleet_of(workspace_in(tmp_path_factory.mktemp("undisturbed"))) as fleet:
        return Days(fleet, photos).live()


def test_killed_in_every_step_the_days_end_the_same(
    tmp_path: Path, undisturbed: Lived, photos: str, database_url: str, receiver: Receiver
) -> None:
    with fleet_of(workspace_in(tmp_path), database_url) as fleet:
        killer = Killer(fleet, SEED, undisturbed.seconds)
        lived = Days(fleet, photos, killer, receiver).live()
    assert killer.kills == DAYS * sum(KILLS.values())
    assert lived.acts.pop("webhook.add") == 1
    assert lived == undisturbed


def workspace_in(folder: Path) -> Path:
    workspace = folder / "workspace"
    workspace.mkdir()
    (workspace / "matcher.toml").write_text(TOML, encoding="utf-8")
    return workspace


class Days:
    """A brand's days with its servers, some of which are killed."""

    def __init__(
        self, fleet: Fleet, photos: str, killer: Killer | None = None, receiver: Receiver | None = None
    ) -> None:
        self._fleet, self._photos, self._killer, self._receiver = fleet, photos, killer, receiver
        self._lived = Lived()

    def live(self) -> Lived:
        secret = self._fleet.told("admin", "create")
        self._fleet.start("answering")
        self._fleet.start("working")
        self._client = Client(self._fleet, secret)
        self._client.once("/v1/brands", json={"name": BRAND})
        if self._receiver:
            asked = {"url": self._receiver.url, "events": ["verdict", "scan.done"]}
            self._client.once("/v1/webhooks", json=asked)
        for day in range(DAYS):
            self.live_one(day)
        self.look_at_everything()
        self._client.close()
        self._fleet.stop()
        found = json.loads(self._fleet.told("catalog", "verify", "--json"))
        assert (found["problems"], found["notes"]) == ([], [])
        return self._lived

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step of a day, which takes so long and suffers its kills."""
        began = time.monotonic()
        with self._killer.during(name, KILLS[name]) if self._killer else nullcontext():
            yield
        self._lived.seconds[name] = time.monotonic() - began

    def live_one(self, day: int) -> None:
        client = self._client
        with self.step("upload"):
            files = {f"z-{day}-{number}.png": png(number) for number in zipped_in(day)}
            upload = client.upload(zipped(files | {"bad.png": b"none"}), PART)
        with self.step("import"):
            client.ended(client.job("/v1/brands/1/archives", data={"upload": upload}))
            sent = [("manifest", ("shop.csv", self.references(day)))]
            client.ended(client.job("/v1/imports", files=sent, data={"brand_id": "1"}))
            two = [("photos", (f"form-{day}-{n}.png", png(9_000 + 10 * day + n))) for n in range(2)]
            client.once("/v1/brands/1/images", files=two)
        with self.step("scan"):
            sent = [("manifest", (f"day-{day}.csv", self.listings(day)))]
            client.ended(client.job("/v1/scans", files=sent))
        with self.step("review"):
            self.review(day)

    def references(self, day: int) -> bytes:
        rows = ["reference_id,image,title,price,currency"]
        rows += [f"t-{n},{self._photos}/product-{n}.png,Product {n},80,EUR" for n in listed_in(day)]
        return "\n".join([*rows, f"gone,{self._photos}/absent.png,Gone,80,EUR"]).encode()

    def listings(self, day: int) -> bytes:
        """Stolen photos, one beside a photo of the fake itself, the fake of the day before, and others."""
        stolen = [zipped_in(day)[0], listed_in(day)[0], listed_in(day)[1]]
        photos = [[n] for n in stolen] + [[listed_in(day)[2], fake_of(day)]]
        photos += [[fake_of(day - 1)]] * (day > 0) + [[8_000 + 10 * day + n] for n in range(CLEAR)]
        rows = ["listing_id,image,title,price,currency,seller_id"]
        for place, numbers in enumerate(photos):
            images = "|".join(f"{self._photos}/product-{n}.png" for n in numbers)
            rows.append(f"L-{day}-{place},{images},An offer,9,EUR,shop-{place}")
        return "\n".join([*rows, f"gone-{day},{self._photos}/absent.png,An offer,9,EUR,shop"]).encode()

    def review(self, day: int) -> None:
        """Two listings are checked and kept, and people answer all that waits."""
        client = self._client
        for n in range(2):
            name = f"C-{day}-{n}"
            offer = {"listing_id": name, "price": "9", "currency": "EUR", "keep": "true"}
            photo = [("photos", ("a.png", png(listed_in(day)[3 + n])))]
            checked = client.once("/v1/check", data=offer, files=photo)
            client.ledger.listings[name] = checked.get("review", 0)
        for one in client.all("/v1/reviews", limit=3):
            name = one["verdict"]["listing_id"]
            answer = "reject" if name.endswith("1") else "confirm"
            client.once(f"/v1/reviews/{one['number']}", json={"answer": answer, "reviewer": "rhea"})
            client.ledger.answers[one["number"]] = (name, answer)

    def look_at_everything(self) -> None:
        client, lived = self._client, self._lived
        asked = {"listing_id": "last", "images": [f"{self._photos}/product-{fake_of(DAYS - 1)}.png"]}
        last = client.ask("POST", "/v1/check", json=asked).json()["verdict"]
        assert "known-counterfeit" in {one["signal"] for one in last["evidence"]}
        jobs = client.all("/v1/jobs", limit=2)
        assert {one["job_id"] for one in jobs} == set(client.ledger.jobs)
        flagged = 0
        for job in jobs:
            flagged += self.look_at_job(job)
        lived.verdicts.append(last)
        lived.catalog = sorted(
            (one["reference_id"], one["kind"], [image["content_hash"] for image in one["images"]])
            for one in client.all("/v1/references", limit=7)
        )
        assert client.all("/v1/reviews") == []
        for number, (name, answer) in client.ledger.answers.items():
            said = [one["answer"] for one in client.get(f"/v1/reviews/{number}")["answers"]]
            assert said == [answer], (name, said)
            assert name not in lived.reviews, f"{name} was kept twice"
            lived.reviews[name] = said
        assert set(client.ledger.listings) <= set(lived.reviews)
        lived.acts = Counter(one["action"] for one in client.all("/v1/audit"))
        if self._receiver:
            self.was_told(self._receiver, flagged + 2 * DAYS)

    def look_at_job(self, job: dict[str, Any]) -> int:
        """Keep what came of it; how many of its verdicts are not clear."""
        client, number = self._client, job["job_id"]
        result = {name: value for name, value in job["result"].items() if name != "scan"}
        rows = [tuple(one.values()) for one in client.all(f"/v1/jobs/{number}/rows", limit=4)]
        self._lived.jobs.append((job["kind"], job["state"], job["done"], result, rows))
        if job["kind"] != "scan":
            return 0
        found = client.all(f"/v1/jobs/{number}/verdicts", limit=3)
        failed = client.all(f"/v1/jobs/{number}/failures", limit=1)
        self._lived.verdicts += [found, [(one["line"], one["reason"]) for one in failed]]
        return sum(one["verdict"] != "clear" for one in found)

    def was_told(self, receiver: Receiver, flagged: int) -> None:
        """Of each verdict that is not clear and of each scan's end, under one id each."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and len(ids_of(receiver)) < flagged + DAYS:
            time.sleep(0.2)
        told = Counter(subject for subject, _ in ids_of(receiver))
        assert len(told) == flagged + DAYS
        assert set(told.values()) == {1}, told


def ids_of(receiver: Receiver) -> set[tuple[str, str]]:
    """What was told of, and the id it was told under."""
    found = set()
    for headers, body in list(receiver.seen):
        told = json.loads(body)
        of = told["data"]["review"] if told["type"] == "verdict" else f"scan {told['data']['job']}"
        found.add((str(of), headers["webhook-id"]))
    return found


def zipped_in(day: int) -> Sequence[int]:
    """The products that come in the day's ZIP."""
    return range(1_000 + 100 * day, 1_000 + 100 * day + ZIPPED)


def listed_in(day: int) -> Sequence[int]:
    """The products that come in the day's table."""
    return range(1_050 + 100 * day, 1_050 + 100 * day + LISTED)


def fake_of(day: int) -> int:
    """The photo of a fake that people confirm on that day."""
    return 7_000 + day
