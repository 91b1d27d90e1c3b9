"""A small market with known truth is scanned by the product, and each signal's worth is measured."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks.__main__ import main
from benchmarks.plan import ModelEntry, PlannedPart, SetEntry
from benchmarks.verdict_metrics import Prices
from benchmarks.verdict_mistakes import worst
from benchmarks.verdict_outcomes import Compared, redecided
from benchmarks.verdict_sets import opened_set, read_verdict_set
from benchmarks.verdicts import VerdictTask, measure_part, measure_verdicts
from matcher.errors import UsageError
from matcher.policy import load_policy
from matcher.records import VerdictKind
from tests.matcher import drawn
from tests.matcher.drawn import SETTINGS
from tests.matcher.labels.made import make

POLICY = load_policy()
METRICS = ("precision", "recall", "precision_review", "recall_review", "ece", "cost_per_1000")


def write_set(folder: Path) -> Path:
    """Stolen photos at a low price, a dealer's own, unrelated things, and a fake that looks like nothing."""
    drawn.write_catalog(folder, range(4))
    brand = {
        "name": "Aurelio", "wordmarks": ["AURELIO"], "licensed_sellers": [drawn.LICENSED],
        "catalog": "catalog.csv", "logo": None, "known_counterfeits": None,
    }  # fmt: skip
    (folder / "brands.json").write_text(json.dumps([brand]))
    listings = [("listing_id", "image", "title", "price", "currency", "seller_id")]
    truth = [("listing_id", "verdict", "kind", "seller")]
    for number in range(4):
        drawn.saved(drawn.edited(drawn.product(number)), folder / f"stolen-{number}.jpg", quality=92)
        listings.append((f"S-{number}", f"stolen-{number}.jpg", "New", "15", "EUR", f"shop-{number}"))
        truth.append((f"S-{number}", "counterfeit", "stolen", f"shop-{number}"))
        listings.append((f"D-{number}", f"p{number}.png", "New", "75", "EUR", drawn.LICENSED))
        truth.append((f"D-{number}", "clear", "dealer", drawn.LICENSED))
        plain = Image.radial_gradient("L").resize((240 + 8 * number, 240)).convert("RGB")
        drawn.saved(plain, folder / f"other-{number}.png")
        listings.append((f"U-{number}", f"other-{number}.png", "Used", "15", "EUR", "attic"))
        truth.append((f"U-{number}", "counterfeit" if number == 3 else "clear", "unrelated", "attic"))
    for name, rows in (("listings.csv", listings), ("truth.csv", truth)):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    return folder


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("market"))


@pytest.fixture(scope="module")
def measured(market: Path) -> tuple[dict[str, Any], Compared]:
    task = VerdictTask(POLICY, Prices(), resamples=50)
    return measure_verdicts(read_verdict_set(market), task, SETTINGS)


def test_the_product_is_scanned_and_counted(measured: tuple[dict[str, Any], Compared]) -> None:
    found, _ = measured
    assert found["task"] == "verdicts"
    assert found["counts"]["queries"] == 12
    assert found["counts"]["without_verdict"] == 0
    assert set(METRICS) <= found["metrics"].keys()
    assert found["metrics"]["precision"] == 1.0
    assert found["metrics"]["recall"] <= 4 / 5, "one fake looks like nothing"
    low, high = found["metrics"]["recall_ci"]
    assert low <= found["metrics"]["recall"] <= high
    assert found["by_listing"]["dealer"] == {"clear": 4}
    assert sum(found["confusion"].values()) == 12
    assert found["settings"]["prices"]["are_placeholders"] is True
    assert "placeholders" in found["dataset"]["notes"][0]
    json.dumps(found, allow_nan=False)


def test_each_kind_of_evidence_and_each_signal_has_its_line(
    measured: tuple[dict[str, Any], Compared],
) -> None:
    found, _ = measured
    assert found["by"]["copy"]["queries"] >= 8
    assert found["by"]["no evidence"]["queries"] >= 3
    without = found["without"]
    assert without["price"]["recall"] == 0.0, "a stolen photo alone is no proof"
    assert without["price"]["difference"]["recall"] < 0
    assert without["price"]["changed"] > 0


def test_a_signal_switched_off_is_the_decision_on_the_rest(
    measured: tuple[dict[str, Any], Compared],
) -> None:
    _, compared = measured
    for verdict in compared.verdicts:
        assert verdict is not None
        assert redecided(verdict, POLICY) == verdict
        less = redecided(verdict, POLICY, without="copy")
        assert all(one.signal != "copy" for one in less.evidence)


