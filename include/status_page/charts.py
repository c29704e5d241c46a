"""The pictures of a use case's page: each watched statistic beside its limit, and quality measured and expected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from include.status_page.drawing import Chart, chart
from lakehouse.status.quality import Quality
from lakehouse.status.statistics import Statistic

Changes = Sequence[tuple[dt.date, str]]


@dataclass(frozen=True)
class WatchedPicture:
    """A statistic with its picture; ``value`` and ``limit`` are the newest."""

    of: Statistic
    picture: Chart
    value: float
    limit: float

    @property
    def beyond(self) -> bool:
        """Whether it is beyond its limit on the newest day."""
        return bool(self.of.violated) and next(
            (
                bad
                for bad, one in zip(reversed(self.of.violated), reversed(self.of.values), strict=True)
                if one is not None
            ),
            False,
        )


@dataclass(frozen=True)
class QualityPicture:
    """A metric with its picture: the newest measured value and its day, and the newest that is expected."""

    of: Quality
    picture: Chart
    measured: tuple[dt.date, float] | None
    expected: tuple[dt.date, float] | None


def statistics(found: Sequence[Statistic], days: Sequence[dt.date], changes: Changes) -> list[WatchedPicture]:
    """A picture a statistic."""
    return [
        WatchedPicture(
            one, chart(days, one.values, limits=one.limits, stands_out=one.violated, changes=changes), *one.newest
        )
        for one in found
    ]


def quality(found: Sequence[Quality], days: Sequence[dt.date], changes: Changes) -> list[QualityPicture]:
    """A picture a metric."""
    return [
        QualityPicture(
            one,
            chart(days, one.measured, second=one.expected, changes=changes, from_zero=False, width=480, height=140),
            _newest(days, one.measured),
            _newest(days, one.expected),
        )
        for one in found
    ]


def _newest(days: Sequence[dt.date], values: Sequence[float | None]) -> tuple[dt.date, float] | None:
    for day, value in zip(reversed(days), reversed(values), strict=True):
        if value is not None:
            return day, value
    return None
