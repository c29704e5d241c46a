import datetime as dt

import pendulum
import pytest
from airflow.models import DagModel, DagRun
from airflow.sdk import DAG, BaseOperator
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables import trigger
from airflow.timetables.base import DagRunInfo, TimeRestriction
from airflow.utils.types import DagRunType
from hypothesis import given, settings
from hypothesis import strategies as st

from include.orchestration.nightly import NightlyTimetable

FIRST = dt.date(2013, 1, 1)
OPEN = TimeRestriction(earliest=None, latest=None, catchup=False)


def timetable(last=None, arrives_after_days=1, cron="0 1 * * *", zone="America/New_York", first=FIRST, **more):
    return NightlyTimetable(cron, timezone=zone, arrives_after_days=arrives_after_days, first=first, last=last, **more)


def days(infos):
    return [info.partition_key for info in infos]


def backfill(table, first, last):
    return list(
        table.iter_partition_dagrun_infos(
            earliest=pendulum.datetime(*first, tz="UTC"), latest=pendulum.datetime(*last, tz="UTC")
        )
    )


def test_a_backfill_has_both_its_ends_whatever_the_hour_of_the_nightly_run():
    assert days(backfill(timetable(), (2013, 6, 1), (2013, 6, 3))) == ["2013-06-01", "2013-06-02", "2013-06-03"]


def test_a_backfill_crosses_the_change_of_clocks_with_one_run_a_day():
    infos = backfill(timetable(), (2013, 3, 9), (2013, 3, 11))
    assert days(infos) == ["2013-03-09", "2013-03-10", "2013-03-11"]
    assert [info.partition_date.in_timezone("America/New_York").hour for info in infos] == [0, 0, 0]


def test_a_backfill_stays_within_the_calendar():
    table = timetable(last=dt.date(2013, 12, 31))
    assert days(backfill(table, (2012, 12, 30), (2013, 1, 1))) == ["2013-01-01"]
    assert days(backfill(table, (2013, 12, 31), (2014, 1, 5))) == ["2013-12-31"]


def test_a_run_by_hand_and_a_backfill_agree_on_the_date_of_a_day():
    table = timetable()
    assert table.resolve_partition_date("2013-06-01") == backfill(table, (2013, 6, 1), (2013, 6, 1))[0].partition_date


@pytest.mark.parametrize("arrives", [0, 1, 3])
def test_the_nightly_run_takes_in_what_arrives_that_night(arrives):
    info = timetable(arrives_after_days=arrives).next_dagrun_info_v2(last_dagrun_info=None, restriction=OPEN)
    night = info.run_after.in_timezone("America/New_York")
    assert (night.hour, night.minute) == (1, 0)
    assert info.partition_key == (night.date() - dt.timedelta(days=arrives)).isoformat()


def test_a_cron_that_leaves_out_nights_still_counts_in_days():
    info = timetable(cron="0 1 * * 1").next_dagrun_info_v2(last_dagrun_info=None, restriction=OPEN)
    assert dt.date.fromisoformat(info.partition_key).weekday() == 6


def test_after_the_last_day_of_the_data_nothing_is_scheduled():
    table = timetable(last=dt.date(2013, 12, 31))
    assert table.next_dagrun_info_v2(last_dagrun_info=None, restriction=OPEN) is None


def test_the_scheduler_reads_back_what_it_stored():
    for table in (timetable(), timetable(last=dt.date(2013, 12, 31), arrives_after_days=0, catch_up_nights=3)):
        assert NightlyTimetable.deserialize(table.serialize()).serialize() == table.serialize()


def test_a_schedule_that_an_earlier_release_stored_catches_up_nothing():
    stored = timetable().serialize()
    del stored["catch_up_nights"]
    assert NightlyTimetable.deserialize(stored).serialize()["catch_up_nights"] == 0


# Nights that were missed.


