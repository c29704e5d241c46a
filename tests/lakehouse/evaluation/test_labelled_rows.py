"""Features joined with labels."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse import tables
from lakehouse.declaration import Label
from lakehouse.errors import DeclarationError, FeaturesMissing
from lakehouse.evaluation import labelled_rows
from lakehouse.storage import commits, delta_log, spark_tables
from tests.jobs import appointments

DAY = dt.date(2024, 1, 1)


@pytest.mark.parametrize(
    ("at_least", "value", "label"),
    [
        (15.0, 15.0, 1.0),
        (15.0, 14.9, 0.0),
        (15.0, None, None),
        (15.0, float("nan"), None),
        (None, 14.5, 14.5),
        (None, None, None),
        (None, float("nan"), None),
    ],
)
def test_the_label_of_a_value(
    spark: SparkSession, at_least: float | None, value: float | None, label: float | None
) -> None:
    declared = Label(source="visits", column="value", at_least=at_least, maturity_days=1)
    row = spark.createDataFrame([(value,)], "value double").select(labelled_rows.label_of(F.col("value"), declared))
    assert row.first()[0] == label


def test_rows_without_an_outcome_or_a_value_have_no_label_and_stay(spark: SparkSession, lakehouse_root: Path) -> None:
    use_case = appointments.declare(lakehouse_root.parent / "use_cases")
    appointments.fill(use_case, DAY, days=3, rows_a_day=40)
    rows = labelled_rows.read(spark, use_case, DAY, DAY + dt.timedelta(days=1), 1, 1)
    # Of 40 a day: 4 whose value is null, 2 with no outcome at all.
    assert len(rows) == 80
    assert len(rows.labelled()) == 80 - 2 * (4 + 2)
    assert set(np.unique(rows.labelled().label)) == {0.0, 1.0}
    assert rows.names == use_case.feature_names
    assert rows.features.shape == (80, 3)
    assert np.isnan(rows.features).any()
    assert len(rows.between(DAY, DAY)) == 40


def test_a_pinned_version_is_read_even_when_the_table_has_moved_on(spark: SparkSession, lakehouse_root: Path) -> None:
    use_case = appointments.declare(lakehouse_root.parent / "use_cases")
    appointments.fill(use_case, DAY, days=1)
    before = labelled_rows.read(spark, use_case, DAY, DAY, 1, 1)
    appointments.fill(use_case, DAY, days=1, batch="b")
    again = labelled_rows.read(spark, use_case, DAY, DAY, 1, 1)
    restated = labelled_rows.read(spark, use_case, DAY, DAY, 2, 2)
    assert np.array_equal(before.features, again.features, equal_nan=True)
    assert not np.array_equal(before.features, restated.features, equal_nan=True)


def test_several_outcomes_of_one_entity_are_refused(spark: SparkSession, lakehouse_root: Path) -> None:
    use_case = appointments.declare(lakehouse_root.parent / "use_cases")
    appointments.fill(use_case, DAY, days=1)
    visits = tables.silver(use_case.source("visits"))
    rows = spark_tables.read(spark, visits).localCheckpoint()
    commits.replace(rows.unionAll(rows), visits, {"partition": [DAY]}, rows=100)
    with pytest.raises(DeclarationError, match=r"label\.source: expected one row"):
        labelled_rows.read(spark, use_case, DAY, DAY, 1, delta_log.version(visits))


def test_no_feature_table_is_said_with_the_command_that_builds_it(spark: SparkSession, lakehouse_root: Path) -> None:
    use_case = appointments.declare(lakehouse_root.parent / "use_cases")
    with pytest.raises(FeaturesMissing, match="python -m jobs features --use-case appointments"):
        labelled_rows.read(spark, use_case, DAY, DAY, -1, 0)
