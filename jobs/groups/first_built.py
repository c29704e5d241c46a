"""Keeping the days of a group as they were built first: before a day is replaced its rows are copied, once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.arrivals import group_days
from lakehouse.declaration import FeatureGroup
from lakehouse.ops import builds
from lakehouse.storage import arrow_dataset, commits, delta_log


def keep(group: FeatureGroup, days: Iterable[dt.date]) -> None:
    """Keep those of the days that are built and were never replaced before. Repeating it changes nothing.

    A day is copied before it is replaced. A run that is killed in between leaves a copy of what is still there.
    """
    table, first = tables.group(group), tables.group_first(group)
    present, kept = group_days.built(table), group_days.built(first)
    with_rows = delta_log.rows_by_day(table)
    for day in sorted(set(days) & present.keys() - kept.keys()):
        if day in with_rows:
            commits.add_days(first, arrow_dataset.read(table, pc.field("partition") == day))
        else:
            inputs = builds.inputs_behind(table, {day: present[day]})
            group_days.record_rowless(first, inputs)
