"""Which days' reasons are those of their scores: asked of the logs and ``ops.builds`` alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import registry
from lakehouse.ops import builds
from lakehouse.ops.builds import Inputs
from lakehouse.staleness import up_to_date
from lakehouse.staleness.up_to_date import Comparison

# A day may have no score that asks for reasons, and then no row to carry a fingerprint: a line of its own in ops.builds says
# so, written after the day's commit.
EMPTY = {"rows": "none asks for reasons"}


def compare(use_case: UseCase, expected: Mapping[dt.date, Inputs]) -> Comparison:
    """The reasons of these days against what they would be made from; a day on which no row asks for reasons can be up to date."""
    table = tables.reasons(use_case)
    built = up_to_date.built(table, role=registry.CHAMPION)
    rowless = {day: builds.fingerprint({**inputs, **EMPTY}) for day, inputs in expected.items() if day not in built}
    empty = builds.inputs_behind(table, rowless)
    built |= {day: builds.fingerprint(expected[day]) for day in empty}
    return Comparison(table, expected, built, unbuilt="it has no reasons yet")


def record_empty(use_case: UseCase, expected: Mapping[dt.date, Inputs]) -> None:
    """Write down of these days, which were just written, that no row asked for reasons, where that is so."""
    table = tables.reasons(use_case)
    written = up_to_date.built(table, role=registry.CHAMPION)
    builds.record(table, {day: {**inputs, **EMPTY} for day, inputs in expected.items() if day not in written})
