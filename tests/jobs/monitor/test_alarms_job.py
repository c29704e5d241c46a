"""Measured alarms by the job, from tables: the rows that the bench's way in memory gives, few rows as many."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from jobs.monitor import drift, job
from jobs.monitor.arguments import MonitorArguments
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.storage import delta_log, partition_rows, row_limits
from tests.bench import alarm_nights
from tests.jobs.monitor.conftest import DECLARED, ROWS

NAMES = ("warm", "calm", "still")
THRESHOLD = 0.3
# Watched days; the last three are shifted.
DAYS = 8


def rows_of(toy, table, *numbers: int) -> list[dict]:
    return partition_rows.read(table(toy.use_case), [toy.day(number) for number in numbers])


def ordinary(toy, days: int, seed: int) -> tuple[TrainingSet, np.ndarray]:
    """Days before the first, as the toy makes its own."""
    dice, count = np.random.default_rng(seed), days * ROWS
    features = np.column_stack([dice.normal(size=(count, 2)), np.ones(count)])
    day = np.repeat([np.datetime64(toy.day(number - days)) for number in range(days)], ROWS)
    regions = np.array(["a", "b"])[np.arange(count) % 2]
    label = (np.arange(count) % ROWS < 18).astype(float)
    rows = TrainingSet(NAMES, features, label, day, {"region": regions.astype(np.str_)})
    return rows, np.clip(0.3 + 0.05 * features[:, 0], 0.01, 0.99)


def from_tables(toy, days: range) -> tuple[TrainingSet, np.ndarray]:
    """The rows of the toy's days, as its tables have them."""
    features = sorted(rows_of(toy, tables.features, *days), key=lambda row: (row["partition"], row["id"]))
    outcomes = {(row["partition"], row["id"]): row["label"] for row in rows_of(toy, tables.outcomes, *days)}
    scores = {(row["partition"], row["id"]): row["score"] for row in rows_of(toy, tables.scores, *days)}
    keys = [(row["partition"], row["id"]) for row in features]
    label = [outcomes.get(key) for key in keys]
    rows = TrainingSet(
        NAMES,
        np.array([[row[name] for name in NAMES] for row in features]),
        np.array([np.nan if one is None else one for one in label]),
        np.array([day for day, _ in keys], dtype="datetime64[D]"),
        {"region": np.array(["ab"[number % 2] for _, number in keys], dtype=np.str_)},
    )
    return rows, np.array([scores[key] for key in keys])


def test_the_job_gives_the_rows_that_the_same_days_in_memory_give(toy, lakehouse_root, tmp_path, monkeypatch):
    measured = {"alarms": "measured", "false_alarm_days": 200}
    toy.use_case = UseCase.model_validate(DECLARED | {"drift": DECLARED["drift"] | measured})
    learned, _ = ordinary(toy, 70, seed=1)
    judged, score = ordinary(toy, 14, seed=2)
    profile = alarm_nights.profile_of(toy.use_case, learned, judged, score, THRESHOLD)
    (tmp_path / "profile.json").write_text(profile.to_json())
    for number in range(DAYS):
        toy.live(number, shift=1.0 if number >= DAYS - 3 else 0.0)
    copy = shutil.copytree(lakehouse_root, lakehouse_root.parent / "copy")
    asked = MonitorArguments(use_case="toy_monitored", partition=toy.day(3), through=toy.day(DAYS - 1))
    result = job.run(asked)

    # By the bench's way: the same counts from rows in memory, the same functions.
    rows, score = from_tables(toy, range(DAYS))
    evidence = alarm_nights.evidence_of(toy.use_case, profile, rows, score, THRESHOLD)
    found = rows_of(toy, tables.drift, *range(3, DAYS))
    expected = []
    for number in range(3, DAYS):
        checks = drift.checks_of_day(toy.day(number), toy.use_case, evidence)
        verdict = drift.verdict_of(checks, toy.use_case, evidence)
        expected += drift.rows(toy.day(number), 1, checks, verdict)
    names, key = tables.drift(toy.use_case).column_names, tables.drift(toy.use_case).key
    ordered = sorted(expected, key=lambda row: tuple(row[name] for name in key))
    assert found == [{name: row[name] for name in names} for row in ordered]

    # What happened is seen on its second day, in every slice; the constant column and the days before are quiet.
    assert [day.violated for day in result.days] == [False, False, False, True, True]
    violated = {(row["feature"], row["statistic"], row["slice_value"]) for row in found if row["violated"]}
    assert {("warm", "moved", "all"), ("calm", "moved", "all"), ("score", "moved", "all")} <= violated
    assert not any(feature == "still" for feature, *_ in violated)
    assert result.drifted_features == ["calm", "warm"] and result.retrain
    last = next(row for row in found if row["violated"] and row["statistic"] == "moved" and row["slice"] == "all")
    assert last["advice"] and last["once_in_days"] > 200 and last["since"] == toy.day(DAYS - 3)

    # Again: nothing new. And of many rows the workers give the same.
    made = (tables.alarm_counts, tables.residuals, tables.drift)
    before = toy.versions() | {table: delta_log.version(table(toy.use_case)) for table in made}
    assert job.run(asked).status == "unchanged"
    assert toy.versions() | {table: delta_log.version(table(toy.use_case)) for table in made} == before
    assert {row["name"] for row in rows_of(toy, tables.residuals, *range(DAYS - 1))} == set(NAMES)
    here = [rows_of(toy, table, *range(DAYS)) for table in made]
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(copy))
    monkeypatch.setattr(row_limits, "IN_PROCESS_ROWS", 0)
    job.run(asked)
    assert [rows_of(toy, table, *range(DAYS)) for table in made] == here


def test_a_use_case_that_turns_them_on_keeps_its_rows_and_gets_the_columns(toy, tmp_path):
    for number in range(5):
        toy.live(number)
    first = MonitorArguments(use_case="toy_monitored", partition=toy.day(3), through=None)
    second = MonitorArguments(use_case="toy_monitored", partition=toy.day(4), through=None)
    job.run(first)
    before = rows_of(toy, tables.drift, 3)
    toy.use_case = UseCase.model_validate(DECLARED | {"drift": DECLARED["drift"] | {"alarms": "measured"}})
    # The champion was trained before: declared limits hold until the next training.
    result = job.run(second)
    assert not result.violated and rows_of(toy, tables.drift, 4)[0]["slice"] == "all"
    old = [{name: value for name, value in row.items() if name in before[0]} for row in rows_of(toy, tables.drift, 3)]
    assert old == before
    with pytest.raises(StopIteration):
        next(row for row in rows_of(toy, tables.drift, 4) if row["statistic"] == "moved")
