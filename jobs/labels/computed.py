"""Computed labels: gold outcomes from what a use case's ``labels.py`` makes of the days after the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import tables
from lakehouse.arrivals import label_windows
from lakehouse.arrivals.label_windows import LabelArrivals
from lakehouse.declaration import Label, UseCase, label_transform
from lakehouse.errors import TransformBroken
from lakehouse.evaluation import labels
from lakehouse.evaluation.labelled_rows import label_of
from lakehouse.populations import population
from lakehouse.storage import commits, delta_log, row_limits, spark_session, spark_tables

VALUE = "value"
# Spark's names of types; void, a column of nulls, is no value of any.
WHOLE = frozenset({"tinyint", "smallint", "int", "bigint"})
NUMBERS = WHOLE | {"float", "double", "boolean"}
TYPE_NAMES = {"long": "bigint"}


def write(use_case: UseCase, days: list[dt.date], digests: Mapping[dt.date, str]) -> None:
    """Compute the labels of the days and replace them in one commit.

    Args:
        use_case: declares the windows, and has ``labels.py``.
        days: days whose windows have arrived, in order.
        digests: each day's ``inputs_fingerprint``.

    Raises:
        TransformBroken: when ``labels.py`` returns other columns than the key, ``partition`` and ``value``, a value that no label
            can be made of, or an entity twice.
    """
    table, replaced = tables.outcomes(use_case), {"partition": days}
    most = sum(population.most_by_day(use_case, days).values())
    session = spark_session.session(f"labels {use_case.name}", most + _rows_to_read(use_case, days))
    groups = LabelArrivals(use_case, days).same_snapshots(days)
    valued = reduce(DataFrame.unionByName, (_valued(session, use_case, *group) for group in groups))
    key = [*use_case.entity.key, "partition"]
    if most <= row_limits.IN_PROCESS_ROWS:
        # One more than there may be: a transform that multiplies its rows must not fill this process' memory.
        rows = valued.limit(most + 1).toArrow()
        entities = rows.group_by(key).aggregate([])
        _expect_once(use_case, len(rows), len(entities))
        rows = rows.sort_by([(name, "ascending") for name in ("partition", *use_case.entity.key)])
        commits.replace_table(_labelled(rows, use_case.label, digests), table, replaced)
        return
    valued = valued.persist()
    try:
        count = valued.count()
        _expect_once(use_case, count, valued.select(*key).distinct().count())
        value = F.col(VALUE)
        label = label_of(value, use_case.label)
        columns = {
            VALUE: value.cast("double") if labels.is_number(use_case.label) else label,
            "label": label,
            tables.INPUTS_FINGERPRINT: spark_tables.value_of_day(digests),
        }
        if use_case.label.classes:
            columns["label_class"] = value.cast("string")
        made = valued.withColumns(columns)
        commits.replace(made, table, replaced, count)
    finally:
        valued.unpersist()


def _rows_to_read(use_case: UseCase, days: list[dt.date]) -> int:
    rows = 0
    for item in use_case.label.inputs:
        wanted = {one for day in days for one in label_windows.window(use_case, item, day)}
        by_day = delta_log.rows_by_day(tables.silver(use_case.source(item.source)))
        rows += sum(count for day, count in by_day.items() if not wanted or day in wanted)
    return rows


def _valued(
    session: SparkSession, use_case: UseCase, days: list[dt.date], snapshots: Mapping[str, dt.date | None]
) -> DataFrame:
    """The populations of days whose labels read the same snapshots: key, ``partition`` and what ``labels.py`` says, or null."""
    entities = population.frame(session, use_case, days)
    inputs = {use_case.entity.source: entities} | _inputs(session, use_case, days, snapshots)
    built = _conform(label_transform.load(use_case).build(entities, inputs), use_case)
    on = [*use_case.entity.key, "partition"]
    return entities.select(*on).join(built, on, "left")


def _inputs(
    session: SparkSession, use_case: UseCase, days: list[dt.date], snapshots: Mapping[str, dt.date | None]
) -> dict[str, DataFrame]:
    """The silver rows of every input within the windows of the days."""
    inputs = {}
    for item in use_case.label.inputs:
        table = tables.silver(use_case.source(item.source))
        if item.source in snapshots:
            newest = snapshots[item.source]
            rows = spark_tables.read_days(session, table, [] if newest is None else [newest])
        elif wanted := {one for day in days for one in label_windows.window(use_case, item, day)}:
            rows = spark_tables.read_days(session, table, sorted(wanted))
        else:
            rows = spark_tables.read_between(session, table, None, max(days) + dt.timedelta(days=item.to_day))
        inputs[item.source] = rows
    return inputs


def _conform(built: object, use_case: UseCase) -> DataFrame:
    """The key, ``partition`` and ``value`` in the type that the declared label is made of."""
    if not isinstance(built, DataFrame):
        raise broken(use_case, f"expected build() to return a DataFrame, found {type(built).__name__}")
    types, key = built.dtypes, tables.entity_columns(use_case)
    expected = sorted({*use_case.entity.key, "partition", VALUE})
    if sorted(name for name, _ in types) != expected:
        found = ", ".join(name for name, _ in types)
        raise broken(
            use_case, f"expected the key, partition and {VALUE}, each once ({', '.join(expected)}), found {found}"
        )
    by_name = dict(types)
    if by_name["partition"] != "date":
        raise broken(use_case, f"expected partition to be a date, found {by_name['partition']}")
    for column in key:
        found, declared = by_name[column.name], TYPE_NAMES.get(column.type, column.type)
        if found != declared and not {found, declared} <= WHOLE:
            raise broken(
                use_case, f"expected {column.name} of the key to be {declared} as in its source, found {found}"
            )
    keys = [F.col(column.name).cast(column.type).alias(column.name) for column in key]
    return built.select(*keys, "partition", _value(use_case, by_name[VALUE]).alias(VALUE))


def _value(use_case: UseCase, found: str) -> Column:
    label = use_case.label
    value, named = (label.classes[0], "label.classes") if label.classes else (label.is_value, "label.is")
    if value is None:
        if found in NUMBERS or found == "void" or found.startswith("decimal"):
            return F.col(VALUE).cast("double")
        raise broken(
            use_case, f"expected {VALUE} to be a number or a boolean, found {found}; a text becomes a label by label.is"
        )
    # A boolean is an int to Python, so it is asked for first.
    types = {"boolean"} if isinstance(value, bool) else WHOLE if isinstance(value, int) else {"string"}
    if found not in types and found != "void":
        raise broken(
            use_case, f"expected {VALUE} to be a {' or '.join(sorted(types))}, as {named} ({value!r}), found {found}"
        )
    return F.col(VALUE).cast("boolean" if isinstance(value, bool) else "bigint" if isinstance(value, int) else "string")


def _labelled(rows: pa.Table, label: Label, digests: Mapping[dt.date, str]) -> pa.Table:
    value, days = rows.column(VALUE), sorted(digests)
    place = pc.index_in(rows.column("partition"), pa.array(days, pa.date32()))
    made = {
        VALUE: labels.value_of(value, label),
        "label": labels.label_of(value, label),
        tables.INPUTS_FINGERPRINT: pa.array([digests[day] for day in days], pa.string()).take(place),
    }
    if label.classes:
        made["label_class"] = labels.class_of(value)
    return pa.table({name: rows.column(name) for name in rows.column_names if name != VALUE} | made)


def _expect_once(use_case: UseCase, rows: int, entities: int) -> None:
    if rows != entities:
        raise broken(
            use_case,
            f"expected at most one row an entity and day, found more for {entities} entities of the population: group by the key "
            "and partition",
        )


def broken(use_case: UseCase, what: str) -> TransformBroken:
    """The error of a ``labels.py`` that did not keep its promise."""
    return TransformBroken(f"use case {use_case.name}: labels.py: {what}; nothing was written")
