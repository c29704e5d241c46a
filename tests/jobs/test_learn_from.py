"""A training that learns from a part of the rows, through MLflow: record, card, repetition, in the process and by workers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from deltalake import DeltaTable
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from jobs.train import input_snapshot, job, learned_rows
from jobs.train.arguments import TrainArguments
from jobs.train.split import Parts, Split
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.declaration.known_events import KnownEvent
from lakehouse.errors import TrainingFailed, VersionGone
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.models import artifacts, registry
from lakehouse.storage import arrow_dataset, commits, delta_log, row_limits, sql_quoting
from tests.jobs import appointments
from tests.jobs.trained import without_pictures

NAME = "part_clinic"
DAY = appointments.START + dt.timedelta(days=40)
SELECT = "clinic = 'north' OR lead_days > 0.9"
LEARN_FROM = {"select": SELECT, "sample": {"by_class": {"no": 0.5, "yes": {"rows_a_day": 12}}}, "half_life_days": 20}


def declared(root: Path, learn_from: dict[str, Any] | None) -> UseCase:
    return appointments.declare(
        root / "use_cases",
        NAME,
        model={"candidates": ["blend"], "linear": {"strengths": [1.0]}, "trials": 1, "max_rounds": 10},
        **({} if learn_from is None else {"learn_from": learn_from}),
    )


@dataclass
class Chain:
    """A training in the process, and one of the next day whose rows are read by Spark's workers."""

    use_case: UseCase
    root: Path
    made: dict[str, Any]
    by_workers: dict[str, Any]


def trained(day: dt.date) -> dict[str, Any]:
    return job.run(TrainArguments(use_case=NAME, partition=day, actor="tests")).as_json()


def like(run_id: str) -> dict[str, Any]:
    return job.run(TrainArguments(like=run_id, actor="tests")).as_json()


