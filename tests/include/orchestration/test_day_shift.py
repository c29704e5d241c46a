import pytest

from include.orchestration.day_shift import DayShiftMapper


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
