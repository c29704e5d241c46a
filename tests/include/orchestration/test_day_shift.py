import json

import pytest

from include.orchestration.day_shift import DayShiftMapper
from lakehouse.declaration import Rhythm

MONDAYS = Rhythm.model_validate({"weekly": ["monday"]})


@pytest.mark.parametrize(
    ("days", "key", "expected"),
    [(0, "2024-03-01", "2024-03-01"), (1, "2024-02-28", "2024-02-29"), (31, "2023-12-01", "2024-01-01")],
)
def test_the_day_that_waits_lies_so_many_days_later(days, key, expected):
    assert DayShiftMapper(days).to_downstream(key) == expected


def test_a_partition_begins_at_local_midnight_in_summer_and_winter():
    mapper = DayShiftMapper(1, "America/New_York")
    assert mapper.to_partition_date("2013-01-15").isoformat() == "2013-01-15T05:00:00+00:00"
    assert mapper.to_partition_date("2013-07-15").isoformat() == "2013-07-15T04:00:00+00:00"


def test_a_key_that_is_no_day_is_refused():
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        DayShiftMapper().to_partition_date("monday")


def test_the_scheduler_reads_back_what_it_stored():
    again = DayShiftMapper.deserialize(DayShiftMapper(3, "Europe/Oslo").serialize())
    assert (again.days, again.timezone) == (3, "Europe/Oslo")


def test_only_scored_days_wait_where_not_every_day_is_scored():
    mapper = DayShiftMapper(7, rhythm=MONDAYS)
    assert mapper.to_downstream("2024-03-04") == "2024-03-11"
    assert mapper.to_downstream("2024-03-05") == []
    again = DayShiftMapper.deserialize(json.loads(json.dumps(mapper.serialize())))
    assert again.serialize() == mapper.serialize() and again.to_downstream("2024-03-05") == []


def test_labels_that_mature_on_a_day_that_is_not_scored_let_it_wait():
    # The delivery of a day comes a day later, labels mature after nine: those of Monday the 4th in the night of Wednesday the 13th.
    mapper = DayShiftMapper(1, rhythm=MONDAYS, matures_after_days=9)
    assert [mapper.to_downstream(f"2024-03-{day}") for day in (10, 11, 12, 13)] == [[], [], "2024-03-13", []]
    again = DayShiftMapper.deserialize(json.loads(json.dumps(mapper.serialize())))
    assert again.to_downstream("2024-03-12") == "2024-03-13"
    # After a week they mature on a Monday, which is scored and monitored anyway.
    weekly = DayShiftMapper(1, rhythm=MONDAYS, matures_after_days=7)
    assert {str(weekly.to_downstream(f"2024-03-{day}")) for day in range(10, 31)} == {"[]"}


def test_a_schedule_of_every_day_is_stored_as_ever():
    assert DayShiftMapper(1, "Europe/Oslo").serialize() == {"days": 1, "timezone": "Europe/Oslo"}
