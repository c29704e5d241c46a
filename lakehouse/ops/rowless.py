"""Days that are built and have no row: a line of its own in ops.builds records what no row can carry.

It is written after the day's commit. A later build that has rows outdoes it: whoever asks looks at the table's rows first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from lakehouse.ops import builds
from lakehouse.ops.builds import Inputs
from lakehouse.tables import Table

# Why the features of a day have none.
NOBODY: Inputs = {"rows": "none: nobody is in the population"}


def record(table: Table, why: Inputs, inputs: Mapping[dt.date, Inputs]) -> None:
    """Record that these days, all just written, have no row.

    Args:
        table: whose days.
        why: the reason, an input that no day with rows has.
        inputs: what each day was built from.
    """
    builds.record(table, {day: {**of_day, **why} for day, of_day in inputs.items()})


def inputs(table: Table, why: Inputs) -> dict[dt.date, Inputs]:
    """What each day without a row was built from, the last time that it had none for this reason."""
    return {
        day: {name: value for name, value in attempts[-1].items() if name not in why}
        for day, attempts in builds.attempted_inputs_with(table, why).items()
    }
