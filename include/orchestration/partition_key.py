"""Partition keys: days as text. The one place that knows how they are written."""

from __future__ import annotations

import datetime as dt

from airflow.sdk.exceptions import AirflowFailException

FORMAT = "%Y-%m-%d"
PATTERN = r"^\d{4}-\d{2}-\d{2}$"


def parse(key: str) -> dt.date:
    """The day that a partition key names.

    Raises:
        ValueError: when it is not a day written YYYY-MM-DD.
    """
    try:
        return dt.datetime.strptime(key, FORMAT).date()
    except ValueError as error:
        raise ValueError(f"a day written YYYY-MM-DD is expected, found {key!r}") from error


def write(day: dt.date) -> str:
    """The partition key of a day."""
    return day.strftime(FORMAT)


def between(first: str, last: str) -> list[str]:
    """The keys of all days from ``first`` to ``last``, both included; just ``first`` when ``last`` is empty.

    Raises:
        ValueError: when one is not a day, or ``last`` lies before ``first``.
    """
    start = parse(first)
    end = parse(last) if last else start
    if end < start:
        raise ValueError(f"through ({last}) lies before partition ({first})")
    return [write(start + dt.timedelta(days=offset)) for offset in range((end - start).days + 1)]


def of_run(partition: str, through: str = "") -> list[str]:
    """The days that a run is for, from what its templates rendered to.

    Raises:
        AirflowFailException: when it has no day, or one that is none: no retry would mend it.
    """
    if not partition:
        raise AirflowFailException(
            "Which day? This run has no partition key: fill in `partition` (YYYY-MM-DD) in the form, or trigger it with a "
            "partition key."
        )
    try:
        return between(partition, through)
    except ValueError as error:
        raise AirflowFailException(f"Bad day in the form: {error}") from error
