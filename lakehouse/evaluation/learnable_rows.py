"""Labelled rows to learn from, with what the declared draw says of each.

Few rows are drawn in this process; of more, Spark's workers draw a day at a time, and rows that are neither learned from nor
measured by stay where they are.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import TrainingFailed
from lakehouse.evaluation import labelled_rows, learning_draw
from lakehouse.evaluation.drawn_rows import Drawn
from lakehouse.evaluation.labelled_rows import LABEL, TrainingSet
from lakehouse.evaluation.learning_draw import Draw
from lakehouse.populations import population
from lakehouse.storage import delta_log, row_limits, spark_tables

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession


def read(
    spark: SparkSession,
    use_case: UseCase,
    first: dt.date,
    last: dt.date,
    features_version: int,
    labels_version: int,
    sliced: bool = False,
    thin_through: dt.date | None = None,
    measured_share: float | None = None,
    entities_version: int | None = None,
) -> TrainingSet:
    """As `labelled_rows.read`; where ``learn_from`` declares a condition or a sample, with ``drawn``.

    Args:
        spark: any session.
        use_case: whose rows.
        first: the first day.
        last: the last day.
        features_version: Delta version of the feature table.
        labels_version: that of the table of the labels.
        sliced: whether to read the values of the declared slices too.
        thin_through: up to this day a history of very many rows is read without those that are neither learned from nor measured
            by; None: all rows are read.
        measured_share: the share of the rows up to ``thin_through`` that all are measured by; by default as many as a process
            works on.
        entities_version: of the entity's source, for a condition that names its columns; by default the newest.

    Raises:
        TrainingFailed: when the condition can't be evaluated for a row.
    """
    draw = Draw.of(use_case, LABEL)
    if draw is None:
        return labelled_rows.read(spark, use_case, first, last, features_version, labels_version, sliced=sliced)
    names, key = use_case.feature_names, ("partition", *use_case.entity.key)
    kept = set(tables.features(use_case).column_names)
    others = sorted(draw.columns.intersection(kept).difference(names, key))
    frame = labelled_rows.frame(
        spark, use_case, first, last, features_version, labels_version, (*names, *others), sliced
    )
    version = None
    if of_entity := sorted(draw.columns.difference(kept)):
        version, entities = _entities(spark, use_case, first, last, entities_version)
        frame = frame.join(entities.select(*key, *of_entity), list(key), "left")
    share, many = _measured_share(use_case, first, thin_through, features_version), thin_through is not None
    share = share if measured_share is None else measured_share
    rows = _by_workers(frame, draw, share, thin_through) if many and share < 1 else draw.judged(frame.toArrow())
    rows = rows.sort_by([(name, "ascending") for name in key])
    _expect_answers(use_case, rows)
    found = labelled_rows.of_arrow(rows, use_case, names)
    return replace(found, drawn=_drawn(rows, share if many else 1.0, version))


def _measured_share(use_case: UseCase, first: dt.date, through: dt.date | None, version: int) -> float:
    """The share of the rows up to a day that a process works on."""
    if through is None or version < 0:
        return 1.0
    by_day = delta_log.rows_by_day(tables.features(use_case), version)
    rows = sum(count for day, count in by_day.items() if first <= day <= through)
    return min(1.0, row_limits.IN_PROCESS_ROWS / rows) if rows else 1.0


def _entities(
    spark: SparkSession, use_case: UseCase, first: dt.date, last: dt.date, version: int | None
) -> tuple[int | None, DataFrame]:
    """The populations of the days, and the version that they are of; None where they are made of rows of many days."""
    days = use_case.calendar.scores.between(first, last)
    if not use_case.entity.as_delivered:
        return None, population.frame(spark, use_case, days)
    table = tables.silver(use_case.source(use_case.entity.source))
    read = delta_log.version(table) if version is None else version
    return read, spark_tables.read_days(spark, table, days, read)


def _by_workers(frame: DataFrame, draw: Draw, share: float, through: dt.date | None) -> pa.Table:
    assert through is not None
    until = through

    def of_day(rows: pa.Table) -> pa.Table:
        # Spark's own key of the group is a column of the rows too.
        return draw.thinned(rows, share, until)

    schema = f"{_columns(frame)}, {', '.join(f'{name} {type_}' for name, type_ in learning_draw.TYPES.items())}"
    return frame.groupBy("partition").applyInArrow(of_day, schema).toArrow()


def _columns(frame: DataFrame) -> str:
    return ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in frame.schema.fields)


def _expect_answers(use_case: UseCase, rows: pa.Table) -> None:
    failed = rows.filter(pc.is_valid(rows.column(learning_draw.FAILED)))
    if not len(failed):
        return
    learn, key = use_case.learn_from, ("partition", *use_case.entity.key)
    assert learn is not None
    example = ", ".join(f"{name} {failed.column(name)[0].as_py()}" for name in key)
    raise TrainingFailed(
        f"{use_case.name}: learn_from.select: expected a condition that can be evaluated for every row, found {len(failed)} of "
        f"{len(rows)} rows for which {learn.select!r} can't: {failed.column(learning_draw.FAILED)[0].as_py()} ({example}); guard "
        "it, as in CASE WHEN x <> 0 THEN y / x > 1 ELSE false END"
    )


def _drawn(rows: pa.Table, share: float, version: int | None) -> Drawn:
    def of(name: str, type_: type) -> np.ndarray:
        return np.asarray(rows.column(name).to_numpy(zero_copy_only=False), dtype=type_)

    return Drawn(
        stands=of(learning_draw.STANDS, np.float64),
        selected=of(learning_draw.SELECTED, np.bool_),
        measured=of(learning_draw.MEASURED, np.bool_),
        code=of(learning_draw.CODE, np.int64),
        of_class=of(learning_draw.OF_CLASS, np.int64),
        selected_of_class=of(learning_draw.SELECTED_OF_CLASS, np.int64),
        measured_share=share,
        entities_version=version,
    )
