"""The built rows of a feature group, here or with Spark's workers: each key once a day, every value usable, and stamped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.features import collected_rows, promise, spark_rows
from lakehouse import tables
from lakehouse.declaration import FeatureGroup
from lakehouse.storage import spark_tables, table_schema


def judge(built: pa.Table, group: FeatureGroup, days: Collection[dt.date]) -> None:
    """Each key at most once a day, every value usable, no day that was not asked for.

    Raises:
        TransformBroken: naming a day, and the fault.
    """
    faults = collected_rows.unusable(built, group)
    counted = pa.table({"partition": built["partition"], "fault": faults}).group_by(["partition", "fault"])
    lines = counted.aggregate([([], "count_all")]).to_pylist()
    _refuse_unusable([(line["partition"], line["fault"], line["count_all"]) for line in lines], group, days)
    key = [*group.key_names, "partition"]
    twice = built.group_by(key).aggregate([([], "count_all")]).filter(pc.field("count_all") > 1)
    if len(twice):
        _refuse_twice(len(twice), twice.slice(0, 1).to_pylist()[0], group)


def judge_with_workers(built: DataFrame, group: FeatureGroup, days: Collection[dt.date]) -> int:
    """The same of many rows; how many there are."""
    fault = spark_rows.unusable(group).alias("fault")
    lines = built.select("partition", fault).groupBy("partition", "fault").count().collect()
    _refuse_unusable([(line["partition"], line["fault"], line["count"]) for line in lines], group, days)
    key = [*group.key_names, "partition"]
    twice = built.groupBy(*key).count().where("count > 1")
    if first := twice.head(1):
        _refuse_twice(twice.count(), first[0].asDict(), group)
    return sum(line["count"] for line in lines)


def stamp(built: pa.Table, group: FeatureGroup, by_day: Mapping[dt.date, str], now: dt.datetime) -> pa.Table:
    """Add ``known_at`` and each day's ``inputs_fingerprint``."""
    days = sorted(by_day)
    place = pc.index_in(built["partition"], pa.array(days, pa.date32()))
    fingerprints = pa.array([by_day[day] for day in days], pa.string()).take(place.combine_chunks())
    since = pa.array([now] * len(built), table_schema.TYPES["timestamp"])
    return built.append_column("known_at", since).append_column(tables.INPUTS_FINGERPRINT, fingerprints)


def stamp_with_workers(built: DataFrame, by_day: Mapping[dt.date, str], now: dt.datetime) -> DataFrame:
    """The same of many rows."""
    micros = (now - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
    since = F.timestamp_micros(F.lit(micros).cast("long"))
    return built.withColumns({"known_at": since, tables.INPUTS_FINGERPRINT: spark_tables.value_of_day(by_day)})


def _refuse_unusable(
    lines: Collection[tuple[dt.date | None, str | None, int]], group: FeatureGroup, days: Collection[dt.date]
) -> None:
    for day, fault, rows in sorted(lines, key=str):
        of_day = "" if day is None else f" of {day}"
        if fault is not None:
            raise promise.broken(group, f"{fault}; {rows} row(s){of_day} have another value")
        if day not in days:
            asked = f"{min(days)} to {max(days)}"
            raise promise.broken(
                group, f"expected rows of the days that are built ({asked}), found {rows} row(s){of_day}"
            )


def _refuse_twice(keys: int, first: Mapping[str, object], group: FeatureGroup) -> None:
    named = ", ".join(f"{name} {first[name]}" for name in group.key_names)
    found = f"found {keys} key(s) more than once, such as {named} on {first['partition']}"
    raise promise.broken(group, f"expected each key at most once a day, {found}")
