"""Retention takes what is older than declared, tells it, and makes nothing stale."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
import yaml

from jobs import code_versions
from jobs.features import job as features_job
from jobs.features.arguments import FeaturesArguments
from jobs.labels import outcomes
from jobs.restate import job as restate_job
from jobs.restate.arguments import RestateArguments
from lakehouse import tables
from lakehouse.__main__ import main
from lakehouse.declaration import loader
from lakehouse.errors import RetentionRefused
from lakehouse.ops import retention
from lakehouse.retention import plan
from lakehouse.staleness import report
from lakehouse.storage import commits, delta_log, small_tables
from tests.jobs.maintain.expiring.sixty_days import AT, DAYS, Declare, maintain, present, stale, take
from tests.jobs.shelf import day


def test_what_is_older_goes_and_what_is_needed_stays(clinic: Declare) -> None:
    use_case = clinic().use_case
    assert stale(use_case).lines(use_case) == []
    take()
    # Ten days are declared; the next training reads twenty; the champion was trained on days 2 to 10.
    needed = {*range(2, 11), *range(40, 60)}
    assert present(tables.features(use_case)) == needed
    assert present(tables.outcomes(use_case)) == needed
    assert present(tables.silver(use_case.source("bookings"))) == needed
    assert present(tables.silver(use_case.source("visits"))) == needed
    assert present(tables.scores(use_case)) == set(range(30, 60))
    # Bronze stays as long as silver has the day.
    assert present(tables.bronze(use_case.source("visits"))) == {*range(2, 11), *range(10, 60)}
    assert present(tables.performance(use_case)) == set(DAYS)


def test_nothing_becomes_stale_and_the_ledger_stays(clinic: Declare) -> None:
    use_case = clinic().use_case
    before = small_tables.read(tables.DELIVERIES)
    take()
    found = stale(use_case)
    assert (found.lines(use_case), found.expired, found.monitor) == ([], (), [])
    assert small_tables.read(tables.DELIVERIES) == before
    assert restate_job.run(RestateArguments(use_case=use_case.name)).status == "fresh"


def test_a_second_run_takes_nothing(clinic: Declare) -> None:
    use_case = clinic().use_case
    first = take()
    versions = {table.full_name: delta_log.version(table) for table in tables.of_use_case(use_case)}
    lines = retention.lines()
    assert first["gold.appointments_scores"] == 30
    assert "expired_days" not in maintain()
    assert {table.full_name: delta_log.version(table) for table in tables.of_use_case(use_case)} == versions
    assert retention.lines() == lines


def test_a_dry_run_lists_and_changes_nothing(clinic: Declare, capsys: pytest.CaptureFixture[str]) -> None:
    use_case = clinic().use_case
    planned = maintain(dry_run=True)
    assert "gold.appointments_scores: 2024-01-01 to 2024-01-30: 30 day(s), 30 rows" in capsys.readouterr().out
    assert present(tables.scores(use_case)) == set(DAYS)
    assert retention.lines() == []
    assert maintain()["expired_days"] == planned["expired_days"]


def test_what_went_is_recorded(clinic: Declare) -> None:
    clinic()
    take()
    lines = retention.lines("gold.appointments_features")
    assert [(line.first_day, line.last_day, line.days, line.rows) for line in lines] == [
        (day(0), day(1), 2, 2),
        (day(11), day(39), 29, 29),
    ]
    assert {(line.state, line.actor, line.rule) for line in lines} == {
        ("removed", "tests", "10 days (use case appointments)")
    }
    assert all(line.bytes > 0 and line.removed_at is not None for line in lines)


def test_a_correction_of_the_code_leaves_what_cannot_be_made_again(
    clinic: Declare, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Features stay for long, their sources do not.
    use_case = clinic({"silver": 10, "bronze": 10, "features": 55}).use_case
    take()
    assert present(tables.features(use_case)) == {*range(2, 60)}
    (root / "own" / "appointments" / "features.py").write_text("def build(days, inputs):\n    return None\n")
    found = stale(use_case)
    rebuilt = {(one - day(0)).days for one in found.features}
    assert rebuilt == {*range(2, 11), *range(40, 60)}
    name = "gold.appointments_features"
    assert {(on - day(0)).days for table, on, _ in found.expired if table == name} == set(range(11, 40))
    told = restate_job.run(RestateArguments(use_case=use_case.name, partition=day(20), dry_run=True))
    assert (told.status, "retention took silver.bookings 2024-01-21" in told.message) == ("fresh", True)
    with pytest.raises(RetentionRefused, match=r"retention took silver\.bookings 2024-01-21"):
        features_job.run(FeaturesArguments(use_case=use_case.name, partition=day(20)))


def test_labels_that_cannot_be_made_again_stay(clinic: Declare) -> None:
    use_case = clinic({"silver": 10, "bronze": 10}).use_case
    take()
    before = delta_log.version(tables.outcomes(use_case))
    assert outcomes.mature(use_case, [day(20), day(21)], force=True) == []
    assert delta_log.version(tables.outcomes(use_case)) == before


def test_measures_outlive_the_scores_that_they_are_of(clinic: Declare) -> None:
    use_case = clinic({"scores": 5}).use_case
    take()
    assert len(present(tables.scores(use_case))) < 20
    assert stale(use_case).lines(use_case) == []
    asked = report.find(use_case, code_versions.CURRENT, day(3), day(3))
    assert asked.expired == (("gold.appointments_scores", day(3), "retention took it"),)


def test_the_command_says_what_goes_and_why_something_stays(
    clinic: Declare, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic()
    assert main(["retention", "--format", "json"]) == 0
    by_table = {row["table"]: row for row in json.loads(capsys.readouterr().out)}
    features = by_table["gold.appointments_features"]
    assert features["rule"] == "10 days (use case appointments)"
    assert features["goes_next"] == "31 day(s), 2024-01-01 to 2024-02-09"
    assert "version 1 of appointments was trained on it: the champion" in features["why"]
    assert "the next training of appointments reads it" in features["why"]
    assert by_table["gold.appointments_performance"]["rule"] == "nothing declared: stays"


def test_messages_go_when_they_are_sent(clinic: Declare, root: Path) -> None:
    clinic({})
    (root / "own" / "retention.yaml").write_text(yaml.safe_dump({"layers": {"ops": 5}}))
    row = dict.fromkeys(tables.ALERTS.column_names, "x") | {
        "tries": 1,
        "recorded_at": AT,
        "tried_at": AT,
        "sent_at": AT,
    }
    rows = [
        row | {"fact": f"{n}", "state": "failed" if n == 1 else "sent", "happened_at": AT + dt.timedelta(days=n)}
        for n in range(9)
    ]
    commits.replace_rows(tables.ALERTS, rows, "true")
    take()
    assert [line["fact"] for line in small_tables.read(tables.ALERTS)] == ["1", "4", "5", "6", "7", "8"]


def test_every_table_with_a_rule_is_planned(clinic: Declare) -> None:
    use_case = clinic().use_case
    listed = plan.make(AT)
    assert {one.subject.name for one in listed} >= {"silver.bookings", "bronze.visits", "gold.appointments_scores"}
    assert loader.readers(use_case.source("visits")) == [use_case]
