"""What a transform promises of its rows, and the error when it did not keep it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from lakehouse.declaration import FeatureGroup, UseCase
from lakehouse.errors import TransformBroken

# XGBoost reads features in 32 bits; what is greater becomes infinity, which it refuses.
GREATEST = 3.4028234663852886e38


@dataclass(frozen=True)
class DayCount:
    """The rows of a day that have the same fault, or none.

    Attributes:
        partition: the day; None where a row has none.
        unusable: the fault of these rows in words; None where they have none.
        found: how many rows were built.
        expected: how many the population has.
        wrong: how many keys are in the one and not in the other, or there twice.
    """

    partition: dt.date | None
    unusable: str | None
    found: int
    expected: int
    wrong: int


def null_in(name: str) -> str:
    """The fault of a row without a value in a column of its key."""
    return f"expected {name} to be never null, it identifies the row"


def beyond(name: str) -> str:
    """The fault of a row with a number that no model can use."""
    return (
        f"expected feature {name} to be null or a number between -{GREATEST:.2g} and {GREATEST:.2g}, as XGBoost reads in 32 "
        "bits; a division by 0 makes infinity"
    )


def judge(counts: Iterable[DayCount], use_case: UseCase, days: list[dt.date]) -> int:
    """Each entity once a day, none lost, none invented, every value usable.

    Returns:
        How many rows were built.

    Raises:
        TransformBroken: naming a day, and both counts or the value that no model can use and how many rows have it.
    """
    counted = sorted(counts, key=lambda count: (str(count.partition), count.unusable or ""))
    for count in counted:
        if count.unusable is not None:
            day = "" if count.partition is None else f" of {count.partition}"
            raise broken(use_case, f"{count.unusable}; {count.found} row(s){day} have another value")
    for count in counted:
        if count.wrong or count.partition not in days:
            raise broken(
                use_case,
                f"expected one row for each of the {count.expected} entities of {count.partition}, found {count.found} rows, "
                f"{count.wrong} keys differ",
            )
    return sum(count.found for count in counted)


def broken(use_case: UseCase | FeatureGroup, what: str) -> TransformBroken:
    """The error of a transform that did not keep its promise."""
    name = f"use case {use_case.name}"
    if isinstance(use_case, FeatureGroup):
        name = f"feature group {use_case.name} v{use_case.version}"
    return TransformBroken(f"{name}: features.py: {what}; nothing was written")
