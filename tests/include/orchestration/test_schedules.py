"""When each DAG runs, by its declaration."""

from lakehouse.declaration import Source
from lakehouse.declaration.use_case import Calendar


def test_the_calendar_says_how_many_nights_are_caught_up(parcels):
    from include.orchestration import schedules

    assert schedules.nightly(parcels, parcels.sources[0]).serialize()["catch_up_nights"] == 7
    calendar = Calendar.model_validate({"start": "2024-01-01", "catch_up_nights": 0})
    none = parcels.model_copy(update={"calendar": calendar})
    assert schedules.nightly(none, parcels.sources[0]).serialize()["catch_up_nights"] == 0


def test_fallbacks_are_asked_every_day_at_their_hour_and_no_missed_hour_is_made_up_for(parcels):
    from include.orchestration import schedules

    weekdays = Calendar.model_validate({"start": "2024-01-01", "timezone": "Europe/Oslo", "nightly": "0 1 * * 1-5"})
    stated = schedules.at_fallback_hour(parcels.model_copy(update={"calendar": weekdays, "fallback_at": "06:05"}))
    made = stated.serialize()
    assert (made["cron"], made["timezone"], made["catch_up_nights"]) == ("5 6 * * *", "Europe/Oslo", 0)
    assert made["arrives_after_days"] == 0


def test_a_fallback_s_hour_before_that_of_the_night_is_the_next_morning_s_and_asks_for_the_day_before(parcels):
    from include.orchestration import schedules

    evening = Calendar.model_validate({"start": "2024-01-01", "timezone": "Europe/Oslo", "nightly": "0 22 * * *"})
    for hour, days in (("06:05", 1), ("22:00", 1), ("22:01", 0)):
        late = parcels.model_copy(update={"calendar": evening, "fallback_at": hour})
        assert schedules.at_fallback_hour(late).serialize()["arrives_after_days"] == days


def test_nights_follow_one_another_but_where_a_delivery_is_waited_for_longer_than_a_day(parcels):
    from include.orchestration import schedules

    def of(**fields):
        return Source.model_validate({"name": "s", "columns": [{"name": "a", "type": "int"}], "key": ["a"], **fields})

    assert schedules.nights_at_once(of()) == schedules.nights_at_once(of(freshness={"hours": 24})) == 1
    assert schedules.nights_at_once(of(freshness={"hours": 25})) > 1


def scored(parcels, scores, **label):
    return parcels.model_copy(
        update={
            "calendar": Calendar.model_validate({"start": "2024-01-01", "scores": scores}),
            "label": parcels.label.model_copy(update=label),
        }
    )


def stored(timetable):
    """As the scheduler reads it."""
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import encode_timetable

    return decode_timetable(encode_timetable(timetable))


def runs(timetable, asset, *keys):
    """The partitions that wait for these of an asset: what Airflow's asset manager makes of the keys."""
    mapper = timetable.get_partition_mapper(name=asset)
    made = [mapper.to_downstream(key) for key in keys]
    return [one for key in made for one in ([key] if isinstance(key, str) else key)]


MARCH = [f"2024-03-{day:02}" for day in range(1, 32)]


def test_a_month_of_deliveries_starts_the_scored_days_alone(parcels):
    from include.orchestration import assets, schedules

    weekly = scored(parcels, {"weekly": ["monday"]})
    features = stored(schedules.when_inputs_arrive(weekly))
    mondays = ["2024-03-04", "2024-03-11", "2024-03-18", "2024-03-25"]
    assert runs(features, "silver.parcel_plan", *MARCH) == mondays
    # Those of a day are read the day after.
    assert runs(features, "silver.parcel_outcomes", *MARCH) == [*mondays, "2024-04-01"]
    assert (
        runs(stored(schedules.when_updated(weekly, assets.features(weekly))), "gold.parcels_features", *mondays)
        == mondays
    )


def test_monitoring_runs_after_scores_and_where_labels_mature_in_between(parcels):
    from include.orchestration import schedules

    weekly = stored(schedules.when_scored_or_matured(scored(parcels, {"weekly": ["monday"]}, maturity_days=2)))
    assert runs(weekly, "gold.parcels_scores", "2024-03-04", "2024-03-11") == ["2024-03-04", "2024-03-11"]
    # Wednesdays, in whose nights the deliveries of Tuesdays come.
    assert runs(weekly, "silver.parcel_outcomes", *MARCH) == ["2024-03-06", "2024-03-13", "2024-03-20", "2024-03-27"]
    assert type(weekly.asset_condition).__name__ == "SerializedAssetAny"
    daily = stored(schedules.when_scored_or_matured(parcels))
    assert type(daily.asset_condition).__name__ == "SerializedAsset"
    assert runs(daily, "gold.parcels_scores", *MARCH) == MARCH


def test_the_pages_say_which_days_are_scored(parcels):
    from include.orchestration import night_docs

    monthly = scored(parcels, {"monthly": [1, "last"]})
    for page in (night_docs.features, night_docs.score, night_docs.monitor):
        assert "monthly on 1, last" in page(monthly) and "monthly" not in page(parcels)
    assert "3 of the last 5 scored days" in night_docs.monitor(monthly)
