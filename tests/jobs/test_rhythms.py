"""The bakery that scores on Mondays and Thursdays alone, from features to a restatement: each job is run once, and looked at."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from jobs.calibrate import job as calibrate
from jobs.calibrate.arguments import CalibrateArguments
from jobs.deliver import job as deliver
from jobs.deliver.arguments import DeliverArguments
from jobs.features import job as features
from jobs.features.arguments import FeaturesArguments
from jobs.gate import job as gate
from jobs.gate.arguments import GateArguments
from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.report import job as report
from jobs.report.arguments import ReportArguments
from jobs.restate import job as restate
from jobs.restate.arguments import RestateArguments
from jobs.score import job as score
from jobs.score.arguments import ScoreArguments
from jobs.stale import job as stale
from jobs.stale.arguments import StaleArguments
from jobs.train import job as train
from jobs.train.arguments import TrainArguments
from lakehouse.declaration import loader
from lakehouse.models import mlflow_client
from lakehouse.ops import pending_verdicts
from tests.jobs.bakery_days import ingest, prepared
from tests.jobs.trained import without_pictures
from tests.use_cases import bakery, shared_bakery

NAME = "bakery_twice_a_week"
START = dt.date(2024, 3, 1)
# A Monday, and the Thursday ten days later.
TRAINED_FOR, LAST = dt.date(2024, 6, 3), dt.date(2024, 6, 13)
TUESDAY = dt.date(2024, 6, 4)
# Labels mature after nine days: those of Monday, May 27, on a Wednesday.
MATURED, MATURES_ON = dt.date(2024, 5, 27), dt.date(2024, 6, 5)
ROWS = len(bakery.SHOPS) * len(bakery.BREADS)
CHANGES: dict[str, dict[str, Any]] = {
    "calendar": {"scores": {"weekly": ["monday", "thursday"]}},
    "label": {"maturity_days": 9},
    "split": {
        "train": {"first": 95, "last": 44},
        "validation": {"first": 34, "last": 24},
        "holdout": {"first": 14, "last": 9},
    },
    "drift": {"window_days": 3, "violated_days": 1, "of_days": 2},
}


def scored_days(first: dt.date, last: dt.date) -> list[dt.date]:
    days = (first + dt.timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if day.weekday() in (0, 3)]


def days_of(root: Path, table: str) -> list[dt.date]:
    rows = DeltaTable(root / f"gold/{NAME}_{table}").to_pyarrow_table(columns=["partition"])
    return sorted(set(rows.column("partition").to_pylist()))


def versions(root: Path) -> dict[str, int]:
    return {place.name: DeltaTable(place).version() for place in sorted(root.glob("gold/*"))}


@pytest.fixture(scope="module")
def chain(
    spark: SparkSession, mlflow_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("rhythms")
    declaration = shared_bakery.declare(folder / "roots", [NAME], shared=()) / NAME / "use_case.yaml"
    content = yaml.safe_load(declaration.read_text())
    content = {name: part | CHANGES[name] if name in CHANGES else part for name, part in content.items()}
    content["deliver"] = [{"name": "shops", "files": {"folder": str(folder / "out"), "format": "csv"}}]
    declaration.write_text(yaml.safe_dump(content))
    made = SimpleNamespace(root=folder / "warehouse")
    with prepared(folder), pytest.MonkeyPatch.context() as environment:
        environment.setenv("USE_CASE_ROOTS", str(folder / "roots"))
        environment.setenv("MLFLOW_TRACKING_URI", mlflow_server)
        without_pictures(environment)
        bakery.deliver(folder / "landing", START, LAST)
        ingest(START, LAST, "bakery_plan")
        ingest(START, LAST - dt.timedelta(days=7), "bakery_sales_counted")

        def days(first: dt.date, last: dt.date | None = None) -> dict[str, Any]:
            return {"use_case": NAME, "partition": first, "through": last}

        made.features = features.run(FeaturesArguments(**days(START, LAST)))
        made.trained = train.run(TrainArguments(use_case=NAME, partition=TRAINED_FOR))
        made.judged = gate.run(GateArguments(use_case=NAME, partition=TRAINED_FOR))
        made.scores = score.run(ScoreArguments(**days(dt.date(2024, 5, 20), LAST)))
        # The labels of Monday are not there yet when it is monitored, but those before.
        made.monitored = monitor.run(MonitorArguments(**days(dt.date(2024, 5, 20), TRAINED_FOR)))
        made.matured = monitor.run(MonitorArguments(**days(MATURES_ON)))
        made.later = monitor.run(MonitorArguments(**days(TRAINED_FOR + dt.timedelta(days=1), LAST)))
        made.sent = deliver.run(DeliverArguments(use_case=NAME, partition=TRAINED_FOR, through=LAST))

        made.before = versions(made.root)
        made.again = {
            "matured": monitor.run(MonitorArguments(**days(MATURES_ON))),
            "features": features.run(FeaturesArguments(**days(TUESDAY))),
            "score": score.run(ScoreArguments(**days(TUESDAY, TUESDAY + dt.timedelta(days=1)))),
            "monitor": monitor.run(MonitorArguments(**days(TUESDAY))),
            "deliver": deliver.run(DeliverArguments(**days(TUESDAY))),
            "report": report.run(ReportArguments(use_case=NAME, partition=TUESDAY)),
        }
        made.after = versions(made.root)
        made.fresh = stale.run(StaleArguments(use_case=NAME))

        bakery.write(folder / "landing", "bakery_sales_counted", MATURED, ["shop,bread,sold", "canal,rye,500"])
        ingest(MATURED, MATURED, "bakery_sales_counted")
        made.stale = stale.run(StaleArguments(use_case=NAME))
        made.restated = restate.run(RestateArguments(use_case=NAME))
        made.fresh_again = stale.run(StaleArguments(use_case=NAME))
        made.pending = pending_verdicts.pending(NAME)
        made.use_case = loader.by_name(NAME)
        yield made


def test_a_range_builds_and_scores_the_scored_days_alone_and_says_so(chain: SimpleNamespace) -> None:
    everything = scored_days(START, LAST)
    assert (chain.features.status, chain.features.days, chain.features.rows) == (
        "built",
        len(everything),
        len(everything) * ROWS,
    )
    others = (LAST - START).days + 1 - len(everything)
    assert len(chain.features.not_scored) == others
    assert (
        f"{others} of the 105 days from 2024-03-01 to 2024-06-13 are not scored (calendar.scores: weekly on monday, thursday)"
        in (chain.features.message)
    )
    assert days_of(chain.root, "features") == everything
    scored = scored_days(dt.date(2024, 5, 20), LAST)
    assert (chain.scores.status, chain.scores.days) == ("scored", len(scored)) and days_of(
        chain.root, "scores"
    ) == scored
    assert [one.partition for one in chain.sent.days] == scored_days(TRAINED_FOR, LAST)


def test_training_reads_the_scored_days_of_its_windows(chain: SimpleNamespace) -> None:
    split, rows = chain.use_case.split, chain.trained.rows
    windows = [
        (max(TRAINED_FOR - dt.timedelta(days=window.first), START), TRAINED_FOR - dt.timedelta(days=window.last))
        for window in (split.train, split.validation, split.holdout)
    ]
    assert sum(rows.values()) == sum(len(scored_days(*window)) for window in windows) * ROWS
    assert rows["holdout"] <= 2 * ROWS and chain.judged.verdict == "promoted"


def test_verdicts_are_of_scored_days_and_their_windows_count_scored_days(chain: SimpleNamespace) -> None:
    assert days_of(chain.root, "drift") == scored_days(dt.date(2024, 5, 20), LAST)
    assert [one.partition for one in chain.monitored.days] == scored_days(dt.date(2024, 5, 20), TRAINED_FOR)
    rows = DeltaTable(chain.root / f"gold/{NAME}_drift").to_pyarrow_table().to_pylist()
    measured = {row["partition"] for row in rows if row["feature"] == "planned" and row["value"] is not None}
    # A window of three scored days is whole from the third scored one on; features of May 16 and before count too.
    assert measured == set(days_of(chain.root, "drift"))
    assert "of the last 2 scored days violated" in chain.later.retrain_reasons[0]


def test_the_drift_page_has_the_scored_days_alone_and_a_regressions_quality(
    chain: SimpleNamespace, tmp_path: Path
) -> None:
    result = report.run(ReportArguments(use_case=NAME, partition=LAST))
    file = mlflow_client.download(str(result.run_id), "drift/drift.json", tmp_path)
    made = json.loads(file.read_text(encoding="utf-8"))
    assert [cell["day"] for cell in made["nights"]] == list(map(str, scored_days(START, LAST)[-14:]))
    judged = [cell["day"] for cell in made["nights"] if cell["state"] != "none"]
    assert judged == list(map(str, scored_days(dt.date(2024, 5, 20), LAST)))
    assert made["quality"]["charts"][0]["name"] == "rmse" and made["quality"]["loss"] == "rmse"
    assert {line["name"] for line in made["slices"]["lines"]} == {"shop"} and made["scores"]["rows"] > 0
    # Once more, after everything was restated: what is drawn is what is there now.
    assert report.run(ReportArguments(use_case=NAME, partition=LAST)).status == "unchanged"


def test_labels_that_mature_on_a_day_that_is_not_scored_are_measured_then(chain: SimpleNamespace) -> None:
    found = chain.matured
    assert (found.status, found.verdict, found.retrain, found.days) == ("monitored", "not scored", False, [])
    assert found.outcomes_written == [MATURED] == [found.outcomes_partition] and found.labelled_rows > 0
    assert "2024-06-05 is not scored (calendar.scores: weekly on monday, thursday)" in found.reasons[0]
    assert set(days_of(chain.root, "outcomes")) <= set(scored_days(START, LAST))
    assert MATURED in days_of(chain.root, "performance")


def test_a_day_that_is_not_scored_is_said_to_be_and_changes_nothing(chain: SimpleNamespace) -> None:
    assert {name: result.status for name, result in chain.again.items()} == dict.fromkeys(chain.again, "not scored")
    assert (
        chain.again["features"].message
        == f"{NAME}: 2024-06-04 is not scored (calendar.scores: weekly on monday, thursday)"
    )
    assert chain.again["score"].as_json()["not_scored"] == [TUESDAY, TUESDAY + dt.timedelta(days=1)]
    assert chain.before == chain.after and chain.fresh.status == "fresh"


def test_a_correction_restates_scored_days_and_the_day_on_which_its_labels_matured(chain: SimpleNamespace) -> None:
    # The features read the sales of 7 to 20 days before, and the labels are those of the day itself.
    readers = scored_days(MATURED + dt.timedelta(days=7), LAST)
    by_table = {one.table.rsplit("_", 1)[-1]: [] for one in chain.stale.partitions if one.table.startswith("gold")}
    for one in chain.stale.partitions:
        if one.table.startswith("gold"):
            by_table[one.table.rsplit("_", 1)[-1]].append(one.partition)
    assert by_table["features"] == by_table["scores"] == readers and by_table["outcomes"] == [MATURED]
    # Monday, June 3, reads that day too, and its own labels have matured on June 12.
    assert set(chain.stale.monitor) - set(scored_days(START, LAST)) == {MATURES_ON, dt.date(2024, 6, 12)}
    assert (chain.restated.status, chain.restated.features) == ("restated", readers)
    assert chain.fresh_again.status == "fresh" and chain.pending == []


def test_limits_are_proposed_from_scored_days(chain: SimpleNamespace) -> None:
    before = versions(chain.root)
    found = calibrate.run(CalibrateArguments(use_case=NAME, partition=LAST))
    assert versions(chain.root) == before
    # On Thursday, June 13, labels up to June 4 have matured: three scored days, from May 27.
    assert found.refits[-1] == MATURED and all(day.weekday() == MATURED.weekday() for day in found.refits)
    watched = scored_days(found.first, LAST)
    assert (found.first, found.last, found.days) == (found.refits[0], LAST, len(watched))
    assert found.windows == pytest.approx(len(watched) / 3)
    limits = {one.field: one for one in found.limits}
    assert limits["max_loss_rise"].proposed and limits["max_prediction_psi"].proposed
    # A holdout of two scored days tells no better model from a lucky one.
    assert limits["min_improvement"].proposed is None and "5 days" in limits["min_improvement"].note
