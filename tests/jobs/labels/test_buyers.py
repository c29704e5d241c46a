"""A population of all known customers and a label that later purchases make, from the deliveries to the verdict."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from jobs.calibrate import job as calibrate
from jobs.calibrate.arguments import CalibrateArguments
from jobs.features import batch
from jobs.features import job as features
from jobs.features.arguments import FeaturesArguments
from jobs.gate import job as gate
from jobs.gate.arguments import GateArguments
from jobs.ingest import job as ingest
from jobs.ingest.arguments import IngestArguments
from jobs.labels import outcomes
from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.restate import job as restate
from jobs.restate.arguments import RestateArguments
from jobs.score import job as score
from jobs.score.arguments import ScoreArguments
from jobs.stale import job as stale
from jobs.stale.arguments import StaleArguments
from jobs.train import job as train
from jobs.train.arguments import TrainArguments
from lakehouse.declaration import loader
from lakehouse.errors import InputsMissing, TransformBroken
from lakehouse.storage import row_limits, spark_tables
from tests.jobs.bakery_days import copy
from tests.jobs.trained import without_pictures
from tests.use_cases import bakery, buyers

TRAINED = dt.date(2025, 1, 15)
FIRST = TRAINED - dt.timedelta(days=45)
SCORED = [TRAINED + dt.timedelta(days=number) for number in range(9)]
# The day before its window's last day arrives in the night before the last of SCORED.
NEWEST = SCORED[-1] - dt.timedelta(days=1)
NAME = "buyers"


def run(
    job: Any, arguments: type[Any], day: dt.date | None = None, through: dt.date | None = None, **more: Any
) -> dict[str, Any]:
    given = {"use_case": NAME, **({} if day is None else {"partition": day}), **more}
    result: dict[str, Any] = job.run(arguments(**given, **({} if through is None else {"through": through}))).as_json()
    return result


def take_in(first: dt.date, last: dt.date, source: str = "purchases") -> None:
    ingest.run(IngestArguments(source=source, partition=first, through=last))


def rows(root: Path, table: str) -> list[dict[str, Any]]:
    found = DeltaTable(root / "gold" / f"{NAME}_{table}").to_pyarrow_table().to_pylist()
    return sorted(found, key=lambda row: (row["partition"], row["customer"]))


def bought(landing: Path) -> list[tuple[dt.date, int]]:
    """Day and customer of every purchase, by the files alone."""
    found = []
    for file in sorted((landing / "purchases").glob("*.csv")):
        lines = file.read_text().splitlines()[1:]
        found += [(dt.date.fromisoformat(file.stem), int(line.split(",")[1])) for line in lines]
    return found


def known(day: dt.date) -> set[int]:
    """The customers of a day, by what `buyers` says of them."""
    joined = {one for one in range(buyers.CUSTOMERS) if one % 3 or buyers.START + dt.timedelta(days=2 * one) <= day}
    return joined - ({buyers.CLOSED} if day >= buyers.CLOSES else set())


@pytest.fixture(scope="module")
def chain(
    spark: SparkSession, mlflow_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """Two months taken in, trained, scored and monitored through the first day whose label has matured."""
    root = tmp_path_factory.mktemp("buyers")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_ROOT", str(root / "warehouse"))
        environment.setenv("LANDING_ROOT", str(root / "landing"))
        environment.setenv("NIGHTJAR_HOME", str(root / "state"))
        environment.setenv("USE_CASE_ROOTS", str(root / "use_cases"))
        environment.setenv("MLFLOW_TRACKING_URI", mlflow_server)
        without_pictures(environment)
        buyers.declare(root / "use_cases")
        buyers.deliver(root / "landing", buyers.START, NEWEST)
        for day in (buyers.START, buyers.CLOSES):
            take_in(day, day, "customers")
        take_in(FIRST - dt.timedelta(days=14), NEWEST)
        done: dict[str, Any] = {"root": root}
        done["features"] = run(features, FeaturesArguments, FIRST, SCORED[-1])
        done["train"] = run(train, TrainArguments, TRAINED)
        done["gate"] = run(gate, GateArguments, TRAINED)
        done["like"] = train.run(TrainArguments(like=done["train"]["run_id"])).as_json()
        done["again"] = run(train, TrainArguments, TRAINED)
        done["score"] = run(score, ScoreArguments, SCORED[0], SCORED[-1])
        done["monitor"] = run(monitor, MonitorArguments, SCORED[0], SCORED[-1])
        yield done


@pytest.fixture
def mine(chain: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the chain's lakehouse and landing zone, for a test to change."""
    copy(chain["root"], tmp_path / "warehouse", tmp_path / "landing")
    shutil.copytree(chain["root"] / "use_cases", tmp_path / "use_cases")
    for setting, folder in (
        ("LAKEHOUSE_ROOT", "warehouse"),
        ("LANDING_ROOT", "landing"),
        ("USE_CASE_ROOTS", "use_cases"),
    ):
        monkeypatch.setenv(setting, str(tmp_path / folder))
    return tmp_path


