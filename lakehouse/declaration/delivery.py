"""What a source's deliveries must satisfy as a whole: their number of rows, and when they are due."""

from __future__ import annotations

from pydantic import Field

from lakehouse.declaration.section import Section


class Volume(Section):
    """How many rows a delivery may have, as shares of the median of the deliveries for the days before its own.

    A correction may have any number of rows. With fewer than ``min_days`` deliveries among the ``of_days`` days before, as in a
    source's first days, nothing is checked.
    """

    at_least: float = Field(default=0.5, ge=0, le=1)
    at_most: float = Field(default=2.0, ge=1)
    of_days: int = Field(default=28, ge=1, le=366)
    min_days: int = Field(default=7, ge=1, le=366)


class Freshness(Section):
    """When a day's delivery is due: so many hours after the local midnight of the day on which it arrives."""

    hours: float = Field(gt=0, le=24 * 31)
