"""Estimates by the jobs: a table beside the realised quality, for nights with rules, fallbacks, a challenger and a restated day."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs.monitor import estimate_update
from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.report import gathering, page, words
from jobs.report.night import Links
from jobs.score import job as score
from jobs.score.arguments import ScoreArguments
from jobs.stale import job as stale
from jobs.stale.arguments import StaleArguments
from jobs.train import estimator
from jobs.train.estimator import Judged
from lakehouse import settings, tables
from lakehouse.analyst import query
from lakehouse.declaration import Rhythm
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.models import artifacts, registry
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.scorers import model_files
from lakehouse.staleness import report
from lakehouse.storage import commits, delta_log, row_limits, small_tables, worker_tasks
from tests.jobs.score.ruled import in_a_worker
from tests.jobs.shelf import ROWS, START, Shelf, day, live, open_clinic

RULES = [{"name": "never", "when": "clinic = 'a' and appointment < 6", "decide": False}]
FALLBACK = [{"rule": {"name": "half", "score": 0.5}}]
LAST = 6


def keep_estimator(shelf: Shelf, number: int) -> None:
    """What training keeps of days before the first: made as the shelf makes its own."""
    dice, days = np.random.default_rng(number), 30
    features = dice.random((days * ROWS, len(shelf.use_case.feature_names)))
    label = (features[:, 0] + dice.normal(0, 0.2, len(features)) > 0.5).astype(float)
    model = shelf.versions[number]
    found = model_files.load(artifacts.model_bytes(model)).score(features)
    stamps = np.repeat(np.datetime64(START) - np.arange(days, 0, -1), ROWS)
    made = estimator.fit("isotonic", Judged(stamps, label, found, (found >= model.threshold).astype(np.int8)), Rhythm())
    file = shelf.file(model, artifacts.PROFILE)
    file.write_text(replace(Profile.from_json(file.read_text()), estimator=made).to_json())


def estimator_of(shelf: Shelf, number: int) -> Any:
    return Profile.from_json(shelf.file(shelf.versions[number], artifacts.PROFILE).read_text()).estimator


def nights(first: int, last: int) -> dict[str, Any]:
    score.run(ScoreArguments(use_case="appointments", partition=day(first), through=day(last)))
    return monitor.run(MonitorArguments(use_case="appointments", partition=day(first), through=day(last))).as_json()


def rows_of(shelf: Shelf, table: Any, **which: Any) -> list[dict[str, Any]]:
    return [row for row in small_tables.read(table(shelf.use_case)) if which.items() <= row.items()]


def versions(shelf: Shelf) -> dict[str, int]:
    return {table.name: delta_log.version(table) for table in tables.of_use_case(shelf.use_case)}


def beside_by_sql(question: str) -> list[dict[str, Any]]:
    answer = query.ask(settings.load().lakehouse_root, question)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def log_odds(share: float) -> float:
    return float(np.log(share / (1 - share)))


def came(shelf: Shelf, *numbers: int) -> float:
    """The share of yes among the labels of these days."""
    found = [rows_of(shelf, tables.outcomes, partition=day(number)) for number in numbers]
    return float(np.mean([row["label"] for rows in found for row in rows]))


def expected_of(shelf: Shelf, *numbers: int) -> float:
    """The share of yes that the curve of training expects."""
    found = [rows_of(shelf, tables.estimates, partition=day(one), slice="all", metric="label_rate") for one in numbers]
    return float(np.mean([rows[0]["by_training"] for rows in found]))


def silver_of(shelf: Shelf, source: str, number: int) -> list[dict[str, Any]]:
    found = small_tables.read(tables.silver(shelf.use_case.source(source)))
    return [row for row in found if row["partition"] == day(number)]


def unsure(shelf: Shelf, *numbers: int) -> None:
    """All rows of these days lie where the model does not know."""
    for number in numbers:
        rows = rows_of(shelf, tables.features, partition=day(number))
        dice = np.random.default_rng(number)
        made = [
            row | {"lead_days": float(dice.uniform(0.45, 0.55)), "inputs_fingerprint": f"u{number}"} for row in rows
        ]
        commits.replace_rows(tables.features(shelf.use_case), made, f"partition = '{day(number)}'")


@pytest.fixture
def shelf(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A clinic whose champion keeps an estimator, and whose challenger in shadow was trained before."""
    declared = {"drift": {"window_days": 3, "estimate": "isotonic"}, "rollout": {"shadow": True}}
    made = open_clinic(tmp_path / "own", monkeypatch, tmp_path / "files", rules=RULES, fallback=FALLBACK, **declared)
    # Features of these tests were built by no transform, and are not asked.
    monkeypatch.setattr(report, "_features", lambda *_: {})
    live(made.use_case, *range(LAST + 1))
    made.add()
    made.add()
    keep_estimator(made, 1)
    made.promote(1)
    made.aliases[registry.CHALLENGER] = 2
    return made


