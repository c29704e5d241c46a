"""The record of each scheduled flight's groups over the 28 days before its day, and how busy the day will be.

A flight belongs to several groups at once (its carrier, its route, its aircraft, ...). Outcomes are totalled by group
and day, the totals are summed over the days before, and each scheduled flight then looks up its own groups.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.transforms import trailing_windows

LATE_AT = 15  # minutes after the scheduled arrival: the definition of the US Bureau of Transportation Statistics
# What is summed over how many days: only what a feature uses, each sum costs a window pass.
SUMS = {1: ("arrived", "late", "delay", "lost"), 7: ("arrived", "delay"), 28: ("arrived", "late", "delay")}
# A flight that is a day late predicts the next no better than one an hour late; a few extremes must not decide the mean.
DELAY_FLOOR, DELAY_CEILING = -30, 180
EVENING = 18  # hour from which a day's departures show how the evening went, and so how the next morning starts

COUNTS = ("arrived", "late", "delay", "lost", "scheduled")

RATE_28D = ("arrived_28d", "late_28d")
# What a feature uses of each group's record.
USED = {
    "all": ("scheduled", "arrived_1d", "late_1d", *RATE_28D, "delay_28d"),
    "carrier": ("arrived_1d", "late_1d", *RATE_28D),
    "origin": ("arrived_1d", "late_1d", "lost_1d"),
    "origin_evening": ("arrived_1d", "late_1d"),
    "origin_hour": ("scheduled", *RATE_28D),
    "hour": ("scheduled",),
    "dest": ("scheduled", "arrived_1d", "lost_1d", *RATE_28D),
    "route": RATE_28D,
    "carrier_dest": RATE_28D,
    "flight": RATE_28D,
    "aircraft": ("scheduled", "arrived_1d", "delay_1d", "arrived_7d", "delay_7d"),
}


def departure_hour() -> Column:
    """The scheduled hour of departure, 0 to 23, of a row with ``sched_dep_time`` (HHMM)."""
    return F.floor(F.col("sched_dep_time") / 100)


def for_flights(schedule: DataFrame, outcomes: DataFrame, entity: Sequence[str], carried: Sequence[str]) -> DataFrame:
    """The record of each scheduled flight's groups over the days before its own.

    Args:
        schedule: the scheduled flights to look up.
        outcomes: past flights; those of a flight's own day and later are not used for it.
        entity: key columns of a scheduled flight, without ``partition``.
        carried: other columns of a scheduled flight to return with it.

    Returns:
        One row per scheduled flight: ``entity``, ``partition``, ``carried``, and a column ``<group>_<name>`` for each group and
        name of ``USED``. The names are ``scheduled`` (flights of the group on the day itself) and, over the last n days as
        ``SUMS`` has them, ``arrived_<n>d`` (flights with an arrival), ``late_<n>d`` (of these, 15 or more minutes late),
        ``delay_<n>d`` (the sum of their clipped arrival delays, minutes) and ``lost_<n>d`` (cancelled or diverted).
    """
    flight = [*entity, "partition", *carried]
    flights = trailing_windows.by_key(schedule, _groups(departure_hour() >= 0), flight)
    groups = _groups(departure_hour() >= EVENING)
    past = trailing_windows.by_key(
        _counted(outcomes),
        {name: groups[name] for name in groups if USED[name] != ("scheduled",)},
        ["partition", *COUNTS],
    )
    planned = flights.select(
        "partition", *(F.lit(int(name == "scheduled")).cast("long").alias(name) for name in COUNTS), "key", "value"
    )
    totals = (
        past.unionByName(planned)
        .groupBy("key", "value", "partition")
        .agg(*(F.sum(name).alias(name) for name in COUNTS))
    )
    record = trailing_windows.trailing_sums(totals, ["value", "key"], SUMS, integers=True)
    columns = ["scheduled", *(f"{name}_{length}d" for length, names in SUMS.items() for name in names)]
    records = flights.join(record.select("key", "value", "partition", *columns), ["key", "value", "partition"])
    # Numbers and not structs of them: Spark finds the flight of a row by hashing, and would have to sort the rows.
    return records.groupBy(*flight).agg(
        *(
            F.max(F.when(F.col("key") == group, F.col(name))).alias(f"{group}_{name}")
            for group, names in USED.items()
            for name in names
        )
    )


def _groups(evening: Column) -> dict[str, Column]:
    """The groups that a flight belongs to. ``evening``: whether it counts for its airport's evening record."""
    hour = departure_hour()
    return {
        "all": F.lit("all"),
        "carrier": F.col("carrier"),
        "origin": F.col("origin"),
        "origin_evening": F.when(evening, F.col("origin")),
        "origin_hour": F.concat_ws(" ", "origin", hour),
        "hour": hour,
        "dest": F.col("dest"),
        "route": F.concat_ws(" ", "origin", "dest"),
        "carrier_dest": F.concat_ws(" ", "carrier", "dest"),
        "flight": F.concat_ws(" ", "carrier", "flight"),
        "aircraft": F.col("tailnum"),
    }


def _counted(outcomes: DataFrame) -> DataFrame:
    """Outcomes with the counts that history adds up, all whole numbers."""
    delay, one, none = F.col("arr_delay"), F.lit(1).cast("long"), F.lit(0).cast("long")
    arrived = delay.isNotNull()
    clipped = F.round(F.least(F.greatest(delay, F.lit(DELAY_FLOOR)), F.lit(DELAY_CEILING))).cast("long")
    return outcomes.withColumns(
        {
            "arrived": F.when(arrived, one).otherwise(none),
            "late": F.when(delay >= LATE_AT, one).otherwise(none),
            "delay": F.coalesce(clipped, none),
            "lost": F.when(arrived, none).otherwise(one),
            "scheduled": none,
        }
    )
