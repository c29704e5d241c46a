"""Labels in Arrow, against those in Spark: training makes them by the one, monitoring by the other."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.declaration import Label
from lakehouse.evaluation import labelled_rows, labels

KINDS = {
    "int": (pa.int32(), [None, 15, 14, -(2**31), 2**31 - 1]),
    "long": (pa.int64(), [None, 15, 2**53 + 1, 2**63 - 1, -(2**63), 9007199254740993]),
    "double": (pa.float64(), [None, float("nan"), float("inf"), float("-inf"), 14.999999999999998, 15.0, -0.0, 5e-324]),
    "float": (pa.float32(), [None, float("nan"), 15.0, 0.1]),
    "boolean": (pa.bool_(), [None, True, False]),
}


@pytest.mark.parametrize("at_least", [None, 15.0, 1.0, 0.0])
def test_a_value_of_every_type_has_the_number_and_the_label_that_spark_gives_it(
    spark: SparkSession, at_least: float | None
) -> None:
    declared = Label(source="visits", column="value", at_least=at_least, maturity_days=1)
    for type_, values in KINDS.values():
        column = pa.chunked_array([pa.array(values, type_)])
        made = F.col("value").cast("double"), labelled_rows.label_of(F.col("value"), declared)
        expected = spark.createDataFrame(pa.table({"value": column})).select(*made).toArrow()
        # As texts, since NaN differs from itself.
        assert str(labels.number_of(column).to_pylist()) == str(expected.column(0).to_pylist())
        assert str(labels.label_of(column, declared).to_pylist()) == str(expected.column(1).to_pylist())


@pytest.mark.parametrize(
    ("type_", "values", "yes", "expected"),
    [
        (pa.string(), [None, "late", "Late", "", "late "], "late", [None, 1.0, 0.0, 0.0, 0.0]),
        (pa.string(), [None, "", "no"], "", [None, 1.0, 0.0]),
        (pa.bool_(), [None, True, False], True, [None, 1.0, 0.0]),
        (pa.bool_(), [None, True, False], False, [None, 0.0, 1.0]),
        (pa.int32(), [None, 3, 4, -3], 3, [None, 1.0, 0.0, 0.0]),
        (pa.int32(), [None, 3], 2**40, [None, 0.0]),
        (pa.int64(), [None, 2**53, 2**53 + 1], 2**53 + 1, [None, 0.0, 1.0]),
    ],
)
def test_a_label_that_is_a_value_is_a_yes_where_the_column_has_it(
    spark: SparkSession, type_: pa.DataType, values: list[Any], yes: Any, expected: list[Any]
) -> None:
    declared = Label.model_validate({"source": "visits", "column": "value", "is": yes, "maturity_days": 1})
    column = pa.chunked_array([pa.array(values, type_)])
    assert labels.label_of(column, declared).to_pylist() == labels.value_of(column, declared).to_pylist() == expected
    made = labelled_rows.label_of(F.col("value"), declared)
    assert spark.createDataFrame(pa.table({"value": column})).select(made).toArrow().column(0).to_pylist() == expected


@pytest.mark.parametrize(
    ("type_", "values", "classes", "expected"),
    [
        (pa.string(), [None, "gold", "Gold", "", "basic", "gold "], ["basic", "gold"], [None, 1.0, None, None, 0.0, None]),
        (pa.int32(), [None, 10, -1, 0, 2**31 - 1], [-1, 0, 10], [None, 2.0, 0.0, 1.0, None]),
        (pa.int64(), [None, 2**53, 2**53 + 1], [2**53 + 1, 7], [None, None, 0.0]),
    ],
)  # fmt: skip
def test_a_class_is_its_place_among_the_declared_ones_and_another_value_no_label(
    spark: SparkSession, type_: pa.DataType, values: list[Any], classes: list[Any], expected: list[Any]
) -> None:
    declared = Label(source="visits", column="value", classes=tuple(classes), maturity_days=1)
    column = pa.chunked_array([pa.array(values, type_)])
    assert labels.label_of(column, declared).to_pylist() == expected
    made = labelled_rows.label_of(F.col("value"), declared)
    assert spark.createDataFrame(pa.table({"value": column})).select(made).toArrow().column(0).to_pylist() == expected
