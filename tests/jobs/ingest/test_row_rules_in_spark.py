"""A row rule says of each row what Spark's SQL says in ANSI mode, and fails the rows for which Spark raises."""

from __future__ import annotations

from random import Random

import pyarrow as pa
from pyspark.sql import SparkSession

from lakehouse.row_rules import evaluate
from tests.jobs.ingest import row_rule_grammar as grammar

RULES, ROWS = 120, 60
# As Spark evaluates, before it simplifies: it takes IF(a, b, b) for b, whatever a is.
AS_WRITTEN = {
    "spark.sql.optimizer.excludedRules": ",".join(
        f"org.apache.spark.sql.catalyst.optimizer.{rule}"
        for rule in (
            "BooleanSimplification",
            "ConstantFolding",
            "NullPropagation",
            "OptimizeIn",
            "SimplifyBinaryComparison",
            "SimplifyConditionals",
            "PushFoldableIntoBranches",
            "SimplifyCasts",
            "UnwrapCastInBinaryComparison",
        )
    ),
    "spark.sql.subexpressionElimination.enabled": "false",
}
# TRY_ADD turns any error of a row into null; a rule that is null comes as the third day. In a branch, so that Spark leaves
# what BETWEEN and NULLIF compute once in its place.
AS_A_DAY = "TRY_ADD(DATE '2000-01-01', IF(ok OR ok IS NULL OR NOT ok, COALESCE(CAST(({}) AS INT), 2), 9))"
SAYS = {None: "failed", "2000-01-01": "broken", "2000-01-02": "holds", "2000-01-03": "holds"}


def ours(expression: str, rows: pa.Table) -> list[str]:
    outcome = evaluate(expression, grammar.COLUMNS, rows)
    pairs = zip(outcome.broken.to_pylist(), outcome.failed.to_pylist(), strict=True)
    return ["failed" if failed else "broken" if broken else "holds" for broken, failed in pairs]


def of_spark(spark: SparkSession, expressions: list[str], rows: pa.Table) -> list[list[str]]:
    before = {name: spark.conf.get(name, None) for name in AS_WRITTEN}
    for name, value in AS_WRITTEN.items():
        spark.conf.set(name, value)
    try:
        selected = [f"CAST({AS_A_DAY.format(one)} AS STRING) AS r{number}" for number, one in enumerate(expressions)]
        frame = spark.createDataFrame(rows).coalesce(1).selectExpr(*selected).toArrow()
    finally:
        for name, value in before.items():
            if value is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, value)
    return [[SAYS[value] for value in column.to_pylist()] for column in frame.columns]


def test_drawn_rules_say_what_spark_says(spark: SparkSession) -> None:
    random = Random(20240301)
    rows = grammar.table(random, ROWS)
    expressions = [grammar.condition(random) for _ in range(RULES)]
    different = [
        f"{one}\n  ours {mine}, Spark's {theirs}, for {rows.slice(row, 1).to_pylist()}"
        for one, expected in zip(expressions, of_spark(spark, expressions, rows), strict=True)
        for row, (mine, theirs) in enumerate(zip(ours(one, rows), expected, strict=True))
        if mine != theirs
    ]
    assert not different, "\n".join(different[:40])
