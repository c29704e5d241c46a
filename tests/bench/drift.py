"""What monitoring a day of many rows costs beside reading it once: ``make bench-drift`` (ROWS=10000000; 3 GB of tables).

A made-up use case of 20 features has seven days, of which the last has the rows. On one warm Spark of two workers, all in one
run: one scan of that day's features and scores by two threads; its drift, in the window of seven days; and its performance, as a
whole and by a slice of 20 values: when scores, labels and population lie in one order, and when they don't. Scores are numbers of
32 bits, as those of trees are.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from numpy.typing import NDArray

from jobs.monitor import drift_counts, performance_update
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation.drift_profile import Distribution, Profile
from lakehouse.storage import (
    arrow_dataset,
    commits,
    delta_log,
    row_limits,
    spark_config,
    spark_session,
    table_schema,
    table_shape,
)
from lakehouse.storage.partition_files import TableFiles
from lakehouse.tables import Table

LAST = dt.date(2024, 3, 7)
DAYS = [LAST - dt.timedelta(days=back) for back in range(6, -1, -1)]
FEW = 1_000
AT_A_TIME = 500_000
# The least of so many is told.
TURNS = 3
AT = dt.datetime(2024, 3, 7, tzinfo=dt.UTC)
FEATURES = [f"x{number}" for number in range(20)]
REGIONS = pa.array([f"region {number}" for number in range(20)])
COLUMNS = [{"name": "id", "type": "long"}, {"name": "region", "type": "string"}]
USE_CASE = UseCase.model_validate(
    {
        "name": "bench",
        "title": "t",
        "description": "d",
        "owner": "o",
        "calendar": {"start": dt.date(2024, 1, 1)},
        "sources": [
            {"name": "plan", "columns": COLUMNS, "key": ["id"]},
            {"name": "record", "columns": [COLUMNS[0], {"name": "late", "type": "int"}], "key": ["id"]},
        ],
        "entity": {"source": "plan", "key": ["id"]},
        "inputs": [{"source": "plan"}],
        "features": [{"name": name, "description": "d"} for name in FEATURES],
        "label": {"source": "record", "column": "late", "at_least": 1, "maturity_days": 1},
        "split": {
            "train": {"first": 60, "last": 22},
            "validation": {"first": 20, "last": 12},
            "holdout": {"first": 10, "last": 1},
        },
        "model": {"task": "classification"},
        "gate": {"metric": "log_loss", "min_improvement": 0.0},
        "drift": {"window_days": 7, "bins": 10, "violated_days": 2, "of_days": 3, "cooldown_days": 5},
        "slices": ["region"],
    }
)


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as scratch:
        os.environ |= {
            "LAKEHOUSE_ROOT": f"{scratch}/warehouse",
            "NIGHTJAR_HOME": f"{scratch}/state",
            "SPARK_MASTER": "local[2]",
        }
        os.environ.pop("SPARK_REMOTE", None)
        measure(rows)


def measure(rows: int) -> None:
    """Make the days, and measure the last."""
    for day in DAYS:
        fill(day, rows if day == LAST else FEW)
    labels(rows, np.arange(rows))
    profile = made_up_profile()
    # The six days before were counted on their nights.
    drift_counts.of_days(USE_CASE, 1, profile, DAYS[:-1])
    warm_up(profile)
    print(f"\n{rows:,} rows of 20 features, two cores, warm, the files in memory\n", flush=True)
    works: dict[str, Callable[[], object]] = {
        "one scan of the day, two threads": scan,
        "one scan by Spark, the sum of each column": scan_by_spark,
        "drift of the day": lambda: drift_counts.of_days(USE_CASE, 1, profile, DAYS),
        "drift again, nothing new": lambda: drift_counts.of_days(USE_CASE, 1, profile, DAYS),
        "performance of the day": lambda: performance_update.of_days(USE_CASE, [LAST]),
    }
    found: dict[str, list[Cost]] = {}
    for turn in range(TURNS):
        for name, work in works.items():
            found.setdefault(name, []).append(cost(work))
        if turn + 1 < TURNS:
            commits.replace_rows(tables.drift_counts(USE_CASE), [], f"partition = '{LAST}'")
    labels(rows, np.random.default_rng(5).permutation(rows))
    name, work = "performance, the labels in another order", works["performance of the day"]
    found[name] = [cost(work) for _ in range(TURNS)]
    print("| | s | of the scan | processor s | of the scan's |\n| --- | --- | --- | --- | --- |")
    base = least(found["one scan of the day, two threads"])
    for name, costs in found.items():
        one = least(costs)
        ratios = f"{one.passed / base.passed:.2f} | {one.worked:.2f} | {one.worked / base.worked:.2f}"
        print(f"| {name} | {one.passed:.2f} | {ratios} |", flush=True)


def scan() -> int:
    """Read every feature and the score's columns of the day, and keep nothing."""
    pa.set_cpu_count(2)
    seen = 0
    for table, columns in (
        (tables.features(USE_CASE), FEATURES),
        (tables.scores(USE_CASE), ["id", "score", "decision"]),
    ):
        location = delta_log.location(table)
        rows = arrow_dataset.open_dataset(DeltaTable(location), location)
        for batch in rows.to_batches(columns=columns, filter=pc.field("partition") == LAST):
            seen += batch.num_rows
    return seen


