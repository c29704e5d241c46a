"""When each DAG runs, by its declaration."""

from lakehouse.declaration import Source
from lakehouse.declaration.use_case import Calendar


def test_the_calendar_says_how_many_nights_are_caught_up(parcels):
    from include.orchestration import schedules

    assert schedules.nightly(parcels, parcels.sources[0]).serialize()["catch_up_nights"] == 7
    calendar = Calendar.model_validate({"start": "2024-01-01", "catch_up_nights": 0})
    none = parcels.model_copy(update={"calendar": calendar})
    assert schedules.nightly(none, parcels.sources[0]).serialize()["catch_up_nights"] == 0


def test_nights_follow_one_another_but_where_a_delivery_is_waited_for_longer_than_a_day(parcels):
    from include.orchestration import schedules

    def of(**fields):
        return Source.model_validate({"name": "s", "columns": [{"name": "a", "type": "int"}], "key": ["a"], **fields})

    assert schedules.nights_at_once(of()) == schedules.nights_at_once(of(freshness={"hours": 24})) == 1
    assert schedules.nights_at_once(of(freshness={"hours": 25})) > 1
