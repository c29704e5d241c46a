"""Text within SQL: values and paths that can end neither their quotes nor the statement."""

from __future__ import annotations


def literal(value: str) -> str:
    """A string of standard SQL, as delta-rs and DuckDB read it: a quote is doubled, a backslash is a backslash."""
    return "'" + value.replace("'", "''") + "'"


def spark_literal(value: str) -> str:
    """A string of Spark's SQL, where a backslash escapes."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def spark_name(value: str) -> str:
    """A name or a path between backticks."""
    return "`" + value.replace("`", "``") + "`"
