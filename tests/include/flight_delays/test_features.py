"""The features of flight_delays: hand-made frames for what they mean, real days for leaks and for ranges."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from include.flight_delays import features
from include.flight_delays.demo import nycflights

SCHEMAS = {
    "flight_schedule": "carrier string, flight int, tailnum string, origin string, dest string, sched_dep_time int, "
    "sched_arr_time int, distance double",
    "flight_outcomes": "carrier string, flight int, origin string, sched_dep_time int, dest string, tailnum string, "
    "dep_time int, dep_delay double, arr_time int, arr_delay double, air_time double",
    "weather": "origin string, hour int, temp double, dewp double, humid double, wind_dir double, wind_speed double, "
    "wind_gust double, precip double, pressure double, visib double",
    "planes": "tailnum string, year int, type string, manufacturer string, model string, engines int, seats int, "
    "speed double, engine string",
}
Rows = Mapping[str, Iterable[Mapping[str, Any]]]
D = dt.date(2013, 3, 15)


def before(days: int) -> dt.date:
    return D - dt.timedelta(days=days)


def planned(**changes: Any) -> dict[str, Any]:
    flight = dict(
        carrier="UA", flight=1, tailnum="N1", origin="EWR", dest="IAH", sched_dep_time=1830, sched_arr_time=2145
    )
    return flight | {"distance": 1400.0, "partition": D} | changes


def flown(arr_delay: float | None, **changes: Any) -> dict[str, Any]:
    flight = dict(carrier="UA", flight=1, origin="EWR", sched_dep_time=1830, dest="IAH", tailnum="N1")
    return flight | {"arr_delay": arr_delay, "partition": before(1)} | changes


def inputs(spark: SparkSession, rows: Rows) -> dict[str, DataFrame]:
    made = {}
    for source, schema in SCHEMAS.items():
        names = [column.split()[0] for column in f"{schema}, partition date".split(", ")]
        values = [tuple(row.get(name) for name in names) for row in rows.get(source, ())]
        made[source] = spark.createDataFrame(values, f"{schema}, partition date")
    return made


def days(spark: SparkSession, *wanted: dt.date) -> DataFrame:
    return spark.createDataFrame([(day,) for day in wanted], "partition date")


Build = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def build(spark: SparkSession) -> Build:
    def built(rows: Rows, *wanted: dt.date) -> list[dict[str, Any]]:
        found = features.build(days(spark, *(wanted or (D,))), inputs(spark, rows)).collect()
        return sorted((row.asDict() for row in found), key=lambda row: (row["partition"], row["flight"]))

    return built


def test_every_scheduled_flight_of_the_days_asked_for_gets_one_row(build: Build) -> None:
    schedule = [planned(), planned(flight=2, tailnum=None), planned(partition=before(1))]
    found = build({"flight_schedule": schedule}, D)
    assert [(row["flight"], row["partition"]) for row in found] == [(1, D), (2, D)]
    assert found[0]["late_1d"] is None, "no outcome is known yet: not known, and not zero"
    assert found[1]["aircraft_leg"] is None, "no aircraft is assigned"


def test_the_schedule_gives_time_of_day_and_traffic(build: Build) -> None:
    other = planned(flight=2, origin="JFK", sched_dep_time=1859, sched_arr_time=30, tailnum="N2", dest="LAX")
    first, second = build({"flight_schedule": [planned(), other]})
    assert (first["departure_minute"], first["clock_minutes"], first["day_of_week"]) == (1110, 195, 4)
    assert second["clock_minutes"] == 331, "it arrives after midnight"
    assert (first["all_flights"], first["hour_flights"], first["origin_hour_flights"]) == (2, 2, 1)


def test_late_rates_are_pulled_towards_the_rate_of_all_flights(build: Build) -> None:
    outcomes = [flown(15.0), flown(14.0, flight=2), flown(0.0, carrier="B6", flight=3), flown(None, flight=4)]
    (found,) = build({"flight_schedule": [planned()], "flight_outcomes": outcomes})
    assert found["late_1d"] == pytest.approx(1 / 3), "15 minutes are late, 14 are not, and the cancelled one is neither"
    assert found["carrier_late_1d"] == pytest.approx((1 + 50 / 3) / (2 + 50))
    assert found["flight_late_28d"] == pytest.approx((1 + 10 / 3) / (1 + 10))
    assert found["origin_lost_1d"] == pytest.approx(1 / (4 + 5))


def test_history_ends_28_days_back(build: Build) -> None:
    outcomes = [flown(99.0, partition=before(29)), flown(0.0, partition=before(28)), flown(20.0, partition=before(2))]
    (found,) = build({"flight_schedule": [planned()], "flight_outcomes": outcomes})
    assert found["flight_late_28d"] == pytest.approx((1 + 10 / 2) / (2 + 10))
    assert found["late_1d"] is None


def test_one_extreme_delay_does_not_rule_the_mean(build: Build) -> None:
    (found,) = build({"flight_schedule": [planned()], "flight_outcomes": [flown(1272.0), flown(-80.0, flight=2)]})
    assert found["aircraft_delay_1d"] == pytest.approx((180 - 30 + 10 * 75) / (2 + 10))


def test_the_evening_record_of_an_airport_leaves_out_its_daytime(build: Build) -> None:
    outcomes = [flown(60.0, sched_dep_time=1800), flown(0.0, sched_dep_time=1759, flight=2)]
    (found,) = build({"flight_schedule": [planned(sched_dep_time=600)], "flight_outcomes": outcomes})
    assert found["origin_evening_late_1d"] == pytest.approx((1 + 10 * 0.5) / (1 + 10))


def test_the_rotation_of_an_aircraft_counts_its_earlier_departures_of_the_day(build: Build) -> None:
    legs = [planned(), planned(flight=2, sched_dep_time=615), planned(flight=3, sched_dep_time=1830, origin="JFK")]
    last, morning, tied = build({"flight_schedule": legs})
    assert (morning["aircraft_leg"], morning["aircraft_gap_minutes"], morning["aircraft_flights"]) == (0, None, 3)
    assert (last["aircraft_leg"], last["aircraft_gap_minutes"]) == (1, 735)
    assert (tied["aircraft_leg"], tied["aircraft_gap_minutes"]) == (1, 735)


def test_the_weather_is_the_last_reading_of_the_day_before(build: Build) -> None:
    def reading(hour: int, **changes: Any) -> dict[str, Any]:
        return {"origin": "EWR", "hour": hour, "partition": before(1), "temp": 40.0, "precip": 0.1} | changes

    weather = [
        reading(12, pressure=1010.0),
        reading(22, temp=38.0, pressure=1004.0),
        reading(23, partition=D, temp=90.0),
        reading(23, origin="JFK", temp=70.0),
    ]
    (found,) = build({"flight_schedule": [planned()], "weather": weather})
    assert (found["temperature"], found["pressure_change"]) == (38.0, -6.0)
    assert found["precipitation"] == pytest.approx(0.2)


def test_a_plane_delivered_later_is_not_known_before(build: Build) -> None:
    planes = [
        {"tailnum": "N1", "year": 2001, "seats": 150, "partition": dt.date(2013, 1, 1)},
        {"tailnum": "N1", "year": 2003, "seats": 180, "partition": D + dt.timedelta(days=1)},
    ]
    (found,) = build({"flight_schedule": [planned()], "planes": planes})
    assert (found["aircraft_age"], found["aircraft_seats"]) == (12, 150)


REAL_FIRST, REAL_DAYS = dt.date(2013, 3, 8), 10
REAL = [REAL_FIRST + dt.timedelta(days=number) for number in range(REAL_DAYS)]


@pytest.fixture(scope="module")
def real(spark: SparkSession) -> dict[str, DataFrame]:
    """Ten real days, over the change to summer time, of a few carriers: enough for every window to hold something."""
    made: dict[str, DataFrame] = {}
    for name, source in nycflights.SOURCES.items():
        table = nycflights.read(source.file, REAL, daily=source.daily)
        columns = {column.split()[0]: column.split()[1] for column in SCHEMAS[name].split(", ")}
        values = []
        for day in REAL if source.daily else [nycflights.FIRST_DAY]:
            for row in table.rows(source, day):
                typed = {
                    column: _typed(columns[column], text) for column, text in zip(source.columns, row, strict=True)
                }
                if typed.get("carrier", "UA") in ("UA", "AA", "OO", "F9"):
                    values.append((*(typed[column] for column in columns), day))
        made[name] = spark.createDataFrame(values, f"{SCHEMAS[name]}, partition date").cache()
    return made


def _typed(kind: str, text: str) -> Any:
    if text == "":
        return None
    return text if kind == "string" else int(float(text)) if kind == "int" else float(text)


def values(frame: DataFrame) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    key = (*features.ENTITY, "partition")
    return {tuple(row[name] for name in key): tuple(row) for row in frame.collect()}


def test_what_became_known_later_changes_no_value(spark: SparkSession, real: dict[str, DataFrame]) -> None:
    day = REAL[6]
    honest = values(features.build(days(spark, day), real))
    later = F.col("partition") > day
    same_day_or_later = F.col("partition") >= day
    outcomes, weather, planes = real["flight_outcomes"], real["weather"], real["planes"]
    tomorrow = F.lit(day + dt.timedelta(days=1))
    added = outcomes.where(F.col("partition") == REAL[0]).withColumns({"partition": F.lit(day), "flight": F.lit(9999)})
    changed = outcomes.where(same_day_or_later).withColumns({"arr_delay": F.lit(600.0), "dest": F.lit("HNL")})
    known = {
        "flight_schedule": real["flight_schedule"].where(~later),
        "flight_outcomes": outcomes.where(~same_day_or_later).unionByName(added).unionByName(changed),
        "weather": weather.where(~same_day_or_later).unionByName(
            weather.where(same_day_or_later).withColumns({"temp": F.lit(-40.0), "precip": F.lit(9.0)})
        ),
        "planes": planes.unionByName(
            planes.withColumns({"partition": tomorrow, "seats": F.lit(1), "year": F.lit(1950)})
        ),
    }
    deleted = {
        "flight_schedule": real["flight_schedule"].where(~later),
        "flight_outcomes": outcomes.where(~same_day_or_later),
        "weather": weather.where(~same_day_or_later),
        "planes": planes,
    }
    assert len(honest) > 100
    assert values(features.build(days(spark, day), known)) == honest
    assert values(features.build(days(spark, day), deleted)) == honest


def test_what_was_known_the_evening_before_does_change_values(spark: SparkSession, real: dict[str, DataFrame]) -> None:
    day = REAL[6]
    honest = values(features.build(days(spark, day), real))
    yesterday = F.col("partition") == F.lit(REAL[5])
    delays = F.when(yesterday, F.col("arr_delay") + 60).otherwise(F.col("arr_delay"))
    later = real | {"flight_outcomes": real["flight_outcomes"].withColumn("arr_delay", delays)}
    assert values(features.build(days(spark, day), later)) != honest


def test_a_range_equals_its_days_built_one_by_one(spark: SparkSession, real: dict[str, DataFrame]) -> None:
    wanted = [REAL[1], REAL[2], REAL[3], REAL[9]]
    together = values(features.build(days(spark, *wanted), real))
    alone: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for day in wanted:
        first = day - dt.timedelta(days=28)
        read = real | {
            "flight_schedule": real["flight_schedule"].where(F.col("partition") == day),
            "flight_outcomes": real["flight_outcomes"].where(F.col("partition").between(first, day - dt.timedelta(1))),
            "weather": real["weather"].where(F.col("partition") == day - dt.timedelta(1)),
        }
        alone |= values(features.build(days(spark, day), read))
    assert together == alone


def test_all_features_are_doubles(spark: SparkSession, real: dict[str, DataFrame]) -> None:
    fields = features.build(days(spark, D), real).schema.fields
    assert [field.name for field in fields[:5]] == [*features.ENTITY, "partition"]
    assert {field.dataType.typeName() for field in fields[5:]} == {"double"}
