"""Text within SQL: values and paths that can end neither their quotes nor the statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any


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


def days_condition(days: Iterable[dt.date], column: str = "partition") -> str:
    """SQL condition that holds for exactly these days."""
    return f"{column} IN ({', '.join(f'DATE {literal(day.isoformat())}' for day in sorted(days))})"


def is_one_of(column: str, values: Iterable[Any]) -> str:
    """SQL condition that holds where the column has one of the values: texts or days; false where there is none."""
    texts = sorted(
        f"DATE {literal(one.isoformat())}" if isinstance(one, dt.date) else literal(str(one)) for one in values
    )
    return f"{column} IN ({', '.join(texts)})" if texts else "false"
