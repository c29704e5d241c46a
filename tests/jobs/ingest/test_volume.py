"""How many rows a delivery may have."""

from __future__ import annotations

import datetime as dt

import pytest

from jobs.ingest import volume
from lakehouse.declaration import Volume

DAY = dt.date(2024, 3, 20)
DECLARED = Volume(at_least=0.5, at_most=2, of_days=10, min_days=3)


def days_before(*rows: int) -> dict[dt.date, int]:
    return {DAY - dt.timedelta(days=back + 1): count for back, count in enumerate(rows)}


@pytest.mark.parametrize(
    ("rows", "said"), [(49, "truncated or incomplete"), (50, None), (200, None), (201, "too long")]
)
def test_the_limits_are_shares_of_the_median(rows: int, said: str | None) -> None:
    found = volume.problem(DECLARED, DAY, rows, days_before(100, 100, 7))
    assert (found or "").startswith(said or "") and (found is None) == (said is None)


def test_nothing_is_said_before_there_is_something_to_compare_with() -> None:
    assert volume.problem(DECLARED, DAY, 1, days_before(100, 100)) is None


def test_days_after_and_days_long_ago_do_not_count() -> None:
    later = {DAY + dt.timedelta(days=ahead): 100 for ahead in range(5)}
    long_ago = {DAY - dt.timedelta(days=back): 100 for back in range(11, 20)}
    assert volume.problem(DECLARED, DAY, 1, later | long_ago) is None
