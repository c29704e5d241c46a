"""A subject's rows as they were delivered: bronze, silver, the rejects, and the ledger that counts them.

In bronze the place of each row stays, with nothing of what it said: so the ledger still counts what was delivered, and a replay
finds a row that is kept out. Bronze comes last: by it everything else is found again after a kill.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.erase.subject import Subject
from jobs.ingest import kept_out_rows
from jobs.ingest.delivery_errors import KEPT_OUT
from lakehouse import tables
from lakehouse.ops import deliveries, key_text
from lakehouse.storage import arrow_dataset, commits, delta_log, rewriting, table_schema
from lakehouse.tables import Table

# What is read of a bronze row, besides its key.
COLUMNS = ("raw", "malformed", "line", "delivery_id", "partition")


@dataclass(frozen=True)
class DeliveredRows:
    """The rows of the subject in the tables of its source."""

    subject: Subject

    @property
    def tables(self) -> tuple[Table, Table, Table]:
        """Bronze, silver and the rejects."""
        source = self.subject.source
        return tables.bronze(source), tables.silver(source), tables.rejects(source)

    def found(self) -> Mapping[str, int]:
        """Rows by table."""
        bronze, silver, rejects = self.tables
        places = _places(self._bronze(self.in_bronze))
        lines = {(one["delivery_id"], one["line"], one["raw"]) for one in places}
        rejected = [one for one in self._rejects(places) if (one["delivery_id"], one["line"], one["raw"]) in lines]
        rows = arrow_dataset.read(silver, columns=list(self.subject.columns))
        return {
            bronze.full_name: len(places),
            silver.full_name: pc.sum(self.in_silver(rows)).as_py() or 0,
            rejects.full_name: len(rejected),
        }

    def take_out(self) -> list[str]:
        """Rejects, ledger, silver, bronze: each may be repeated."""
        bronze, silver, _ = self.tables
        found = self._bronze(self.in_bronze)
        if len(found):
            self._correct_books(found)
        rewriting.rewrite(silver, self.subject.columns, self.in_silver, self._without)
        rewriting.rewrite(
            bronze,
            self.bronze_columns,
            self.in_bronze,
            lambda rows: kept_out_rows.blanked(rows, self.in_bronze(rows)),
        )
        return []

    @property
    def bronze_columns(self) -> list[str]:
        """What `in_bronze` looks at."""
        return [*self.subject.columns, "raw", "malformed"]

    def in_bronze(self, rows: pa.Table) -> pa.ChunkedArray:
        """Where a bronze row is of the subject: by its key, or, where it could not be split, because it names it."""
        return pc.or_(
            self.subject.delivered(rows),
            pc.and_(pc.is_valid(rows["malformed"]), self.subject.named_in(rows["raw"])),
        )

    def in_silver(self, rows: pa.Table) -> pa.ChunkedArray:
        """Where a row of silver is of the subject."""
        return self.subject.typed(rows)

    def in_rejects(self, rows: pa.Table) -> pa.ChunkedArray:
        """Where a rejected row names the subject."""
        return pc.or_(self.subject.named_in(rows["raw"]), self.subject.named_in(rows["reasons"]))

    def _without(self, rows: pa.Table) -> pa.Table:
        return rows.filter(pc.invert(self.in_silver(rows)))

    def in_bronze_with(self, names: Sequence[str]) -> pa.Table:
        """Its rows in bronze, with these columns."""
        return self._bronze(self.in_bronze, names).select(list(names))

    def _bronze(self, which: Any, names: Sequence[str] = ()) -> pa.Table:
        """The rows of bronze that are meant, with ``COLUMNS``, the source's key and the subject's columns, and these."""
        bronze = self.tables[0]
        columns = list(dict.fromkeys([*self.subject.columns, *self.subject.source.key, *COLUMNS, *names]))
        declared = table_schema.arrow_schema(bronze)
        empty = pa.schema([declared.field(name) for name in columns]).empty_table()
        if not delta_log.exists(bronze):
            return empty
        found = arrow_dataset.batches(bronze, columns, pc.scalar(True), delta_log.version(bronze))
        parts = [pa.Table.from_batches([batch]) for batch in found]
        kept = [part.filter(which(part)) for part in parts]
        return pa.concat_tables([part for part in kept if len(part)]) if any(map(len, kept)) else empty

    def _rejects(self, places: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rejects of the deliveries that have the places."""
        if not places:
            return []
        days, ids = {one["partition"] for one in places}, {one["delivery_id"] for one in places}
        where = arrow_dataset.among("partition", days) & arrow_dataset.among("delivery_id", ids)
        rows: list[dict[str, Any]] = arrow_dataset.read(self.tables[2], where).to_pylist()
        return rows

    def _correct_books(self, found: pa.Table) -> None:
        places = _places(found)
        accepted = self._accepted(found, places)
        days, ids = {one["partition"] for one in places}, {one["delivery_id"] for one in places}
        lines = {
            line.delivery_id: line
            for line in deliveries.lines_of([self.subject.source.name], min(days), max(days))
            if line.delivery_id in ids and line.status == deliveries.INGESTED
        }
        # Those that earlier erasures have left are in bronze as such.
        blank = _places(self._bronze(lambda rows: _blank(rows, ids)))
        self._write_rejects(days, ids, lines.keys(), places, blank)
        self._write_ledger(lines, places, accepted)

    def _write_rejects(
        self,
        days: Collection[Any],
        ids: Collection[str],
        counted: Collection[str],
        places: list[dict[str, Any]],
        blank: list[dict[str, Any]],
    ) -> None:
        rejects = self.tables[2]
        rows = arrow_dataset.read(rejects, arrow_dataset.among("partition", days)).to_pylist()
        gone = {(one["delivery_id"], one["line"], one["raw"]) for one in places}
        kept = [
            row
            for row in rows
            if row["delivery_id"] not in ids
            or (row["reasons"] != KEPT_OUT and (row["delivery_id"], row["line"], row["raw"]) not in gone)
        ]
        kept += [
            {"raw": "", "reasons": KEPT_OUT, **{name: one[name] for name in ("delivery_id", "line", "partition")}}
            for one in (*places, *blank)
            if one["delivery_id"] in counted
        ]
        if kept or rows:
            found = pa.Table.from_pylist(kept, table_schema.arrow_schema(rejects))
            commits.replace_table(found, rejects, {"partition": days})

    def _accepted(self, found: pa.Table, places: list[dict[str, Any]]) -> dict[str, int]:
        """How many rows of each delivery counted as accepted: of those with one key one, and the others are duplicates."""
        if self.subject.by_key:
            return {one["delivery_id"]: 1 for one in places}
        before = {(one["delivery_id"], one["line"], one["raw"]) for one in self._rejects(places)}
        keys: dict[str, set[tuple[str | None, ...]]] = {}
        source, zone = self.subject.source, self.subject.zone
        types = [source.column_types[name] for name in source.key]
        for row in found.select([*source.key, *COLUMNS]).to_pylist():
            if row["malformed"] is None and (row["delivery_id"], row["line"], row["raw"]) not in before:
                texts = zip((row[name] for name in source.key), types, strict=True)
                key = (
                    None if text is None else key_text.of(text, one, zone, source.format.decimal) for text, one in texts
                )
                keys.setdefault(row["delivery_id"], set()).add(tuple(key))
        return {identity: len(found) for identity, found in keys.items()}

    def _write_ledger(
        self, lines: Mapping[str, deliveries.Delivery], places: list[dict[str, Any]], accepted: Mapping[str, int]
    ) -> None:
        """Rows that counted are rejected now.

        The rejects say how many: a run after a kill finds that the ledger has them already.
        """
        rejected: dict[str, int] = {}
        for row in self._rejects(places):
            rejected[row["delivery_id"]] = rejected.get(row["delivery_id"], 0) + 1
        changed = []
        for identity, line in lines.items():
            good = rejected.get(identity, 0) - line.rejected_rows
            if good > 0:
                keys = min(accepted.get(identity, 1), good, line.accepted_rows)
                changed.append(
                    replace(
                        line,
                        accepted_rows=line.accepted_rows - keys,
                        duplicate_rows=line.duplicate_rows - (good - keys),
                        rejected_rows=line.rejected_rows + good,
                    )
                )
        deliveries.record(changed)


def _blank(rows: pa.Table, ids: Collection[str]) -> pa.ChunkedArray:
    of_deliveries = pc.is_in(rows["delivery_id"], value_set=pa.array(sorted(ids), pa.string()))
    return pc.and_(of_deliveries, pc.fill_null(pc.equal(rows["malformed"], KEPT_OUT), False))


def _places(rows: pa.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rows.select(list(COLUMNS)).to_pylist()
    return found
