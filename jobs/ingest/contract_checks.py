"""Checking delivered text against a contract: pure functions, DataFrame to DataFrame.

A row that fails keeps every reason that applies, not only the first: the person who corrects the data needs to see all at once.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.ingest.delivery_errors import OF_A_DELIVERY
from lakehouse import declaration, tables

# What is kept of a parsed line besides the source's own columns.
_KEPT = ("raw", "line", "delivery_id", "ingested_at", "partition", "extra")


def check(delivered: DataFrame, source: declaration.Source) -> DataFrame:
    """Type every column and find every reason to reject.

    Args:
        delivered: rows of the source's bronze table.
        source: the contract.

    Returns:
        The source's columns typed (null where the text is not of the type), the kept columns, and ``reasons``: an array of
        texts, empty for a row that keeps the contract.
    """
    malformed = F.col("malformed")
    typed = [_typed(column).alias(column.name) for column in source.columns]
    # Row rules see the typed values, so they are checked in a second projection.
    by_column = [reason for column in source.columns for reason in _reasons(column)]
    first = delivered.select(
        *typed,
        *_KEPT,
        malformed,
        F.filter(F.array(*by_column), lambda reason: reason.isNotNull()).alias("_by_column"),
    )
    by_rule = [
        F.when(~F.coalesce(F.expr(rule.expression), F.lit(True)), F.lit(f"{rule.name}: expected {rule.expression}"))
        for rule in source.row_rules
    ]
    rules = F.filter(F.array(F.lit(None).cast("string"), *by_rule), lambda reason: reason.isNotNull())
    reasons = F.when(malformed.isNotNull(), F.array(malformed)).otherwise(F.concat(F.col("_by_column"), rules))
    return first.withColumn("reasons", reasons).drop("_by_column", "malformed")


def mark_duplicates(checked: DataFrame, source: declaration.Source) -> DataFrame:
    """Add ``superseded_in_delivery``: a good row whose key comes again later in the same delivery.

    And ``current``: the good row of its key that counts, the last line of the last delivery.
    """
    good = F.size("reasons") == 0
    newest_first = (F.col("ingested_at").desc(), F.col("delivery_id").desc(), F.col("line").desc())
    # Rejected rows are put in groups of their own so that they never hide a good one.
    within_day = Window.partitionBy("partition", good, *source.key)
    within_delivery = within_day.partitionBy("partition", "delivery_id", good, *source.key)
    return checked.withColumn(
        "superseded_in_delivery",
        good & (F.row_number().over(within_delivery.orderBy(F.col("line").desc())) > 1),
    ).withColumn("current", good & (F.row_number().over(within_day.orderBy(*newest_first)) == 1))


def silver_rows(marked: DataFrame, source: declaration.Source) -> DataFrame:
    """The rows of the silver table: one a key and partition."""
    return marked.where("current").select(*tables.silver(source).column_names)


def reject_rows(marked: DataFrame, source: declaration.Source) -> DataFrame:
    """The rows of the rejects table."""
    rejected = marked.where(F.size("reasons") > 0).withColumn("reasons", F.concat_ws("; ", "reasons"))
    return rejected.select(*tables.rejects(source).column_names)


def counts(marked: DataFrame) -> DataFrame:
    """One row a delivery: what became of its rows, and the reason if all of it is refused.

    Returns:
        ``delivery_id``; the counts ``delivered``, ``accepted``, ``rejected``, ``duplicates``; ``whole``: why no row of it can
        count; ``rule``: the rule that most rejected rows broke first; ``example``: all reasons of a row that broke it;
        ``new_columns``: names of columns that the contract does not know.
    """
    first_reason = F.try_element_at("reasons", F.lit(1))
    # A reason is the rule, then what was found.
    rule = F.when(F.size("reasons") > 0, F.regexp_replace(first_reason, ", found .*$", ""))
    whole = F.when(F.rlike(first_reason, F.lit(f"^({'|'.join(OF_A_DELIVERY)})")), first_reason)
    by_rule = marked.groupBy("delivery_id", rule.alias("rule")).agg(
        F.count("*").alias("rows"),
        F.count_if("superseded_in_delivery").alias("superseded"),
        F.first(whole, ignorenulls=True).alias("whole"),
        F.min_by(F.concat_ws("; ", "reasons"), "line").alias("example"),
        F.array_distinct(F.flatten(F.collect_set(F.json_object_keys("extra")))).alias("keys"),
    )
    kept, rejected = F.col("rule").isNull(), F.col("rule").isNotNull()
    return by_rule.groupBy("delivery_id").agg(
        F.sum("rows").alias("delivered"),
        F.sum(F.when(kept, F.col("rows") - F.col("superseded")).otherwise(0)).alias("accepted"),
        F.sum(F.when(rejected, F.col("rows")).otherwise(0)).alias("rejected"),
        F.sum("superseded").alias("duplicates"),
        F.first("whole", ignorenulls=True).alias("whole"),
        F.max_by("rule", F.when(rejected, F.struct("rows", "rule"))).alias("rule"),
        F.max_by("example", F.when(rejected, F.struct("rows", "rule"))).alias("example"),
        F.array_sort(F.array_distinct(F.flatten(F.collect_list("keys")))).alias("new_columns"),
    )


def _typed(column: declaration.Column) -> Column:
    return F.col(column.name).try_cast(column.type)


def _reasons(column: declaration.Column) -> list[Column]:
    """One expression a rule of the column: its text when the value breaks it, else null."""
    text, value = F.col(column.name), _typed(column)
    delivered = F.concat(F.lit(", found '"), F.substring(text, 1, 100), F.lit("'"))

    def reason(broken: Column, expected: str) -> Column:
        return F.when(broken, F.concat(F.lit(f"{column.name}: expected {expected}"), delivered))

    article = "an" if column.type == "int" else "a"
    result = [reason(text.isNotNull() & value.isNull(), f"{article} {column.type}")]
    if not column.nullable:
        result.append(F.when(text.isNull(), F.lit(f"{column.name}: expected a value, found none")))
    if column.type == "double":
        not_finite = F.isnan(value) | value.isin(float("inf"), float("-inf"))
        result.append(reason(not_finite, "a finite number"))
    if column.minimum is not None:
        result.append(reason(value < column.minimum, f"at least {column.minimum:g}"))
    if column.maximum is not None:
        result.append(reason((value > column.maximum) & ~F.isnan(value.cast("double")), f"at most {column.maximum:g}"))
    if column.allowed is not None:
        result.append(reason(~text.isin(*column.allowed), f"one of {', '.join(column.allowed)}"))
    if column.pattern is not None:
        result.append(reason(~text.rlike(f"^(?:{column.pattern})$"), f"the form {column.pattern}"))
    return result
