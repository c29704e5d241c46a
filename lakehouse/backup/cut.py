"""The versions of all tables that a backup is of, chosen while others write.

Versions are read twice. Where no table has another one the second time, all had these at the instant between the two readings,
and the cut is of one instant. Where writers never pause it is one in which nothing names what is not there: tables are read
against the way of the data, what is made from others before these. A row that was there when its table was read is made from
what was there before, and that is read later.
"""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.analyst import listing
from lakehouse.analyst.listing import FoundTable
from lakehouse.errors import NoLakehouse

TRIES = 8

# From what is made last to what everything else is made from. A table is at the place of the longest entry that its name ends with;
# one that is named by none comes first.
_ORDER = (
    *(
        "ops.exports",
        "ops.parity",
        "_drift",
        "_estimates",
        "_performance",
        "_residuals",
        "_alarm_counts",
        "_drift_counts",
    ),
    *("ops.dataset_versions", "_examples", "_clusters", "_splits", "_summaries", "ops.calls", "_profile", "_documents"),
    # The gold tables of days, each after what is made from it. Outcomes and groups are not made from scores, nor these from them.
    *("_outcomes", "_reasons", "_scores", "_features"),
    "gold.",
    # Written before the partitions that they explain.
    *("ops.builds", "ops.owed_verdicts", "ops.model_events"),
    # Written after the rows that they count.
    "ops.deliveries",
    *("silver.", "bronze."),
    # Written before rows go, or are kept out.
    *("ops.contracts", "ops.retention", "ops.erasures"),
)


@dataclass(frozen=True)
class Cut:
    """A version of every table, and whether all had it at one instant."""

    versions: tuple[tuple[FoundTable, int], ...]
    one_instant: bool


def make(root: str) -> Cut:
    """Choose the versions of all tables under ``root``; of none where there are no tables."""
    before = _read(root)
    for _ in range(TRIES):
        again = _read(root)
        if again == before:
            return Cut(tuple(again), one_instant=True)
        before = again
    return Cut(tuple(before), one_instant=False)


def rank(name: str) -> tuple[int, str]:
    """Where a table, by its full name, is read: a lesser one earlier."""
    layer = name.partition(".")[0]
    places = [
        (len(entry), place)
        for place, entry in enumerate(_ORDER)
        if name == entry
        or (entry.startswith("_") and layer == "gold" and name.endswith(entry))
        or (entry == f"{layer}.")
    ]
    return max(places, default=(0, -1))[1], name


def _read(root: str) -> list[tuple[FoundTable, int]]:
    try:
        found = listing.find(root)
    except NoLakehouse:
        return []
    return [(table, table.open().version()) for table in sorted(found, key=lambda table: rank(table.full_name))]