@pytest.fixture(scope="module")
def chain(spark: SparkSession, mlflow_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    root = tmp_path_factory.mktemp("learn_from")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_ROOT", str(root / "warehouse"))
        environment.setenv("NIGHTJAR_HOME", str(root / "state"))
        environment.setenv("USE_CASE_ROOTS", str(root / "use_cases"))
        environment.setenv("MLFLOW_TRACKING_URI", mlflow_server)
        without_pictures(environment)
        use_case = declared(root, LEARN_FROM)
        appointments.fill(use_case, appointments.START, days=43, rows_a_day=60)
        made = trained(DAY)
        with pytest.MonkeyPatch.context() as limits:
            limits.setattr(row_limits, "IN_PROCESS_ROWS", 400)
            by_workers = trained(DAY + dt.timedelta(days=1))
        yield Chain(use_case, root, made, by_workers)


def rows_of(chain: Chain, day: dt.date) -> Parts:
    split = Split.for_day(chain.use_case, day)
    return job.read(chain.use_case, split, input_snapshot.take_snapshot(chain.use_case, split))


def test_the_result_counts_what_the_tables_have(chain: Chain) -> None:
    said = chain.made["learned"]
    split = Split.for_day(chain.use_case, DAY)
    first, last = split.train, split.validation
    clinic = {
        (row["partition"], row["appointment"]): row["clinic"]
        for row in arrow_dataset.read(tables.silver(chain.use_case.source("bookings"))).to_pylist()
    }
    minutes = {
        (row["partition"], row["appointment"]): row["minutes_late"]
        for row in arrow_dataset.read(tables.silver(chain.use_case.source("visits"))).to_pylist()
        if row["minutes_late"] is not None
    }
    lead = {
        (row["partition"], row["appointment"]): row["lead_days"]
        for row in arrow_dataset.read(tables.features(chain.use_case)).to_pylist()
    }
    within = [key for key in minutes if first.first <= key[0] <= first.last or last.first <= key[0] <= last.last]
    for line, late in zip(said["classes"], (False, True), strict=True):
        mine = [key for key in within if (minutes[key] >= 30) == late]
        chosen = [key for key in mine if clinic[key] == "north" or (lead[key] or 0) > 0.9]
        assert (line["rows"], line["selected"]) == (len(mine), len(chosen))
        assert 0 < line["learned"] < len(chosen)
    assert said["learned_rows"] == sum(line["learned"] for line in said["classes"])
    assert said["effective_rows"] < said["learned_rows"] and said["measured_share"] == 1
    before, after = (said["calibration"][name] for name in ("before", "after"))
    assert before["came"] == after["came"] and before["mean"] != after["mean"]
    # The odds of a yes among the rows that were learned from, as a multiple.
    no, yes = (line["learned"] / line["selected"] for line in said["classes"])
    assert said["odds"] == {"yes": pytest.approx(yes / no, rel=0.15)}


def test_run_and_card_say_so(chain: Chain) -> None:
    run = MlflowClient().get_run(chain.made["run_id"]).data
    assert run.params["learn_from_select"] == SELECT and run.params["learn_from_half_life_days"] == "20"
    assert run.metrics["learned_rows"] == chain.made["learned"]["learned_rows"]
    version = registry.version(NAME, chain.made["model_version"])
    for file in ("model_card.md", "model_card.html"):
        text = artifacts.local_copy(version, f"card/{file}").read_text(encoding="utf-8")
        for words in ("What was learned from", "What the correction does", "0.5 of no", "All numbers elsewhere"):
            assert words in text


def test_it_is_another_training_than_that_of_all_rows_and_the_same_when_it_is_made_again(chain: Chain) -> None:
    again = trained(DAY)
    assert again["status"] == "unchanged" and again["learned"] == chain.made["learned"]
    plain, split = chain.use_case.model_copy(update={"learn_from": None}), Split.for_day(chain.use_case, DAY)
    assert input_snapshot.fingerprint(plain, split) != input_snapshot.fingerprint(chain.use_case, split)
    # Days that monitoring does not judge are none of its matters.
    events = plain.drift.model_copy(update={"known_events": (KnownEvent(name="fair", start="12-24"),)})
    with_events = plain.model_copy(update={"drift": events})
    assert input_snapshot.fingerprint(with_events, split) == input_snapshot.fingerprint(plain, split)


def test_workers_draw_the_same_rows_and_leave_the_others_where_they_are(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = rows_of(chain, DAY)
    monkeypatch.setattr(row_limits, "IN_PROCESS_ROWS", 200)
    there = rows_of(chain, DAY)
    assert len(there.train) < len(here.train) * 0.8 and there.rows == here.rows
    for name in ("train", "validation"):
        one, other = (learned_rows.to_fit(chain.use_case, getattr(parts, name)) for parts in (here, there))
        assert_same(one, other)
        counted = (learned_rows.counts(chain.use_case, getattr(parts, name)) for parts in (here, there))
        assert next(counted) == next(counted)
    assert len(there.validation) == len(here.validation) and len(there.holdout) == len(here.holdout)
    assert there.train.drawn is not None
    share, measured = there.train.drawn.measured_share, len(learned_rows.measured(there.train))
    assert 0 < share < 0.2 and abs(measured - share * len(here.train)) < 4 * np.sqrt(share * len(here.train))
    # Rows without a label are measured by as all others, and a day has as many rows as it had.
    unlabelled, same = here.without_label["train"], there.without_label["train"]
    part, mean = len(learned_rows.measured(same)), share * len(unlabelled)
    assert len(same) < len(unlabelled) and abs(part - mean) < 4 * np.sqrt(mean)
    days, rows = np.unique(np.concatenate([here.train.days, unlabelled.days]), return_counts=True)
    assert learned_rows.by_day([there.train, same]) == dict(
        zip(days.astype("datetime64[D]").astype(object), rows.tolist(), strict=True)
    )
    assert learned_rows.by_day([here.train, unlabelled]) == {}


def assert_same(one: TrainingSet, other: TrainingSet) -> None:
    assert np.array_equal(one.features, other.features, equal_nan=True) and np.array_equal(one.label, other.label)
    assert np.array_equal(one.days, other.days) and one.weighting is not None and other.weighting is not None
    assert np.array_equal(one.weighting.weight, other.weighting.weight)
    assert one.weighting.offset == other.weighting.offset


def test_a_condition_that_fails_names_row_and_reason(chain: Chain) -> None:
    failing = chain.use_case.model_copy(
        update={"learn_from": type(chain.use_case.learn_from)(select="1 / (appointment - 7) > 0")}
    )
    with pytest.raises(TrainingFailed, match=r"select: expected a condition .* division by zero .*appointment 7"):
        rows_of(Chain(failing, chain.root, {}, {}), DAY)


def test_trained_like_it_is_the_same_in_process_and_by_workers(chain: Chain) -> None:
    for made in (chain.made, chain.by_workers):
        again = like(made["run_id"])
        assert again["identical"] and again["differences"] == [] and again["notes"] == []
        assert again["rows"] == made["rows"]
    assert chain.by_workers["learned"]["measured_share"] < 1


def test_entities_that_changed_since_are_read_as_they_were_and_missed_when_they_are_gone(chain: Chain) -> None:
    table = tables.silver(chain.use_case.source("bookings"))
    kept = arrow_dataset.read(table).to_pylist()
    moved = [{**row, "clinic": "south"} for row in kept]
    days = {row["partition"] for row in kept}
    lines = [{name: row[name] for name in table.column_names} for row in moved]
    commits.replace_rows(table, lines, sql_quoting.days_condition(days))
    assert like(chain.made["run_id"])["identical"]
    DeltaTable(delta_log.location(table)).vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)
    with pytest.raises(VersionGone, match=r"bookings: version \d+ is gone"):
        like(chain.made["run_id"])
