"""What the notes of a target say of a day after rows were taken out: fewer rows, and the checksum without theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.deliver.rows import Checksum


@dataclass
class TakenOut:
    """The rows that were taken out of a target, by day."""

    days: dict[dt.date, Checksum] = field(default_factory=dict)

    def add(self, day: dt.date, row: Iterable[Any]) -> None:
        """Count a row, its values in the order of the delivered columns."""
        self.days.setdefault(day, Checksum()).add(row)

    @property
    def rows(self) -> int:
        """How many."""
        return sum(one.rows for one in self.days.values())


def of(rows: Iterable[Sequence[Any]], names: Sequence[str]) -> TakenOut:
    """Rows, each with a value for each of the names."""
    taken, place = TakenOut(), list(names).index("partition")
    for row in rows:
        taken.add(row[place], row)
    return taken


def less(checksum: str, taken: Checksum) -> str:
    """A day's checksum without the rows that were taken out: it is a sum."""
    return f"{(int(checksum, 16) - int(taken.text, 16)) % (1 << 256):064x}"
