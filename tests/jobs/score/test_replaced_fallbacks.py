"""A night of fallbacks is replaced when a model is there again, and is stale until then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.restate import job as restate
from jobs.restate.arguments import RestateArguments
from lakehouse import tables
from lakehouse.models import artifacts, registry, version_selection
from lakehouse.staleness import report
from lakehouse.storage import delta_log, small_tables
from tests.jobs.score.ruled import FALLBACK, RULES, opened, rows_of, ruled, score, stale_scores
from tests.jobs.shelf import ROWS, day


def test_a_night_without_the_model_is_scored_by_the_fallbacks_and_replaced_when_it_is_back(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1, 2, rules=RULES[2:3])
    score(0)
    shelf.broken.add(1)
    result = score(1)
    assert (result["status"], result["rows"], result["model_versions"]) == ("scored", ROWS, [])
    assert result["fallback_days"] == {str(day(1)): "the champion or a file of it is gone"}
    assert "ModelMissing: model appointments version 1" in result["fallback_failures"][0]
    assert result["decided_by"] == {"fallback": {"last_score": ROWS - 4}, "rule": {"desk": 4}}
    # What those who are told read: tests/include/orchestration/test_alerts.py.
    assert result["fallbacks"] == {str(day(1)): {"last_score": ROWS - 4}}
    rows, before = rows_of(shelf, 1), rows_of(shelf, 0)
    assert {row["chosen_by"] for row in rows.values()} == {version_selection.FALLBACK}
    assert {(row["model_version"], row["run_id"], row["threshold"]) for row in rows.values()} == {(1, "run1", 0.5)}
    assert {(row["model_score"], row["model_decision"]) for row in rows.values()} == {(None, None)}
    assert {key: row["score"] for key, row in rows.items()} == {key: row["score"] for key, row in before.items()}
    # A second night: a fallback's score is no last score, the model's of the day before that one still is.
    score(2)
    assert {row["score_day"] for row in rows_of(shelf, 2).values()} == {day(0)}
    version = delta_log.version(tables.scores(shelf.use_case))
    again = score(1, 2)
    assert (again["status"], again["fallback_days"].keys()) == ("unchanged", {str(day(1)), str(day(2))})
    assert delta_log.version(tables.scores(shelf.use_case)) == version
    why = "a fallback scored it, since the champion or a file of it is gone"
    assert {on: why in reasons for on, reasons in stale_scores().items()} == {day(1): True, day(2): True}
    shelf.broken.clear()
    corrected = score(0, 2)
    assert (corrected["days"], corrected["model_versions"]) == (2, [1])
    assert stale_scores() == {}
    assert {row["chosen_by"] for row in rows_of(shelf, 1).values()} == {"champion"}
    assert all(row["model_score"] is not None for row in rows_of(shelf, 2).values())


def test_a_night_after_a_promotion_replaces_a_fallback_by_the_present_champion(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1, fallback=[FALLBACK[0], {"rule": {"name": "half", "score": 0.5}}])
    shelf.broken.add(1)
    assert score(0)["decided_by"]["fallback"] == {"half": ROWS - len(ruled(shelf))}
    shelf.promote(2)
    result = score(0)
    assert (result["model_versions"], "fallback_days" in result) == ([2], False)
    assert {row["chosen_by"] for row in rows_of(shelf, 0).values()} == {"champion"}


def test_a_restatement_replaces_a_night_of_fallbacks_and_its_verdict(
    spark: SparkSession, lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1, 2, rules=RULES[1:2], deliver=[{"name": "out", "files": {"folder": "o"}}])
    patch.setattr(report, "_features", lambda *_: {})
    score(0)
    kept = artifacts.model_bytes
    # The file of the model is gone, and what monitoring reads is not.
    patch.setattr(artifacts, "model_bytes", lambda model: shelf.file(replace(model, version=-1), artifacts.MODEL))
    shelf.broken.add(-1)
    score(1, 2)
    watched = MonitorArguments(use_case="appointments", partition=day(1), through=day(2))
    assert monitor.run(watched).as_json()["status"] == "monitored"
    asked = RestateArguments(use_case="appointments", no_deliver=True)
    planned = restate.run(RestateArguments(use_case="appointments", dry_run=True)).as_json()
    assert planned["score"] == [day(1), day(2)] and set(planned["monitor"]) >= {day(1), day(2)}
    patch.setattr(artifacts, "model_bytes", kept)
    assert restate.run(asked).as_json()["status"] == "restated"
    assert restate.run(asked).as_json()["status"] == "fresh"
    assert {row["chosen_by"] for row in rows_of(shelf, 2).values()} == {"champion"}
    measured = small_tables.read(tables.performance(shelf.use_case))
    whole = {(line["partition"], line["metric"]) for line in measured if line["slice"] == "all"}
    assert {(day(1), "log_loss"), (day(1), "final_log_loss")} <= whole


def test_a_champion_that_the_registry_has_lost_leaves_the_night_stale(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1)
    score(0)
    kept = shelf.versions.pop(1)
    del shelf.aliases[registry.CHAMPION]
    result = score(1)
    assert result["fallback_days"] == {str(day(1)): "the registry has not the recorded champion"}
    (reasons,) = [why for on, why in stale_scores().items() if on == day(1)]
    assert "a fallback scored it, and still no model can" in reasons[0]
    shelf.versions[1] = kept
    assert score(1)["model_versions"] == [1] and stale_scores() == {}
