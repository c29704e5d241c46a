"""The built rows as an Arrow table, of few rows: counted against the population and stamped in the job's process.

The same counts and the same stamps as those of `jobs.features.spark_rows`, without two more of Spark's jobs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from jobs.features import promise
from jobs.features.promise import DayCount
from lakehouse import tables
from lakehouse.declaration import FeatureGroup, UseCase
from lakehouse.storage import table_schema


def stamp(rows: pa.Table, use_case: UseCase, by_day: Mapping[dt.date, str]) -> pa.Table:
    """Add ``prediction_time``, the local midnight that starts the day, and each day's ``inputs_fingerprint``."""
    zone = ZoneInfo(use_case.calendar.timezone)
    days = sorted(by_day)
    # Of a midnight that the clocks leave out or have twice: by the offset before the change, as in Spark.
    midnights = [dt.datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(dt.UTC) for day in days]
    place = pc.index_in(rows["partition"], pa.array(days, pa.date32()))
    of_table = table_schema.arrow_schema(tables.features(use_case))
    stamps = {"prediction_time": midnights, tables.INPUTS_FINGERPRINT: [by_day[day] for day in days]}
    for name, values in stamps.items():
        rows = rows.append_column(name, pa.array(values, of_table.field(name).type).take(place))
    return rows


def count(built: pa.Table, expected: pa.Table, use_case: UseCase) -> list[DayCount]:
    """Compare the built rows with the population, for `jobs.features.promise.judge`."""
    key = [*use_case.entity.key, "partition"]
    faulty = unusable(built, use_case)
    sides = pa.concat_tables(
        [_side(expected, key, pa.nulls(len(expected), pa.string()), 1), _side(built, key, faulty, 0)]
    )
    entities = sides.group_by(key).aggregate([("_side", "sum"), ("_side", "count"), ("_unusable", "max")])
    found = pc.subtract(entities["_side_count"], entities["_side_sum"])
    days = pa.table(
        {
            "partition": entities["partition"],
            "unusable": entities["_unusable_max"],
            "found": found,
            "expected": entities["_side_sum"],
            "wrong": pc.cast(pc.not_equal(found, entities["_side_sum"]), pa.int64()),
        }
    )
    totals = days.group_by(["partition", "unusable"]).aggregate(
        [(name, "sum") for name in ("found", "expected", "wrong")]
    )
    return [
        DayCount(row["partition"], row["unusable"], row["found_sum"], row["expected_sum"], row["wrong_sum"])
        for row in totals.to_pylist()
    ]


def _side(rows: pa.Table, key: list[str], unusable: pa.ChunkedArray, side: int) -> pa.Table:
    columns = {name: rows[name] for name in key}
    return pa.table({**columns, "_side": pa.array([side] * len(rows), pa.int64()), "_unusable": unusable})


def unusable(rows: pa.Table, use_case: UseCase | FeatureGroup) -> pa.ChunkedArray:
    """What no model can use in each row, the first of it in words; null for a row that is in order."""
    reasons = pa.nulls(len(rows), pa.string())
    for name in (*use_case.key_names, "partition"):
        if rows[name].null_count:
            reasons = _first(reasons, pc.is_null(rows[name]), promise.null_in(name))
    for name in use_case.own_number_names:
        beyond = pc.greater(pc.abs(rows[name]), promise.GREATEST)
        if pc.any(beyond).as_py():
            reasons = _first(reasons, pc.fill_null(beyond, False), promise.beyond(name))
    return reasons


def _first(reasons: pa.ChunkedArray, where: pa.ChunkedArray, text: str) -> pa.ChunkedArray:
    return pc.coalesce(reasons, pc.if_else(where, pa.scalar(text), pa.scalar(None, pa.string())))