def test_mistakes_come_worst_first_with_their_pictures(
    market: Path, measured: tuple[dict[str, Any], Compared]
) -> None:
    found = list(worst(read_verdict_set(market), measured[1], SETTINGS))
    assert found[0].query == "U-3"
    assert found[0].truth == ("counterfeit",)
    assert found[0].query_picture is not None
    assert found[0].query_picture() == (market / "other-3.png").read_bytes()


def recorded(folder: Path) -> Path:
    """A set of verdicts without photos or brands, as an export can be; nothing of it can be scanned."""
    _, scan = make(folder)
    lines = ["listing_id,verdict", *(f"L-{n},{'fake' if n % 2 else 'clear'}" for n in range(2, 41))]
    (scan / "truth.csv").write_text("\n".join(lines) + "\n")
    return scan


def test_a_part_of_a_run_measures_the_same(tmp_path: Path) -> None:
    folder = recorded(tmp_path)
    part = PlannedPart(
        name="verdicts-market-ours", task="verdicts", model_name="ours", set_name="market", setting="default",
        model=ModelEntry(options={"missed": 100}), set=SetEntry(path="market"), settings=SETTINGS, seed=0,
        resamples=0, mistakes=5, folder=folder,
    )  # fmt: skip
    outcome = measure_part(part, lambda *_: None)
    task = VerdictTask(POLICY, Prices(missed=100), resamples=0)
    alone, _ = measure_verdicts(read_verdict_set(folder), task, SETTINGS)
    assert outcome.results["metrics"] == alone["metrics"]
    assert outcome.judged is not None
    assert set(METRICS) == set(outcome.judged.measures())
    assert 0 < len(outcome.mistakes) <= 5
    wrong = part.model.model_copy(update={"options": {"prize": 1}})
    with pytest.raises(UsageError, match="prize"):
        measure_part(PlannedPart(**(vars(part) | {"model": wrong})), lambda *_: None)


def test_recorded_verdicts_are_judged_without_a_scan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = recorded(tmp_path)
    out = tmp_path / "results.json"
    words = ["accuracy", "--task", "verdicts", "--dataset", str(scan), "--out", str(out), "--resamples", "20"]
    assert main([*words, "--cost-missed", "200"]) == 0
    found = json.loads(out.read_text())
    assert found["settings"]["scanned"] is False
    assert (found["counts"]["queries"], found["counts"]["not_scanned"]) == (38, 1)
    assert found["settings"]["prices"] == {
        "missed": 200.0, "false_alarm": 10.0, "review": 1.0, "are_placeholders": False
    }  # fmt: skip
    assert found["metrics"]["precision_review"] == 1.0
    assert found["machine"]
    screen = capsys.readouterr().out
    assert "copy switched off" in screen
    assert "200 a missed fake" in screen


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--dataset", "demo:many"], "by its seed"),
        (["--dataset", "nowhere"], "holds no truth.csv"),
        (["--dataset", "nowhere", "--no-verify"], "always verifies"),
    ],
)
def test_wrong_use_is_one_line(
    words: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["accuracy", "--task", "verdicts", *words, "--out", str(tmp_path / "r.json")]) == 2
    assert reason in capsys.readouterr().err


def test_a_set_names_only_files_of_its_own(market: Path, tmp_path: Path) -> None:
    for name in ("truth.csv", "listings.csv"):
        (tmp_path / name).write_bytes((market / name).read_bytes())
    (tmp_path / "brands.json").write_text('[{"name": "A", "catalog": "../../etc/passwd"}]')
    with pytest.raises(UsageError, match="is no file of the set"):
        read_verdict_set(tmp_path)
    (tmp_path / "brands.json").write_text('{"name": 1}')
    with pytest.raises(UsageError, match="no list of brands"):
        read_verdict_set(tmp_path)


def test_the_demo_is_drawn_by_its_seed(monkeypatch: pytest.MonkeyPatch, market: Path) -> None:
    seen: list[int] = []

    def draw(folder: Path, *, seed: int) -> None:
        seen.append(seed)
        folder.mkdir()
        write_set(folder)

    monkeypatch.setattr("benchmarks.verdict_sets.make_demo", draw)
    with opened_set(Path("demo:12")) as found:
        assert found.name == "demo:12"
        assert {row.truth for row in found.truth} == {VerdictKind.CLEAR, VerdictKind.COUNTERFEIT}
    assert seen == [12]
