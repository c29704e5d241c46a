"""A population that is not simply what was delivered for the day: of each key the row that is known on the day, where a condition
holds.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.storage.day_files import DayFiles

PARTITION = "partition"
PLACE = "_place"


@dataclass(frozen=True)
class KnownRows:
    """Makes the population of a day, here or in a worker; to a worker go the names of files, and no rows.

    Attributes:
        files: of silver of the entity's source.
        delivered: the days on which it has rows, in order.
        reads: the first (None: of all) and last day of ``delivered`` that each day's population is made of; a day without one
            has nobody.
        key: the columns that identify a row of a day.
        where: the condition on the row and ``partition``, the day; None: all rows.
        types: the type of each column that ``where`` can name.
    """

    files: DayFiles
    delivered: tuple[dt.date, ...]
    reads: Mapping[dt.date, tuple[dt.date | None, dt.date]]
    key: tuple[str, ...]
    where: str | None
    types: Mapping[str, str]
    # What was read last: days that follow one another read the same files.
    _last: dict[Any, pa.Table] = field(default_factory=dict, compare=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Without the rows."""
        return {**self.__dict__, "_last": {}}

    @property
    def rows(self) -> int:
        """How many rows the populations of all days have, or more: a key's older rows are counted, and those left out."""
        return sum(self.most(day) for day in self.reads)

    def most(self, day: dt.date) -> int:
        """How many rows the day's population has at most."""
        return sum(file.rows for part in self._parts(day) for file in self.files.by_day.get(part, ()))

    def read(self, day: dt.date, names: Sequence[str]) -> pa.Table:
        """These columns of the day's population; ``partition`` is the day."""
        # Imported where there is a condition: they take longer than reading the rows.
        if self.where is not None:
            from lakehouse.row_rules import evaluation
        named = evaluation.columns_of(self.where, self.types) if self.where is not None else set()
        needed = [name for name in dict.fromkeys((*self.key, *names, *sorted(named))) if name != PARTITION]
        rows = self._newest(self._known(day, needed))
        rows = rows.append_column(PARTITION, pa.repeat(pa.scalar(day, pa.date32()), len(rows)))
        if self.where is not None:
            # What is null, or can't be evaluated, is not true.
            outcome = evaluation.evaluate(f"coalesce(({self.where}), false)", self.types, rows)
            rows = rows.filter(pc.invert(pc.or_(outcome.broken, outcome.failed)))
        return rows.select(list(names))

    def _parts(self, day: dt.date) -> tuple[dt.date, ...]:
        if day not in self.reads:
            return ()
        first, last = self.reads[day]
        return self.delivered[
            0 if first is None else bisect_left(self.delivered, first) : bisect_right(self.delivered, last)
        ]

    def _known(self, day: dt.date, names: list[str]) -> pa.Table:
        """The rows that the day's population is made of, those that were delivered first in front."""
        parts = self._parts(day)
        if len(parts) <= 1:
            return self._of(parts, names)
        # All days read from the first on: what the last of them reads has what each of them reads in front.
        last = max(self.reads)
        whole = self._of(self._parts(last), names)
        return whole.slice(0, self.most(day))

    def _of(self, parts: tuple[dt.date, ...], names: list[str]) -> pa.Table:
        asked = (parts, tuple(names))
        if asked not in self._last:
            self._last.clear()
            schema = pa.schema([self.files.columns.field(name) for name in names])
            tables = [self.files.read(part, names) for part in parts]
            self._last[asked] = pa.concat_tables(tables) if tables else schema.empty_table()
        return self._last[asked]

    def _newest(self, rows: pa.Table) -> pa.Table:
        """The last row of each key, in the order of the rows."""
        numbered = rows.select(list(self.key)).append_column(PLACE, pa.array(np.arange(len(rows))))
        newest = numbered.group_by(list(self.key), use_threads=False).aggregate([(PLACE, "max")])
        places = newest.column(f"{PLACE}_max")
        return rows if len(places) == len(rows) else rows.take(places.take(pc.sort_indices(places)))
