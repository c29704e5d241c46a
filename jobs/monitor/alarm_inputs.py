"""What is known of the inputs of the days that are judged: the ledger's deliveries, and days that were built again since scored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from jobs.monitor.alarms.seen import Delivered
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import version_selection
from lakehouse.ops import builds, deliveries
from lakehouse.staleness import up_to_date


def delivered(use_case: UseCase, first: dt.date, last: dt.date) -> dict[str, dict[dt.date, Delivered]]:
    """By source and day the newest delivery that was taken in, of the daily sources that the use case reads."""
    daily = [name for name in use_case.reads if use_case.source(name).cadence == "daily"]
    found: dict[str, dict[dt.date, Delivered]] = {name: {} for name in daily}
    # In the order of their arrival: a correction replaces what it corrects.
    for line in deliveries.lines_of(daily, first, last):
        if line.status == deliveries.INGESTED:
            found[line.source][line.partition] = Delivered(line.delivered_rows, line.duplicate_rows, line.rejected_rows)
    return found


def built_again(use_case: UseCase, days: Collection[dt.date]) -> tuple[dt.date, ...]:
    """Those of the scored days whose features are others now than those that the champion scored."""
    built = up_to_date.built(tables.features(use_case))
    scored = version_selection.scored(use_case)
    digests: dict[dt.date, str] = {day: scored[day].fingerprint for day in days if day in scored}
    behind = builds.inputs_behind(tables.scores(use_case), digests)
    return tuple(day for day in sorted(behind) if behind[day].get("features") != built.get(day))
