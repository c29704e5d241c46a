"""Partition keys: days as text. Their format is defined here alone."""

from __future__ import annotations

import datetime as dt

from airflow.sdk.exceptions import AirflowFailException

FORMAT = "%Y-%m-%d"
# Ten years: more is a mistake in the form, and every day is an event for Airflow.
MOST_DAYS = 3660


def parse(key: str) -> dt.date:
    """The day that a partition key names.

    Raises:
        ValueError: when it is not a day written YYYY-MM-DD.
    """
    try:
        day = dt.datetime.strptime(key, FORMAT).date()
        # strptime also takes 2013-6-5, and the digits of other alphabets.
        if write(day) != key:
            raise ValueError(key)
        return day
    except ValueError as error:
        raise ValueError(f"a day written YYYY-MM-DD is expected, found {key[:50]!r}") from error


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
    if (end - start).days >= MOST_DAYS:
        raise ValueError(f"at most {MOST_DAYS} days are expected at once, found {(end - start).days + 1}")
    return [write(start + dt.timedelta(days=offset)) for offset in range((end - start).days + 1)]


def of_run(partition: str, through: str = "") -> list[str]:
    """The days that a run is for, from its rendered templates.

    Raises:
        AirflowFailException: when it has no day, or an invalid one: no retry would change that.
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
