"""The rows about a subject in gold tables: of a use case, or of a feature group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from jobs.erase.purged_tables import Suspect
from jobs.erase.reach import Reach
from jobs.erase.wanted_rows import WantedRows
from lakehouse import tables
from lakehouse.declaration import FeatureGroup, UseCase
from lakehouse.storage import arrow_dataset, delta_log, rewriting
from lakehouse.tables import Table

# Of a use case, those with a line for each entity.
OF_ENTITIES: tuple[Callable[[UseCase], Table], ...] = (
    tables.features,
    tables.scores,
    tables.reasons,
    tables.outcomes,
)


@dataclass(frozen=True)
class GoldRows:
    """Rows of some tables, which are meant by the same columns.

    Attributes:
        tables: those that have the columns.
        wanted: which rows go.
    """

    tables: tuple[Table, ...]
    wanted: WantedRows

    def found(self) -> Mapping[str, int]:
        """Rows by table."""
        return {table.full_name: self._count(table) for table in self.tables} if self.wanted else {}

    def take_out(self) -> list[str]:
        """Remove them, in one commit a table."""
        if self.wanted:
            for table in self.tables:
                rewriting.rewrite(table, self.wanted.columns, self.wanted.mask, self._without)
        return []

    def days(self, table: Table) -> set[dt.date]:
        """The days on which a table has such rows."""
        if not self.wanted or not delta_log.exists(table):
            return set()
        names = list(dict.fromkeys([*self.wanted.columns, "partition"]))
        found = arrow_dataset.read(table, self._first(), columns=names)
        return set(found.filter(self.wanted.mask(found))["partition"].to_pylist())

    def suspects(self) -> list[Suspect]:
        """The tables, for what earlier versions still have."""
        return [Suspect(table, self.wanted.columns, self.wanted.mask) for table in self.tables] if self.wanted else []

    def _without(self, rows: pa.Table) -> pa.Table:
        return rows.filter(pc.invert(self.wanted.mask(rows)))

    def _count(self, table: Table) -> int:
        found = arrow_dataset.read(table, self._first(), columns=self.wanted.columns)
        return pc.sum(self.wanted.mask(found)).as_py() or 0

    def _first(self) -> pc.Expression | None:
        """What the files' statistics can tell: a column that each condition names."""
        for name in self.wanted.columns:
            values = [one[name] for one in self.wanted.conditions if name in one]
            if len(values) == len(self.wanted.conditions) and not any(isinstance(one, float) for one in values):
                return arrow_dataset.among(name, values)
        return None


def of_use_case(use_case: UseCase, wanted: WantedRows) -> GoldRows:
    """The rows of its entities."""
    return GoldRows(tuple(make(use_case) for make in OF_ENTITIES), wanted)


def of_group(group: FeatureGroup, wanted: WantedRows) -> GoldRows:
    """The rows of its keys: of all days, of days as they were first, and those that are served from a table."""
    return GoldRows(tables.of_group(group), wanted)


def of_slices(reach: Reach, use_case: UseCase) -> list[GoldRows]:
    """Numbers of a use case that are about the subject alone: where its column is one that is sliced by, or is a category."""
    slices, levels = WantedRows(), WantedRows()
    for one in reach.subjects:
        if len(one.parts) == 1 and one.source.name in use_case.reads:
            (part,) = one.parts
            texts = dict.fromkeys((*part.forms, str(part.value)))
            slices |= WantedRows(tuple({"slice": part.name, "slice_value": text} for text in texts))
            levels |= WantedRows(tuple({"level": text} for text in texts if part.column.type == "string"))
    entities = {make(use_case).name for make in OF_ENTITIES}
    others = [table for table in tables.of_use_case(use_case) if table.name not in entities]
    sliced = tuple(table for table in others if "slice" in table.column_names)
    levelled = tuple(table for table in others if "level" in table.column_names)
    return [GoldRows(sliced, slices), GoldRows(levelled, levels)]
