import datetime as dt

import pendulum
import pytest
from airflow.timetables.base import TimeRestriction

from include.orchestration.nightly import NightlyTimetable

OPEN = TimeRestriction(earliest=None, latest=None, catchup=False)


def timetable(last=None, arrives_after_days=1, cron="0 1 * * *"):
    return NightlyTimetable(
        cron, timezone="America/New_York", arrives_after_days=arrives_after_days, first=dt.date(2013, 1, 1), last=last
    )


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
    for table in (timetable(), timetable(last=dt.date(2013, 12, 31), arrives_after_days=0)):
        assert NightlyTimetable.deserialize(table.serialize()).serialize() == table.serialize()
