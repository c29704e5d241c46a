"""The features of flight_delays: what is known about each scheduled flight at the local midnight that starts its day.

Known are the day's schedule, the planes, and the outcomes and weather of the days before. All features are doubles;
null means not known (no tail number assigned, no weather reading, no history yet).
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from include.flight_delays import history
from lakehouse.transforms import trailing_windows

ENTITY = ("carrier", "flight", "origin", "sched_dep_time")
# What else of a scheduled flight the features use.
CARRIED = ("sched_arr_time", "distance", "tailnum", "leg", "gap")
DAY_MINUTES = 24 * 60

# A group's late rate is pulled towards the rate of all flights as if so many more flights of it had been seen.
# Fewer where a group predicts the flight better than its size suggests: the flight itself, its aircraft.
WEIGHTS = {"flight": 10.0, "aircraft": 10.0, "carrier_dest": 30.0, "origin_evening": 10.0}
DEFAULT_WEIGHT = 50.0


def build(days: DataFrame, inputs: Mapping[str, DataFrame]) -> DataFrame:
    """Build the features of every scheduled flight of ``days``.

    Args:
        days: one column ``partition`` (date), each day once.
        inputs: the silver rows of ``flight_schedule``, ``flight_outcomes``, ``weather`` and ``planes``, for at
            least the days that the features of ``days`` may read. Rows of other days do no harm: they are not used.

    Returns:
        One row per scheduled flight: ``carrier``, ``flight``, ``origin``, ``sched_dep_time``, ``partition``, then a
        double column for each feature that use_case.yaml declares, under its name and in its order.
    """
    schedule = inputs["flight_schedule"].join(F.broadcast(days), "partition", "left_semi")
    flights = history.for_flights(_with_aircraft_rotation(schedule), inputs["flight_outcomes"], ENTITY, CARRIED)
    flights = trailing_windows.as_of(
        flights, inputs["planes"].select("tailnum", "partition", "year", "seats"), "tailnum"
    )
    flights = flights.join(F.broadcast(_weather_before(inputs["weather"])), ["origin", "partition"], "left")
    features = {**_scheduled(), **_busy(), **_late_rates(), **_aircraft(), **_weather()}
    # Rounded so that a value is the same to the last bit wherever it was computed.
    return flights.select(
        *ENTITY, "partition", *(F.round(value.cast("double"), 10).alias(name) for name, value in features.items())
    )


def _scheduled() -> dict[str, Column]:
    departure, arrival = _minute("sched_dep_time"), _minute("sched_arr_time")
    return {
        "departure_minute": departure,
        "day_of_week": F.weekday("partition"),
        "distance": F.col("distance"),
        # By the clocks of two time zones: not a duration, but the same flight always has the same one.
        "clock_minutes": F.pmod(arrival - departure, F.lit(DAY_MINUTES)),
    }


def _busy() -> dict[str, Column]:
    return {
        "all_flights": F.col("all_scheduled"),
        "origin_hour_flights": F.col("origin_hour_scheduled"),
        "hour_flights": F.col("hour_scheduled"),
        "dest_flights": F.col("dest_scheduled"),
    }


def _late_rates() -> dict[str, Column]:
    return {
        "late_1d": _rate("all", 1, weight=0),
        "carrier_late_1d": _rate("carrier", 1),
        "carrier_late_28d": _rate("carrier", 28),
        "origin_late_1d": _rate("origin", 1),
        "origin_evening_late_1d": _rate("origin_evening", 1),
        "origin_lost_1d": _lost("origin", 1),
        "origin_hour_late_28d": _rate("origin_hour", 28),
        "dest_lost_1d": _lost("dest", 1),
        "dest_late_28d": _rate("dest", 28),
        "route_late_28d": _rate("route", 28),
        "carrier_dest_late_28d": _rate("carrier_dest", 28),
        "flight_late_28d": _rate("flight", 28),
    }


def _aircraft() -> dict[str, Column]:
    return {
        "aircraft_delay_1d": _mean_delay("aircraft", 1),
        "aircraft_delay_7d": _mean_delay("aircraft", 7),
        "aircraft_flights": F.col("aircraft_scheduled"),
        "aircraft_leg": F.col("leg"),
        "aircraft_gap_minutes": F.col("gap"),
        "aircraft_age": F.year("partition") - F.col("year"),
        "aircraft_seats": F.col("seats"),
    }


def _weather() -> dict[str, Column]:
    return {
        "wind_speed": F.col("last.wind_speed"),
        "visibility": F.col("last.visib"),
        "pressure": F.col("last.pressure"),
        "pressure_change": F.col("last.pressure") - F.col("noon_pressure"),
        "humidity": F.col("last.humid"),
        "temperature": F.col("last.temp"),
        "dew_point": F.col("last.dewp"),
        "precipitation": F.col("precipitation"),
    }


def _rate(group: str, days: int, weight: float | None = None) -> Column:
    return trailing_windows.smoothed(
        F.col(f"{group}_late_{days}d"),
        F.col(f"{group}_arrived_{days}d"),
        F.try_divide(F.col("all_late_28d"), F.col("all_arrived_28d")),
        WEIGHTS.get(group, DEFAULT_WEIGHT) if weight is None else weight,
    )


def _mean_delay(group: str, days: int) -> Column:
    return trailing_windows.smoothed(
        F.col(f"{group}_delay_{days}d"),
        F.col(f"{group}_arrived_{days}d"),
        F.try_divide(F.col("all_delay_28d"), F.col("all_arrived_28d")),
        WEIGHTS.get(group, DEFAULT_WEIGHT),
    )


def _lost(group: str, days: int) -> Column:
    lost = F.col(f"{group}_lost_{days}d")
    return trailing_windows.smoothed(lost, lost + F.col(f"{group}_arrived_{days}d"), F.lit(0.0), 5.0)


def _minute(column: str) -> Column:
    """Minutes since midnight of a time written HHMM."""
    return F.floor(F.col(column) / 100) * 60 + F.col(column) % 100


def _with_aircraft_rotation(schedule: DataFrame) -> DataFrame:
    """Add ``leg`` (earlier departures of the aircraft from New York that day) and ``gap`` (minutes since the last)."""
    # A range of minutes, not of rows: two departures planned for the same minute get the same values on every run.
    aircraft = Window.partitionBy("partition", "tailnum").orderBy("minute")
    earlier = aircraft.rangeBetween(Window.unboundedPreceding, -1)
    assigned = F.col("tailnum").isNotNull()
    minutes = schedule.withColumn("minute", _minute("sched_dep_time"))
    return minutes.withColumns(
        {
            "leg": F.when(assigned, F.count("minute").over(earlier)),
            "gap": F.when(assigned, F.col("minute") - F.max("minute").over(earlier)),
        }
    )


def _weather_before(weather: DataFrame) -> DataFrame:
    """The weather of the day before ``partition``: its last reading, pressure at noon, and rain in all, by origin."""
    reading = F.struct("hour", "wind_speed", "visib", "pressure", "humid", "temp", "dewp")
    return weather.groupBy("origin", F.date_add("partition", 1).alias("partition")).agg(
        F.max(reading).alias("last"),
        F.max(F.when(F.col("hour") == 12, F.col("pressure"))).alias("noon_pressure"),
        F.sum("precip").alias("precipitation"),
    )