def test_every_stage_does_its_work_and_repeats_for_free(chain: dict[str, Any]) -> None:
    assert chain["train"]["rows"]["train"] >= 12 * 30
    assert chain["train"]["rows"]["unlabelled"] == 0
    assert (chain["again"]["status"], chain["again"]["model_version"]) == ("unchanged", chain["train"]["model_version"])
    assert chain["gate"]["verdict"] == "promoted"
    assert chain["like"]["identical"], chain["like"]["differences"]
    assert chain["train"]["metrics"]["model"]["roc_auc"] > 0.7
    assert chain["monitor"]["outcomes_partition"] == SCORED[0]
    assert chain["monitor"]["labelled_rows"] == len(known(SCORED[0]))


def test_features_have_exactly_the_known_customers(chain: dict[str, Any]) -> None:
    found = rows(chain["root"] / "warehouse", "features")
    for day in {row["partition"] for row in found}:
        assert {row["customer"] for row in found if row["partition"] == day} == known(day), day
    bought_before = bought(chain["root"] / "landing")
    for row in found[:: len(found) // 50]:
        window = [row["partition"] - dt.timedelta(days=back) for back in range(1, 15)]
        assert row["bought_14d"] == sum(day in window and who == row["customer"] for day, who in bought_before)


def test_a_label_is_what_was_bought_in_its_window_also_across_a_years_end(chain: dict[str, Any]) -> None:
    found, purchases = rows(chain["root"] / "warehouse", "outcomes"), set(bought(chain["root"] / "landing"))
    by_day = {
        day: {row["customer"]: row for row in found if row["partition"] == day}
        for day in {r["partition"] for r in found}
    }
    # Training matured the days of its windows; monitoring the first scored day, and no later one.
    assert max(by_day) == SCORED[0]
    assert {FIRST, dt.date(2024, 12, 26), dt.date(2024, 12, 27)} <= set(by_day)
    for day, of_day in by_day.items():
        assert set(of_day) == known(day)
        window = [day + dt.timedelta(days=ahead) for ahead in range(1, 8)]
        for customer, row in of_day.items():
            assert row["label"] == float(any((one, customer) in purchases for one in window)), (day, customer)
    assert {row["label"] for row in found} == {0.0, 1.0}
    performance = DeltaTable(chain["root"] / "warehouse/gold/buyers_performance").to_pyarrow_table().to_pylist()
    assert {row["slice_value"] for row in performance if row["slice"] == "segment"} == {"a", "b", "null"}


def test_a_corrected_purchase_makes_the_labels_of_its_windows_stale_and_restating_them_is_the_end_of_it(
    mine: Path,
) -> None:
    assert run(stale, StaleArguments)["status"] == "fresh"
    corrected = dt.date(2025, 1, 2)
    before = {(row["partition"], row["customer"]): row for row in rows(mine / "warehouse", "outcomes")}
    lines = ["purchase,customer,amount", *(f"{9_000_000 + one},{one},1.0" for one in (1, 2))]
    for old in (mine / "landing/purchases").glob(f"{corrected}*"):
        old.unlink()
    bakery.write(mine / "landing", "purchases", corrected, lines)
    take_in(corrected, corrected)
    named = {
        line["partition"]
        for line in run(stale, StaleArguments)["partitions"]
        if line["table"] == "gold.buyers_outcomes" and f"purchases {corrected} was corrected" in line["reasons"]
    }
    # The labels that are there of the seven days before; none of the corrected day or later.
    expected = {corrected - dt.timedelta(days=back) for back in range(1, 8)} & {day for day, _ in before}
    assert named == expected and expected
    plan = run(restate, RestateArguments)
    assert set(plan["labels"]) == expected
    after = {(row["partition"], row["customer"]): row for row in rows(mine / "warehouse", "outcomes")}
    changed = {key for key, row in after.items() if row["label"] != before[key]["label"]}
    assert all(day in expected for day, _ in changed) and changed
    assert all(after[day, 1]["label"] == 1.0 for day in expected)
    assert run(stale, StaleArguments)["status"] == "fresh"
    assert run(restate, RestateArguments)["status"] == "fresh"


def test_limits_make_the_labels_that_are_missing_as_training_would(mine: Path) -> None:
    labels = {(row["partition"], row["customer"]): row["label"] for row in rows(mine / "warehouse", "outcomes")}
    shutil.rmtree(mine / "warehouse/gold" / f"{NAME}_outcomes")
    versions = []
    for _ in range(2):
        found = run(calibrate, CalibrateArguments, SCORED[-1])
        versions.append(
            {table.name: DeltaTable(table).version() for table in (mine / "warehouse/gold").glob(f"{NAME}_*")}
        )
    assert versions[0] == versions[1]
    made = {(row["partition"], row["customer"]): row["label"] for row in rows(mine / "warehouse", "outcomes")}
    assert made == labels and max(made)[0] == SCORED[0]
    # Labels mature after eight days: the last model is watched for a window of three that are labelled.
    assert found["refits"][-1] == SCORED[0] - dt.timedelta(days=2)
    limits = {one["field"]: one for one in found["limits"]}
    assert limits["max_loss_rise"]["proposed"] > 0 and limits["max_calibration_gap"]["greatest"] > 0
    assert found["parameters"] == "those of version 1"


def test_a_corrected_customer_changes_the_population(mine: Path) -> None:
    """Customer 1 had closed at the beginning already, as we hear later."""
    header = "customer,segment,appetite,joined,seen"
    lines = [buyers.customer_line(one, "closed" if one == 1 else None) for one in range(buyers.CUSTOMERS)]
    bakery.write(mine / "landing", "customers", buyers.START, [header, *lines])
    take_in(buyers.START, buyers.START, "customers")
    plan = run(restate, RestateArguments, SCORED[0], SCORED[-1])
    assert plan["features"] == SCORED
    for table in ("features", "scores", "outcomes"):
        who = {row["customer"] for row in rows(mine / "warehouse", table) if row["partition"] == SCORED[0]}
        assert who == known(SCORED[0]) - {1}


def test_workers_make_what_this_process_makes(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = ("features", "outcomes")
    few = {name: rows(mine / "warehouse", name) for name in table}
    days = [dt.date(2024, 12, 30), dt.date(2024, 12, 31), dt.date(2025, 1, 1)]
    monkeypatch.setattr(spark_tables, "GIVEN_ROWS", 0)
    monkeypatch.setattr(batch, "COLLECTED_VALUES", 0)
    monkeypatch.setattr(row_limits, "IN_PROCESS_ROWS", 0)
    assert run(features, FeaturesArguments, days[0], days[-1], force=True)["days"] == len(days)
    assert outcomes.mature(loader.by_name(NAME), days, force=True) == days
    for name in table:
        assert rows(mine / "warehouse", name) == few[name]


def test_a_range_of_labels_equals_its_days_one_by_one(mine: Path) -> None:
    together = rows(mine / "warehouse", "outcomes")
    use_case = loader.by_name(NAME)
    days = [dt.date(2024, 12, 24), dt.date(2024, 12, 27), dt.date(2025, 1, 6)]
    for day in days:
        assert outcomes.mature(use_case, [day], force=True) == [day]
    assert rows(mine / "warehouse", "outcomes") == together


def test_nothing_of_the_labels_window_changes_a_feature(mine: Path) -> None:
    """Add, change and delete every purchase from the day on, which its label is made of; build the features again; compare."""
    day = SCORED[0]
    before = [row for row in rows(mine / "warehouse", "features") if row["partition"] == day]
    for number in range(8):
        on = day + dt.timedelta(days=number)
        for old in (mine / "landing/purchases").glob(f"{on}*"):
            old.unlink()
        lines = [f"{8_000_000 + number * 100 + one},{one},5.0" for one in range(buyers.CUSTOMERS)]
        bakery.write(mine / "landing", "purchases", on, ["purchase,customer,amount", *lines])
        take_in(on, on)
    assert run(features, FeaturesArguments, day)["status"] == "unchanged"
    run(features, FeaturesArguments, day, force=True)
    assert [row for row in rows(mine / "warehouse", "features") if row["partition"] == day] == before
    # What keeps this test honest: the labels do change.
    use_case = loader.by_name(NAME)
    labels = {row["customer"]: row["label"] for row in rows(mine / "warehouse", "outcomes") if row["partition"] == day}
    assert outcomes.mature(use_case, [day]) == [day]
    after = {row["customer"]: row["label"] for row in rows(mine / "warehouse", "outcomes") if row["partition"] == day}
    assert after != labels and set(after.values()) == {1.0}


def test_a_day_before_anybody_is_known_waits(mine: Path) -> None:
    shutil.rmtree(mine / "warehouse")
    take_in(buyers.START, buyers.START + dt.timedelta(days=14))
    with pytest.raises(InputsMissing, match="2024-11-15 waits for customers 2024-11-15 or earlier"):
        run(features, FeaturesArguments, dt.date(2024, 11, 15))


BROKEN = [
    ("return days.select('customer', 'partition')", "expected the key, partition and value, each once"),
    (
        "return days.select('customer', 'partition', F.lit('x').alias('value'))",
        "expected value to be a number or a boolean",
    ),
    (
        "one = days.select('customer', 'partition', F.lit(1).alias('value'))\n    return one.unionByName(one)",
        "expected at most one row an entity and day",
    ),
    ("return None", "expected build\\(\\) to return a DataFrame, found NoneType"),
    (
        "return days.select(F.lit('a').alias('customer'), 'partition', F.lit(1).alias('value'))",
        "expected customer of the key",
    ),
]


@pytest.mark.parametrize("limit", [row_limits.IN_PROCESS_ROWS, 0], ids=["in process", "with the workers"])
@pytest.mark.parametrize(
    ("body", "expected"), BROKEN, ids=["no value", "a text", "rows twice", "no frame", "another key"]
)
def test_a_transform_that_breaks_its_promise_is_named_and_nothing_is_written(
    mine: Path, monkeypatch: pytest.MonkeyPatch, body: str, expected: str, limit: int
) -> None:
    monkeypatch.setattr(row_limits, "IN_PROCESS_ROWS", limit)
    text = f"from pyspark.sql import functions as F\n\ndef build(days, inputs):\n    {body}\n"
    (mine / "use_cases" / NAME / "labels.py").write_text(text)
    before = rows(mine / "warehouse", "outcomes")
    with pytest.raises(TransformBroken, match=f"labels.py: {expected}"):
        outcomes.mature(loader.by_name(NAME), [SCORED[0]])
    assert rows(mine / "warehouse", "outcomes") == before


HEAD = """from pyspark.sql import functions as F

from lakehouse.transforms.trailing_windows import as_of

def build(days, inputs):
    """
EVEN = "F.col('customer') % 2 == 0"
# What is declared, what labels.py returns, and the label of an even and of an odd customer.
KINDS = [
    ({"is": True}, EVEN, 1.0, 0.0),
    ({"is": False}, EVEN, 0.0, 1.0),
    ({"is": "yes"}, f"F.when({EVEN}, 'yes').otherwise('no')", 1.0, 0.0),
    ({"is": "yes"}, f"F.when({EVEN}, 'yes')", 1.0, None),
    ({"is": 2}, f"F.when({EVEN}, 2).otherwise(3)", 1.0, 0.0),
    ({"at_least": 2.5}, f"F.when({EVEN}, 3).otherwise(F.lit(2.4))", 1.0, 0.0),
    ({"at_least": 1}, EVEN, 1.0, 0.0),
    ({"at_least": 1}, f"F.when({EVEN}, F.lit(float('nan'))).otherwise(F.lit(5.0))", None, 1.0),
    ({}, f"F.when({EVEN}, F.lit('1.25').cast('decimal(5,2)'))", 1.25, None),
    ({}, "F.lit(None)", None, None),
]


@pytest.mark.parametrize("limit", [row_limits.IN_PROCESS_ROWS, 0], ids=["in process", "with the workers"])
def test_a_value_of_each_kind_becomes_the_declared_label(
    mine: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(row_limits, "IN_PROCESS_ROWS", limit)
    for declared, value, even, odd in KINDS:
        task = {"task": "classification"} if declared else {"task": "regression"}
        gate = {"metric": "log_loss" if declared else "rmse"}
        labels = f"{HEAD}return days.select('customer', 'partition', ({value}).alias('value'))\n"
        buyers.declare(mine / "use_cases", labels=labels, label={"at_least": None, **declared}, model=task, gate=gate)
        assert outcomes.mature(loader.by_name(NAME), [SCORED[0]]) == [SCORED[0]]
        found = [row for row in rows(mine / "warehouse", "outcomes") if row["partition"] == SCORED[0]]
        expected = {one: odd if one % 2 else even for one in known(SCORED[0])}
        assert {row["customer"]: row["label"] for row in found} == expected, (declared, value)


CHURN = [
    (
        "changes",
        "later = as_of(days.select('customer', F.date_add('partition', 7).alias('partition')), inputs['customers'], 'customer')\n"
        "    return later.select('customer', F.date_sub('partition', 7).alias('partition'), F.col('segment').alias('value'))",
    ),
    (
        "snapshot",
        "later = inputs['customers'].select('customer', F.col('segment').alias('value'))\n"
        "    return days.select('customer', 'partition').join(later, 'customer', 'left')",
    ),
]


@pytest.mark.parametrize(("delivers", "body"), CHURN, ids=["changes", "snapshot"])
def test_a_label_may_be_what_the_populations_source_says_later(mine: Path, delivers: str, body: str) -> None:
    sources = buyers.declaration()["sources"]
    sources[0]["delivers"] = delivers
    label = {"inputs": [{"source": "customers", "to_day": 7}], "at_least": None, "is": "closed"}
    buyers.declare(mine / "use_cases", labels=f"{HEAD}{body}\n", label=label, sources=sources)
    # Seven days after the first of these the customer that leaves is still there.
    days = [buyers.CLOSES - dt.timedelta(days=8), buyers.CLOSES - dt.timedelta(days=4)]
    assert outcomes.mature(loader.by_name(NAME), days) == days
    found = {
        day: {row["customer"]: row["label"] for row in rows(mine / "warehouse", "outcomes") if row["partition"] == day}
        for day in days
    }
    assert found[days[0]] == {one: None if one % 3 == 2 else 0.0 for one in known(days[0])}
    # A snapshot that names one customer alone says nothing of the others.
    others = None if delivers == "snapshot" else 0.0
    closed = {one: None if one % 3 == 2 else others for one in known(days[1])} | {buyers.CLOSED: 1.0}
    assert found[days[1]] == closed


def test_rows_of_others_are_left_out_and_an_entity_without_a_row_has_no_label(mine: Path) -> None:
    text = (
        "from pyspark.sql import functions as F\n\ndef build(days, inputs):\n"
        "    some = days.where('customer > 3')\n"
        "    other = days.select((F.col('customer') + 1000).alias('customer'), F.date_sub('partition', 1).alias('partition'))\n"
        "    return some.select('customer', 'partition').unionByName(other).withColumn('value', F.lit(2))\n"
    )
    (mine / "use_cases" / NAME / "labels.py").write_text(text)
    assert outcomes.mature(loader.by_name(NAME), [SCORED[0]]) == [SCORED[0]]
    found = [row for row in rows(mine / "warehouse", "outcomes") if row["partition"] == SCORED[0]]
    assert {row["customer"]: row["label"] for row in found} == {
        one: 1.0 if one > 3 else None for one in known(SCORED[0])
    }