def scan_by_spark() -> object:
    """The same columns in one pass of the engine that others would use, with the plan compiled: the least that it can be asked."""
    spark, sums = spark_session.session("bench"), list[object]()
    for name, value in spark_config.MANY_CONFIG.items():
        spark.conf.set(name, value)
    for table, columns in ((tables.features(USE_CASE), FEATURES), (tables.scores(USE_CASE), ["id", "score"])):
        rows = spark.read.format("delta").load(delta_log.location(table)).where(f"partition = '{LAST}'")
        sums.append(rows.selectExpr(*(f"sum({name})" for name in columns)).collect())
    return sums


def warm_up(profile: Profile) -> None:
    """Let Spark's workers import what they need, by days of few rows."""
    limit, row_limits.IN_PROCESS_ROWS = row_limits.IN_PROCESS_ROWS, 0
    for _ in range(2):
        performance_update.of_days(USE_CASE, DAYS[:-1])
        commits.replace_rows(tables.drift_counts(USE_CASE), [], "model_version = 2")
        drift_counts.of_days(USE_CASE, 2, profile, DAYS[:-1])
    row_limits.IN_PROCESS_ROWS = limit


def made_up_profile() -> Profile:
    """Ten bins of a feature, as training makes them."""
    dice, day = np.random.default_rng(1), np.repeat(np.arange(20), 500)
    declared = USE_CASE.drift
    features = {name: Distribution.of(dice.normal(size=len(day)), day, 20, declared) for name in FEATURES}
    prediction = Distribution.of(dice.beta(2, 5, size=len(day)), day, 20, declared)
    return Profile(DAYS[0], DAYS[0], len(day), 7, features, prediction, {"log_loss": 0.5})


def fill(day: dt.date, rows: int) -> None:
    """Features and scores of a day, an entity's in the same place of both."""

    def features(dice: np.random.Generator, ids: NDArray[np.int64]) -> dict[str, Any]:
        values = {name: pa.array(dice.normal(size=len(ids)), mask=dice.random(len(ids)) < 0.01) for name in FEATURES}
        return {"id": ids, **values, "prediction_time": AT, "inputs_fingerprint": f"of {day}"}

    def scores(dice: np.random.Generator, ids: NDArray[np.int64]) -> dict[str, Any]:
        # As XGBoost predicts them.
        score = dice.beta(2, 5, size=len(ids)).astype(np.float32).astype(np.float64)
        texts = {name: "x" for name in ("model_name", "code_version", "run_id", "chosen_by")}
        numbers = {"model_version": 1, "threshold": 0.4, "features_version": 1, "decides": True}
        when = {"prediction_time": AT, "scored_at": AT, "inputs_fingerprint": f"of {day}"}
        return {"id": ids, "role": "champion", "score": score, "decision": score >= 0.4, **texts, **numbers, **when}

    write(tables.features(USE_CASE), day, np.arange(rows), features)
    write(tables.scores(USE_CASE), day, np.arange(rows), scores)


def labels(rows: int, ids: NDArray[np.int64]) -> None:
    """Population and labels of the last day, in this order of the entities."""

    def population(dice: np.random.Generator, ids: NDArray[np.int64]) -> dict[str, Any]:
        return {"id": ids, "region": REGIONS.take(pa.array(ids % 20)), "delivery_id": "d", "line": 1}

    def outcomes(dice: np.random.Generator, ids: NDArray[np.int64]) -> dict[str, Any]:
        label = pa.array((ids % 7 < 2).astype(float), mask=ids % 50 == 0)
        return {"id": ids, "value": label, "label": label, "inputs_fingerprint": "labels"}

    write(tables.silver(USE_CASE.source("plan")), LAST, ids, population)
    write(tables.outcomes(USE_CASE), LAST, ids, outcomes)


def write(
    table: Table, day: dt.date, ids: NDArray[np.int64], columns: Callable[[Any, NDArray[np.int64]], dict[str, Any]]
) -> None:
    """Replace the day's rows by made-up ones, as Spark's workers write them."""
    table_shape.ensure(table)
    files, schema, dice = (
        TableFiles.of(table)(),
        table_schema.arrow_schema(table),
        np.random.default_rng(day.toordinal()),
    )

    def written() -> Iterator[Any]:
        for first in range(0, len(ids), AT_A_TIME):
            part = ids[first : first + AT_A_TIME]
            made = columns(dice, part) | {"partition": day}
            arrays = [
                made[field.name] if isinstance(made.get(field.name), np.ndarray | pa.Array | pa.ChunkedArray)
                else pa.repeat(pa.scalar(made.get(field.name), field.type), len(part))
                for field in schema
            ]  # fmt: skip
            yield from files.write(pa.table(arrays, names=schema.names).cast(schema))
        yield from files.close()

    commits.replace_by_files(list(written()), table, {"partition": [day]})


@dataclass(frozen=True)
class Cost:
    """Of a call: seconds that passed, and seconds of processors in this process, Spark and its workers."""

    passed: float
    worked: float


def cost(work: Callable[[], object]) -> Cost:
    """What a call costs."""
    worked, began = processor_seconds(), time.monotonic()
    work()
    return Cost(time.monotonic() - began, processor_seconds() - worked)


def processor_seconds() -> float:
    """Of this process and those that it started, the ended ones among them."""
    here = psutil.Process()
    times = [one.cpu_times() for one in (here, *here.children(recursive=True))]
    return sum(one.user + one.system + one.children_user + one.children_system for one in times)


def least(costs: list[Cost]) -> Cost:
    """The least of each, since others may work on the machine."""
    return Cost(min(one.passed for one in costs), min(one.worked for one in costs))


if __name__ == "__main__":
    main()
