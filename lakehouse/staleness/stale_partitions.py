"""What is stale of a use case: the days of each of its tables, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.staleness.up_to_date import Reasons


@dataclass(frozen=True)
class Staleness:
    """The stale days of each table of a use case with the reasons, and the days that monitoring must repeat.

    ``pending`` are the verdicts that an interrupted restatement has not given. ``monitor`` has them, and the days whose verdict
    or whose matured labels depend on a stale partition. A verdict covers the days before it: monitoring itself repeats the
    later ones.

    ``expired`` are days that would be stale, and stay as they are: retention took away what they are made from.
    """

    features: Reasons
    scores: Reasons
    outcomes: Reasons
    performance: Reasons
    pending: Reasons
    monitor: list[dt.date]
    reasons: Reasons
    # By target.
    deliveries: Mapping[str, Reasons]
    # By feature group and version.
    groups: Mapping[str, Reasons] = field(default_factory=dict)
    estimates: Reasons = field(default_factory=dict)
    # Table, day and why, in words.
    expired: tuple[tuple[str, dt.date, str], ...] = ()

    def lines(self, use_case: UseCase) -> list[tuple[str, dt.date, list[str]]]:
        """Table, day and reasons of every stale partition; a delivery by its target, ``delivery to <target>``."""
        by_table = (
            (tables.features, self.features),
            (tables.scores, self.scores),
            (tables.reasons, self.reasons),
            (tables.outcomes, self.outcomes),
            (tables.performance, self.performance),
            (tables.estimates, self.estimates),
            (tables.drift, self.pending),
        )
        group_tables = {taken.use.label: tables.group(taken.group).full_name for taken in use_case.taken}
        by_name = [(group_tables[label], stale) for label, stale in self.groups.items()]
        by_name += [(table(use_case).full_name, stale) for table, stale in by_table]
        by_name += [(f"delivery to {target}", stale) for target, stale in self.deliveries.items()]
        return [(name, day, why) for name, stale in by_name for day, why in sorted(stale.items())]
