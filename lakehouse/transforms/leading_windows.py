"""The days after a day: what computed labels are made of."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

DAY = "partition"


def in_windows(rows: DataFrame, from_day: int, to_day: int) -> DataFrame:
    """Each row once for each day D whose window, D+from_day to D+to_day, its own day lies in.

    Args:
        rows: has ``partition``, the row's own day, and any other columns.
        from_day: how many days after D the window begins; 0 is D itself.
        to_day: how many days after D it ends.

    Returns:
        The same columns; ``partition`` is D. Counted by key and ``partition`` it gives what happened in each day's window, also
        for days that nobody asked for, which are left out of a label.
    """
    days = F.sequence(F.date_sub(DAY, to_day), F.date_sub(DAY, from_day))
    return rows.withColumn(DAY, F.explode(days))