@pytest.fixture
def at(monkeypatch):
    """Set the clock that Airflow's timetables read; an instant as text, in UTC."""

    def set_to(instant):
        monkeypatch.setattr(trigger, "utcnow", lambda: pendulum.parse(instant))

    return set_to


def ran(table, day):
    """The scheduled run for a day, as Airflow knows it again."""
    date, key = table._partition(day)
    return DagRunInfo(run_after=table._night_of(day), data_interval=None, partition_date=date, partition_key=key)


def backfilled(table, day):
    date, key = table._partition(day)
    return DagRunInfo(run_after=date, data_interval=None, partition_date=date, partition_key=key)


# As our DAGs are: begun with the calendar.
BEGUN = TimeRestriction(earliest=pendulum.datetime(2013, 1, 1), latest=None, catchup=False)


def due(table, last, restriction=BEGUN):
    """The runs that the scheduler makes at once, one after the other, each after the one before."""
    made, now = [], trigger.utcnow()
    while (info := table.next_dagrun_info_v2(last_dagrun_info=last, restriction=restriction)) is not None:
        if info.run_after > now:
            break
        made.append(info)
        last = info
        assert len(made) < 500
    return made


def test_missed_nights_are_caught_up_from_the_oldest_to_the_newest(at):
    at("2024-06-10T12:00:00Z")
    table = timetable()
    assert days(due(table, ran(table, dt.date(2024, 6, 5)))) == ["2024-06-06", "2024-06-07", "2024-06-08", "2024-06-09"]


@pytest.mark.parametrize(
    ("declared", "caught_up"),
    [(7, range(3, 10)), (3, range(7, 10)), (1, [9]), (0, [9])],
    ids=["seven", "three", "one", "none"],
)
def test_after_a_longer_outage_the_newest_nights_are_caught_up_as_declared(at, declared, caught_up):
    at("2024-06-10T12:00:00Z")
    table = timetable(catch_up_nights=declared)
    assert days(due(table, ran(table, dt.date(2024, 3, 5)))) == [f"2024-06-{day:02d}" for day in caught_up]


def test_when_nothing_was_missed_the_next_night_comes_next(at):
    at("2024-06-10T12:00:00Z")
    table = timetable()
    info = table.next_dagrun_info_v2(last_dagrun_info=ran(table, dt.date(2024, 6, 9)), restriction=OPEN)
    assert (info.partition_key, info.run_after.isoformat()) == ("2024-06-10", "2024-06-11T05:00:00+00:00")


def test_a_new_dag_begins_with_the_newest_night_and_has_missed_none(at):
    at("2024-06-10T12:00:00Z")
    assert days(due(timetable(), None)) == ["2024-06-09"]


def test_before_the_calendar_begins_its_first_night_is_next(at):
    at("2024-06-10T12:00:00Z")
    info = timetable(first=dt.date(2024, 7, 1)).next_dagrun_info_v2(last_dagrun_info=None, restriction=OPEN)
    assert (info.partition_key, info.run_after.isoformat()) == ("2024-07-01", "2024-07-02T05:00:00+00:00")


def test_nothing_is_caught_up_from_before_the_calendar(at):
    at("2024-06-10T12:00:00Z")
    table = timetable(first=dt.date(2024, 6, 8))
    assert days(due(table, ran(table, dt.date(2024, 6, 1)))) == ["2024-06-08", "2024-06-09"]


def test_nothing_is_caught_up_from_after_the_calendar(at):
    at("2024-06-10T12:00:00Z")
    table = timetable(last=dt.date(2024, 6, 7))
    assert days(due(table, ran(table, dt.date(2024, 6, 5)))) == ["2024-06-06", "2024-06-07"]
    at("2026-06-10T12:00:00Z")
    assert due(table, ran(table, dt.date(2024, 6, 5))) == []


