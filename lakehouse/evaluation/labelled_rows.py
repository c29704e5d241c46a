"""Rows to train on or to measure with: a use case's features joined with its labels, each at a pinned table version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lakehouse import tables
from lakehouse.declaration import Label, UseCase
from lakehouse.errors import DeclarationError, FeaturesMissing, InputsMissing
from lakehouse.evaluation import category_codes
from lakehouse.evaluation.training_set import Floats as Floats
from lakehouse.evaluation.training_set import TrainingSet as TrainingSet
from lakehouse.populations import population
from lakehouse.storage import feature_types, spark_tables
from lakehouse.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame, SparkSession

# Declared names begin with a letter, so this one can never be a feature's.
LABEL = "_label"
# The slice of rows whose slice is not known.
NULL = "null"


def label_of(value: Column, label: Label) -> Column:
    """The label of a source value as a double: 1 or 0 for a declared ``at_least`` or ``is``, the number of a class, else the value.

    Null stays null, and a value that is not among the declared classes is null. NaN counts as null: Spark compares it as greater
    than every number, and a value that is no number must not become a yes.
    """
    from pyspark.sql import functions as F

    if label.classes:
        numbers = (F.when(value == F.lit(one), F.lit(float(number))) for number, one in enumerate(label.classes))
        return F.coalesce(*numbers)
    if label.is_value is not None:
        return (value == F.lit(label.is_value)).cast("double")
    number = value.cast("double")
    known = F.when(~F.isnan(number), number)
    return known if label.at_least is None else (known >= F.lit(label.at_least)).cast("double")


def join_labels(features: DataFrame, outcomes: DataFrame, use_case: UseCase, names: Sequence[str]) -> DataFrame:
    """Each feature row with its label.

    Args:
        features: rows of the use case's feature table.
        outcomes: rows of silver of the label's source; of a computed label those of gold outcomes.
        use_case: declares the entity's key and the label.
        names: the features to keep.

    Returns:
        ``partition``, the key, the features and ``LABEL``, null for a row whose outcome is null or absent.
    """
    from pyspark.sql import functions as F

    on = ["partition", *use_case.entity.key]
    column = use_case.label.column
    label = F.col("label") if column is None else label_of(F.col(column), use_case.label)
    labels = outcomes.select(*on, label.alias(LABEL))
    return features.select(*on, *names).join(labels, on=on, how="left")


def read(
    spark: SparkSession,
    use_case: UseCase,
    first: dt.date,
    last: dt.date,
    features_version: int,
    labels_version: int,
    names: Sequence[str] | None = None,
    sliced: bool = False,
) -> TrainingSet:
    """The rows of the scored days from ``first`` to ``last``, unlabelled ones included.

    Args:
        spark: any session.
        use_case: whose rows.
        first: the first day.
        last: the last day.
        features_version: Delta version of the feature table.
        labels_version: Delta version of silver of the label's source; of a computed label that of gold outcomes.
        names: the features to read, by default all that are declared, in that order.
        sliced: whether to read the values of the declared slices too, from the present version of the entity's source.

    Raises:
        FeaturesMissing: when no features have been built yet. InputsMissing: when the label's source has not delivered yet.
        DeclarationError: when the label's source has several rows for one entity and day.
        MigrationNeeded: when the table has a number where a category is declared, or the reverse.
    """
    chosen = tuple(use_case.feature_names if names is None else names)
    rows = frame(spark, use_case, first, last, features_version, labels_version, chosen, sliced)
    return of_arrow(rows.toArrow(), use_case, chosen)


def frame(
    spark: SparkSession,
    use_case: UseCase,
    first: dt.date,
    last: dt.date,
    features_version: int,
    labels_version: int,
    names: Sequence[str],
    sliced: bool = False,
) -> DataFrame:
    """The same rows as a frame of Spark's: ``partition``, the key, ``names``, ``LABEL`` and, where asked for, the slices."""
    features, outcomes = tables.features(use_case), tables.labels(use_case)
    if features_version < 0:
        raise FeaturesMissing(
            f"{features.full_name}: expected features of {first} to {last}, the table does not exist; build them: "
            f"python -m jobs features --use-case {use_case.name} --partition {first} --through {last}"
        )
    if labels_version < 0:
        raise InputsMissing(
            f"{outcomes.full_name}: expected outcomes of {first} to {last}, the table does not exist; ingest them: "
            f"python -m jobs ingest --source {use_case.label.sources[0]} --partition {first} --through {last}"
        )
    feature_types.expect_declared(use_case, names, features_version)
    rows = join_labels(
        _scored(spark, use_case, features, first, last, features_version),
        _scored(spark, use_case, outcomes, first, last, labels_version),
        use_case,
        names,
    )
    if sliced and use_case.slices:
        days = use_case.calendar.scores.between(first, last)
        rows = join_slices(rows, population.frame(spark, use_case, days), use_case)
    return rows


def _scored(
    spark: SparkSession, use_case: UseCase, table: Table, first: dt.date, last: dt.date, at_version: int | None = None
) -> DataFrame:
    """The table's rows of the scored days from ``first`` to ``last``."""
    rhythm = use_case.calendar.scores
    if rhythm.daily:
        return spark_tables.read_between(spark, table, first, last, at_version)
    # Also where others were scored before the rhythm was declared.
    return spark_tables.read_days(spark, table, rhythm.between(first, last), at_version)


def join_slices(rows: DataFrame, entities: DataFrame, use_case: UseCase) -> DataFrame:
    """Each row with a text column ``slice_<name>`` for each declared slice.

    Args:
        rows: ``partition``, the key, and any other columns.
        entities: rows of the population.
        use_case: declares the slices.
    """
    from pyspark.sql import functions as F

    on = ["partition", *use_case.entity.key]
    slices = [F.coalesce(F.col(name).cast("string"), F.lit(NULL)).alias(f"slice_{name}") for name in use_case.slices]
    return rows.join(entities.select(*on, *slices), on, "left")


def of_arrow(rows: pa.Table, use_case: UseCase, names: tuple[str, ...]) -> TrainingSet:
    """Rows of such a frame as arrays; of their columns those that a training set has.

    Raises:
        DeclarationError: as `read` does.
    """
    identity = ["partition", *use_case.entity.key]
    # Spark returns rows in the order in which its tasks finish; a model must not depend on it.
    rows = rows.sort_by([(name, "ascending") for name in identity])
    if (distinct := rows.group_by(identity).aggregate([]).num_rows) != rows.num_rows:
        raise DeclarationError(
            f"{use_case.name}: label.source: expected one row of {use_case.label_in_words} an entity and day, found "
            f"{rows.num_rows} rows for {distinct} entities; its key must be the entity's: "
            f"{', '.join(use_case.entity.key)}"
        )
    matrix, levels = np.empty((rows.num_rows, len(names)), dtype=np.float64), dict[str, tuple[str, ...]]()
    for index, name in enumerate(names):
        if name in use_case.category_names:
            matrix[:, index], levels[name] = category_codes.encoded(rows.column(name))
        else:
            matrix[:, index] = _floats(rows.column(name))
    days = rows.column("partition").to_numpy(zero_copy_only=False).astype("datetime64[D]")
    slices = {
        name: np.array(rows.column(f"slice_{name}").fill_null(NULL).to_pylist(), dtype=np.str_)
        for name in use_case.slices
        if f"slice_{name}" in rows.column_names
    }
    return TrainingSet(names, matrix, _floats(rows.column(LABEL)), days, slices, levels)


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