def test_estimates_stand_beside_what_came_and_warn_where_the_model_is_unsure(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights(0, 3)
    # Of what the model said, whatever was decided: by the estimator, from the scores alone.
    scored = rows_of(shelf, tables.scores, partition=day(3), role="champion")
    own = np.array([row["model_score"] for row in scored])
    decided = np.array([row["model_decision"] for row in scored]).astype(np.int8)
    found = {row["metric"]: row for row in rows_of(shelf, tables.estimates, partition=day(3), slice="all")}
    (by,) = {row["moved_by"] for row in found.values()}
    for column, moved_by in (("by_training", 0.0), ("estimated", by)):
        expected = estimator_of(shelf, 1).estimates(own, decided, moved_by)
        assert {name: row[column] for name, row in found.items()} == {n: e.value for n, e in expected.items()}
    # What the three matured days before were off by, the same in one range and night by night.
    assert by == pytest.approx(3 / 6 * (log_odds(came(shelf, 0, 1, 2)) - log_odds(expected_of(shelf, 0, 1, 2))))
    assert by != 0 and {row["moved_by"] for row in rows_of(shelf, tables.estimates, partition=day(0))} == {0.0}
    assert all(row["rows"] == ROWS and row["error"] >= row["rows_error"] for row in found.values())
    # The day's labels are not there yet, and those of the day before are: one question has both.
    question = """
        select partition, metric, estimated, error, value as realised from gold.appointments_estimates
        left join gold.appointments_performance using (partition, role, model_version, slice, slice_value, metric)
        where slice = 'clinic' and slice_value = 'b' and metric in ('log_loss', 'roc_auc') order by all
    """
    beside = beside_by_sql(question)
    assert [row["realised"] is None for row in beside] == [False] * 6 + [True] * 2
    assert all(abs(row["estimated"] - row["realised"]) < 4 * row["error"] for row in beside[:6])
    assert {row["role"] for row in rows_of(shelf, tables.estimates)} == {"champion"}
    facts = [row for row in rows_of(shelf, tables.drift, kind="estimate") if row["partition"] == day(3)]
    assert [row["statistic"] for row in facts] == ["estimated_rise", "estimated_fall"]
    assert not any(row["violated"] or row["value"] > (row["limit"] or 1.0) for row in facts)

    # The page of the night has all of it, the newest day too.
    verdict = rows_of(shelf, tables.drift, partition=day(3))
    with monkeypatch.context() as patch:
        patch.setattr(gathering, "_links", lambda *_: Links())
        loss = page.content(gathering.gather(shelf.use_case, day(3), verdict, "1"))["quality"]["charts"][0]
    (line,) = loss["estimates"]["lines"]
    newest = words.number(found["log_loss"]["estimated"])
    assert line["told"].startswith(f"{newest} (") and f") on {day(3)}" in line["told"] and len(loss["lines"]) == 2

    # Again: nothing new. And of many rows the workers give the same.
    before = versions(shelf)
    assert nights(0, 3)["status"] == nights(2, 2)["status"] == "unchanged" and versions(shelf) == before
    here = estimate_update.of_days(shelf.use_case, [day(2), day(3)], {1: estimator_of(shelf, 1)})
    monkeypatch.setattr(row_limits, "IN_PROCESS_ROWS", 0)
    monkeypatch.setattr(worker_tasks, "run", in_a_worker)
    there = estimate_update.of_days(shelf.use_case, [day(2), day(3)], {1: estimator_of(shelf, 1)})
    assert sorted(map(repr, there)) == sorted(map(repr, here)) and len(here) == 2 * 3 * 7
    monkeypatch.undo()


def test_the_warning_needs_no_label_and_a_restated_day_is_estimated_again(shelf: Shelf) -> None:
    nights(0, 3)
    kept = {row["partition"]: row for row in rows_of(shelf, tables.estimates, slice="all", metric="log_loss")}
    unsure(shelf, 3, 4, 5)
    assert day(3) in stale_days("gold.appointments_scores")
    result = nights(3, 5)
    again = {row["partition"]: row for row in rows_of(shelf, tables.estimates, slice="all", metric="log_loss")}
    assert again[day(2)] == kept[day(2)] and again[day(3)]["estimated"] > kept[day(3)]["estimated"] + 0.2
    assert again[day(3)]["inputs_fingerprint"] != kept[day(3)]["inputs_fingerprint"]
    fact = next(row for row in rows_of(shelf, tables.drift, kind="estimate", partition=day(5)))
    assert fact["value"] > fact["limit"] and not fact["violated"]
    assert "estimated log_loss" in fact["reason"] and fact["reason"] in result["reasons"]
    # No label of the last day is known, and it did turn out as bad on those before.
    came = {
        row["partition"]: row["value"] for row in rows_of(shelf, tables.performance, slice="all", metric="log_loss")
    }
    assert day(5) not in came and came[day(4)] > came[day(1)] + 0.2
    assert stale_days("gold.appointments_estimates") == []
    # A range, its days one by one and in another order give the same.
    by_night = rows_of(shelf, tables.estimates)
    for order in ([(0, 5)], [(5, 5), (4, 4), (0, 2), (3, 3)]):
        commits.replace_rows(tables.estimates(shelf.use_case), [], "true")
        for first, last in order:
            nights(first, last)
        assert rows_of(shelf, tables.estimates) == by_night

    # A corrected label moves the chances of the days after it, and of no other.
    corrected = [row | {"minutes_late": 45.0} for row in silver_of(shelf, "visits", 2)]
    commits.replace_rows(tables.silver(shelf.use_case.source("visits")), corrected, f"partition = '{day(2)}'")
    now = dt.datetime(2024, 6, 2, tzinfo=dt.UTC)
    deliveries.record([Delivery("visits", "again", day(2), "f", "c", ROWS, ROWS, 0, 0, deliveries.INGESTED, now)])
    monitor.run(MonitorArguments(use_case="appointments", partition=day(2), through=day(5)))
    after = rows_of(shelf, tables.estimates)
    changed = {
        row["partition"] for row, old in zip(after, by_night, strict=True) if row["estimated"] != old["estimated"]
    }
    assert changed == {day(3), day(4), day(5)}
    assert [row["by_training"] for row in after] == [row["by_training"] for row in by_night]

    # A night of fallbacks has nothing that the model said; other code makes estimates stale.
    shelf.broken.add(1)
    score.run(ScoreArguments(use_case="appointments", partition=day(6)))
    shelf.broken.clear()
    watched = MonitorArguments(use_case="appointments", partition=day(6))
    assert monitor.run(watched).as_json()["status"] == "monitored"
    assert rows_of(shelf, tables.estimates, partition=day(6)) == []
    assert monitor.run(watched).as_json()["status"] == "unchanged"


def stale_days(table: str) -> list[dt.date]:
    lines = stale.run(StaleArguments(use_case="appointments")).as_json()["partitions"]
    return [line["partition"] for line in lines if line["table"] == table]