@pytest.mark.parametrize("arrives", [0, 1, 3, 31])
@pytest.mark.parametrize("cron", ["0 1 * * *", "0 0 * * *", "30 23 * * *"])
def test_after_a_backfill_the_days_behind_it_follow(at, cron, arrives):
    at("2024-06-20T12:00:00Z")
    table = timetable(cron=cron, arrives_after_days=arrives, catch_up_nights=3)
    day = dt.date.fromisoformat(due(table, None)[-1].partition_key)
    before = day - dt.timedelta(days=1)
    assert days(due(table, backfilled(table, before - dt.timedelta(days=1)))) == [str(before), str(day)]
    assert due(table, backfilled(table, day)) == []


def test_a_nightly_hour_that_was_changed_ingests_no_day_twice(at):
    at("2024-06-10T12:00:00Z")
    before = ran(timetable(cron="0 1 * * *"), dt.date(2024, 6, 9))
    assert due(timetable(cron="0 3 * * *"), before) == []


def test_two_runs_in_a_night_stay_two(at):
    at("2024-06-10T23:00:00Z")
    table = timetable(cron="0 1,13 * * *")
    assert days(due(table, ran(table, dt.date(2024, 6, 8)))) == ["2024-06-08", "2024-06-09", "2024-06-09"]


def test_a_cron_that_leaves_out_sundays_catches_up_the_nights_that_it_has(at):
    at("2024-06-11T12:00:00Z")
    table = timetable(cron="0 1 * * 1-6", arrives_after_days=0)
    found = days(due(table, ran(table, dt.date(2024, 6, 7))))
    assert found == ["2024-06-08", "2024-06-10", "2024-06-11"]


ZONES = [
    "America/New_York",
    "Europe/Oslo",
    "Pacific/Auckland",
    "UTC",
    "Asia/Tokyo",
    "America/Sao_Paulo",
    "Africa/Cairo",
]


@settings(deadline=None, max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    cron=st.builds("{} {} * * *".format, st.sampled_from([0, 15, 30]), st.integers(0, 23)),
    arrives=st.integers(0, 5),
    nights=st.integers(0, 12),
    missed=st.integers(0, 20),
    now=st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2025, 12, 31)),
)
def test_whatever_the_zone_and_the_hour_each_missed_day_is_caught_up_once_and_in_order(
    zone, cron, arrives, nights, missed, now
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trigger, "utcnow", lambda: pendulum.instance(now, "UTC"))
        table = timetable(zone=zone, cron=cron, arrives_after_days=arrives, catch_up_nights=nights)
        newest = dt.date.fromisoformat(due(table, None)[-1].partition_key)
        found = due(table, ran(table, newest - dt.timedelta(days=missed)))
    expected = min(missed, max(nights, 1))
    assert days(found) == [str(newest - dt.timedelta(days=back)) for back in reversed(range(expected))]
    assert [info.run_after for info in found] == sorted(info.run_after for info in found)


def stored_run(info):
    return DagRun(
        dag_id="ingest__tests",
        run_type=DagRunType.SCHEDULED,
        run_after=info.run_after,
        partition_key=info.partition_key,
        partition_date=info.partition_date,
    )


def test_the_scheduler_itself_makes_these_runs_of_a_stored_dag(at):
    """By the code that Airflow's scheduler calls after each run it made, with what it reads back from a stored run."""
    at("2024-06-10T12:00:00Z")
    with DAG(
        "ingest__tests", schedule=timetable(), start_date=dt.datetime(2013, 1, 1, tzinfo=dt.UTC), catchup=False
    ) as dag:
        BaseOperator(task_id="ingest")
    stored = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    model, made = DagModel(dag_id=dag.dag_id), []
    run = stored_run(ran(timetable(), dt.date(2024, 6, 5)))
    while True:
        model.calculate_dagrun_date_fields(stored, reference_run=run)
        if model.next_dagrun_create_after > trigger.utcnow():
            break
        made.append(model.next_dagrun_partition_key)
        info = stored.timetable.next_run_info_from_dag_model(dag_model=model)
        run = stored_run(info)
    assert made == ["2024-06-06", "2024-06-07", "2024-06-08", "2024-06-09"]
