"""The values of slices as texts, against Spark's: the texts of years of stored metrics."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.evaluation.labelled_rows import NULL
from lakehouse.evaluation.slice_texts import SliceTexts

VALUES = {
    "string": (pa.string(), ["b", "", NULL, "é", "b"]),
    "int": (pa.int32(), [7, -3, 0]),
    "long": (pa.int64(), [2**62, -1]),
    "boolean": (pa.bool_(), [True, False]),
    "date": (pa.date32(), [dt.date(2024, 2, 29), dt.date(1970, 1, 1)]),
    "timestamp": (
        pa.timestamp("us", "UTC"),
        [dt.datetime(2024, 2, 29, 5, 6, 7, tzinfo=dt.UTC), dt.datetime(2024, 2, 29, 5, 6, 7, 120_000, tzinfo=dt.UTC)],
    ),
    "double": (
        pa.float64(),
        [1.0, -0.0, 0.1, 1234567.5, 1e7, 12345678.9, 0.001, 0.00099, 1.5e-7, -2.25e300, float("nan"), float("-inf")],
    ),
}  # fmt: skip


def test_a_value_of_every_type_is_written_as_spark_writes_it(spark: SparkSession) -> None:
    for type_, values in VALUES.values():
        column = pa.chunked_array([pa.array([*values, None], type_), pa.array([values[0]], type_)])
        frame = spark.createDataFrame(pa.table({"value": column}))
        expected = frame.select(F.coalesce(F.col("value").cast("string"), F.lit(NULL))).toArrow().column(0).to_pylist()
        found = SliceTexts.of(column)
        assert [found.texts[code] for code in found.code] == expected
        assert len(set(found.texts)) == len(found.texts)


def test_the_rows_of_a_slice_are_found_in_their_order_those_of_no_slice_first() -> None:
    texts = SliceTexts.of(pa.chunked_array([pa.array(["b", "a", None]), pa.array(["b", "a"])]))
    texts.code[4] = -1
    places, begin = texts.places()
    found = [places[first:end].tolist() for first, end in pairwise(begin)]
    assert dict(zip(texts.texts, found, strict=True)) == {"a": [1], "b": [0, 3], NULL: [2]}
    assert places[0] == 4
