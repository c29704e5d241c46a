"""The hour of a night: for which runs it is watched, and what is told when it has passed."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from airflow.serialization.decoders import decode_deadline_alert
from airflow.serialization.definitions.deadline import SerializedReferenceModels
from airflow.serialization.encoders import encode_deadline_alert
from hypothesis import given, settings
from hypothesis import strategies as st

from include.orchestration import alerts, late_night
from include.orchestration.late_night import HourOfNight
from lakehouse.alerts import facts
from lakehouse.alerts.fact import Fact
from lakehouse.declaration import UseCase, loader, nights
from tests.jobs import appointments, notes

NOW = dt.datetime(2024, 6, 10, 3, tzinfo=dt.UTC)
OSLO = HourOfNight("06:30", "Europe/Oslo", 1)


@pytest.mark.parametrize(
    ("key", "at"),
    [
        ("2024-06-09", dt.datetime(2024, 6, 10, 4, 30, tzinfo=dt.UTC)),
        ("2024-12-01", dt.datetime(2024, 12, 2, 5, 30, tzinfo=dt.UTC)),
        # Of a backfill: nobody waits for it.
        ("2024-06-08", None),
        ("", None),
        (None, None),
        ("every day", None),
    ],
)
def test_a_run_s_hour_is_that_of_the_day_that_is_scored_and_of_the_past_there_is_none(
    key: str | None, at: dt.datetime | None
) -> None:
    assert OSLO.of_partition(key, NOW) == at


def declared(**alerts_section: Any) -> UseCase:
    return UseCase.model_validate({**appointments.declaration(), "alerts": alerts_section})


def test_airflow_stores_the_hour_and_finds_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "airflow.plugins_manager.get_deadline_references_plugins",
        lambda: {f"{HourOfNight.__module__}.{HourOfNight.__name__}": HourOfNight},
    )
    (alert,) = late_night.of_use_case(declared(late_after="06:30"))["deadline"]
    stored = json.loads(json.dumps(encode_deadline_alert(alert)))
    found = decode_deadline_alert(stored)
    # One of those that Airflow asks when a run begins.
    assert isinstance(found.reference, SerializedReferenceModels.TYPES.DAGRUN)
    assert found.reference.inner_ref == HourOfNight("06:30", declared().calendar.timezone, 0)

    class Session:
        def scalar(self, _: object) -> str:
            return f"{dt.date.today() + dt.timedelta(days=2)}"

    at = found.reference.evaluate_with(session=Session(), interval=dt.timedelta(), dag_id="d", run_id="r")
    assert at is not None and at.date() in {dt.date.today() + dt.timedelta(days=days) for days in (1, 2, 3)}


def test_without_a_declared_hour_no_run_has_one() -> None:
    case = declared()
    assert late_night.of_use_case(case) == late_night.of_source(case.sources[0], [case]) == {}


def test_a_delivery_is_watched_for_each_reader_that_declares_an_hour_and_for_no_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [declared(late_after="06:30"), declared(), declared(late_after="07:00")]
    dataset = notes.declare(tmp_path, monkeypatch)
    daily = next(source for source in cases[0].sources if source.cadence == "daily")
    found = late_night.of_source(daily, [cases[0], dataset, *cases[1:]])["deadline"]
    assert [alert.reference.hour for alert in found] == ["06:30", "07:00"]
    assert {alert.reference.days for alert in found} == {daily.arrives_after_days}


@given(
    arrives=st.integers(0, 3),
    hour=st.times().map("{:%H:%M}".format),
    nightly=st.sampled_from(["0 1 * * *", "30 22 * * *", "0 0 * * *", "15 6 * * 1-5"]),
    zone=st.sampled_from(["UTC", "Europe/Oslo", "America/New_York"]),
    day=st.dates(dt.date(2024, 1, 10), dt.date(2024, 12, 20)),
)
@settings(max_examples=150)
def test_whatever_arrives_when_all_runs_of_a_night_have_its_first_such_hour_and_ask_for_its_day(
    arrives: int, hour: str, nightly: str, zone: str, day: dt.date
) -> None:
    content = appointments.declaration(
        calendar={"start": dt.date(2023, 1, 1), "timezone": zone, "nightly": nightly}, alerts={"late_after": hour}
    )
    content["sources"][1]["arrives_after_days"] = arrives
    content["inputs"] = [{"source": "bookings"}, {"source": "visits", "first": 7, "last": arrives}]
    content["label"]["maturity_days"] = 3
    windows = {"train": (400, 20), "validation": (16, 11), "holdout": (7, 3)}
    content["split"] = {name: {"first": first, "last": last} for name, (first, last) in windows.items()}
    case = UseCase.model_validate(content)
    runs = [(0, late_night.of_use_case(case)["deadline"])]
    runs += [(source.arrives_after_days, late_night.of_source(source, [case])["deadline"]) for source in case.sources]
    for arrives_after, (alert,) in runs:
        partition = day - dt.timedelta(days=arrives_after)
        assert partition + dt.timedelta(days=alert.callback.kwargs["days"]) == day
        at = alert.reference.of_partition(partition.isoformat(), nights.begins(case, day))
        assert at == nights.late_at(case, day)
        assert at is not None and dt.timedelta() < at - nights.begins(case, day) <= dt.timedelta(hours=25)


def test_what_is_late_is_told_and_what_is_there_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    case, told, missing = declared(late_after="06:30"), list[Fact](), [True]
    late = facts.failed(case.name, "d", "t", "r", "2024-06-10", "late", NOW)
    asked: list[dt.date] = []

    def look(use_case: UseCase, day: dt.date, hour: str, now: dt.datetime) -> Fact | None:
        asked.append(day)
        return late if missing[0] else None

    monkeypatch.setattr(loader, "by_name", lambda name: case)
    monkeypatch.setattr(facts, "late", look)
    monkeypatch.setattr(alerts, "tell", lambda use_cases, seen, link: told.extend(seen) or link(late))
    run: Any = {"dag_run": {"dag_id": "ingest__x", "dag_run_id": "r", "partition_key": "2024-06-09"}}
    late_night.tell_late(case.name, 1, run)
    missing[0] = False
    late_night.tell_late(case.name, 1, run)
    assert told == [late] and asked == [dt.date(2024, 6, 10)] * 2
