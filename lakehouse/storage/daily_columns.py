"""Columns that say the same of all rows of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F


def value_of_day(value: Mapping[dt.date, str]) -> Column:
    """The value of a row's ``partition``; ``value`` has every day that occurs."""
    pairs = [F.lit(part) for day, text in sorted(value.items()) for part in (day.isoformat(), text)]
    return F.create_map(*pairs)[F.col("partition").cast("string")]
