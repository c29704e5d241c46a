"""What tables quote in words: the platform's own examples of keys that differ, messages to people, reasons and errors; and what
monitoring says of categories that are new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from jobs.erase import forgetting
from jobs.erase.purged_tables import Suspect
from jobs.erase.subject import Subject
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.storage import arrow_dataset, rewriting
from lakehouse.storage.purging import Affected
from lakehouse.tables import Table

# These have digests, declarations and numbers alone, or are cleaned by what they are the books of.
OF_OTHERS = frozenset(
    {"builds", "calls", "contracts", "dataset_versions", "deliveries", "erasures", "exports", "owed_verdicts"}
)


@dataclass(frozen=True)
class ToldTexts:
    """Texts that name one of the subjects, in the tables of ops and in what monitoring says of the use cases."""

    subjects: Sequence[Subject]
    use_cases: Sequence[UseCase] = ()

    def found(self) -> Mapping[str, int]:
        """Rows that name one."""
        return {table.full_name: pc.sum(self._named(table)(self._read(table))).as_py() or 0 for table in self.tables}

    def take_out(self) -> list[str]:
        """Put a word in the place of what they name."""
        for table in self.tables:
            rewriting.rewrite(table, _texts(table), self._named(table), partial(self._forgotten, table))
        return []

    @property
    def tables(self) -> list[Table]:
        """All of ops with texts, and the verdicts."""
        found = (value for value in vars(tables).values() if isinstance(value, Table))
        of_ops = [one for one in found if one.layer == "ops" and one.name not in OF_OTHERS and _texts(one)]
        return [*of_ops, *map(tables.drift, self.use_cases)]

    def suspects(self) -> list[Suspect]:
        """The tables, for what earlier versions still have."""
        return [Suspect(table, _texts(table), self._named(table)) for table in self.tables]

    def _read(self, table: Table) -> pa.Table:
        return arrow_dataset.read(table, columns=_texts(table))

    def _named(self, table: Table) -> Affected:
        def named(rows: pa.Table) -> pa.ChunkedArray:
            out = pa.chunked_array([pa.repeat(False, len(rows))])
            for name in _texts(table):
                # Each text once: a year of runs says the same few things.
                texts = (text for text in pc.unique(rows.column(name)).to_pylist() if text is not None)
                naming = pa.array([text for text in texts if self._without(text) != text], pa.string())
                out = pc.or_(out, pc.is_in(rows.column(name), value_set=naming))
            return out

        return named

    def _forgotten(self, table: Table, rows: pa.Table) -> pa.Table:
        for name in _texts(table):
            texts = [None if text is None else self._without(text) for text in rows.column(name).to_pylist()]
            place = rows.column_names.index(name)
            rows = rows.set_column(place, rows.schema.field(place), pa.array(texts, pa.string()))
        return rows

    def _without(self, text: str) -> str:
        return forgetting.reason(text, self.subjects)


def _texts(table: Table) -> list[str]:
    """The columns with texts that do not identify a row."""
    return [one.name for one in table.columns if one.type == "string" and one.name not in table.key]
