"""A day of the documents' table: rows whose text is decided by the same as before are taken from it, the others are made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from jobs.documents import filtering
from jobs.documents.making import Made, Maker
from jobs.documents.workers import Make
from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.errors import WriteConflict
from lakehouse.ops import erasures
from lakehouse.storage import arrow_dataset, commits, delta_log, table_schema, table_shape
from lakehouse.storage.partition_files import TableFiles, WrittenFile
from lakehouse.tables import INPUTS_FINGERPRINT, Table

# Of texts; one may have a megabyte.
ROWS_A_BATCH = 250


@dataclass
class Counted:
    """How many documents a day has, how many of them are kept, and of how many the text was made."""

    documents: int = 0
    kept: int = 0
    made: int = 0

    def add(self, rows: list[Made]) -> None:
        """Count these."""
        self.documents += len(rows)
        self.kept += sum(row["kept"] for row in rows)


@dataclass(frozen=True)
class DayBuild:
    """What builds the documents of a day.

    Attributes:
        dataset: whose.
        maker: of texts and measures.
        make: the same for batches of rows, here or in other processes.
        marks: the teacher's by the digest of a text.
        at_version: of silver.
        anew: whether texts that are there are made again.
    """

    dataset: Dataset
    maker: Maker
    make: Make
    marks: Mapping[str, float]
    at_version: int
    anew: bool = False
    counted: Counted = field(default_factory=Counted)

    def build(self, day: dt.date, fingerprint: str) -> None:
        """Make the rows of the day and replace it, in one commit.

        Raises:
            TransformBroken: when ``standardise.py`` fails. WriteConflict: when a document was erased meanwhile.
        """
        table = tables.documents(self.dataset)
        table_shape.ensure(table)
        schema = table_schema.arrow_schema(table)
        files = TableFiles.of(table)()
        written: list[WrittenFile] = []
        for rows in self._rows(table, day):
            finished = [self._finished(row, day, fingerprint) for row in rows]
            self.counted.add(finished)
            written += files.write(pa.Table.from_pylist(finished, schema))
        written += files.close()
        source = self.dataset.source.name
        if erasures.tombstones(source) != self.maker.erased:
            raise WriteConflict(
                f"{table.full_name} {day}: a document of source {source} was erased while the day was made; nothing was written: "
                "run it again"
            )
        commits.replace_by_files(written, table, {"partition": [day]})

    def _rows(self, table: Table, day: dt.date) -> Iterator[list[Made]]:
        taken = set[str]()
        if not self.anew and day in delta_log.rows_by_day(table):
            now = self._decided_by(day)
            for rows in self._present(table, day):
                same = [self._taken(row, now) for row in rows if _by(now, row) == row["measured_from"]]
                taken.update(row["document_id"] for row in same)
                yield same
            if len(taken) == len(now):
                return
        for rows in self.make(self._without(taken, self._silver(day))):
            self.counted.made += len(rows)
            yield rows

    def _decided_by(self, day: dt.date) -> dict[str, tuple[str, str]]:
        """What decides each document of the day now, and its delivery."""
        return {
            self.maker.document_id(row): (self.maker.measured_from(row), row["delivery_id"])
            for batch in self._silver(day)
            for row in batch.to_pylist()
            if not self.maker.erased.has(self.maker.document_id(row))
        }

    def _taken(self, row: Made, now: Mapping[str, tuple[str, str]]) -> Made:
        return {**row, "delivery_id": now[row["document_id"]][1], "made": filtering.made_reason(row["reasons"])}

    def _present(self, table: Table, day: dt.date) -> Iterator[list[Made]]:
        where = pc.field("partition") == day
        version = delta_log.version(table)
        for batch in arrow_dataset.batches(table, table.column_names, where, version, ROWS_A_BATCH):
            yield batch.to_pylist()

    def _silver(self, day: dt.date) -> Iterator[pa.RecordBatch]:
        silver = tables.silver(self.dataset.source)
        columns = (*self.maker.columns, "delivery_id")
        where = pc.field("partition") == day
        yield from arrow_dataset.batches(silver, columns, where, self.at_version, ROWS_A_BATCH)

    def _without(self, taken: set[str], batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if taken:
                ids = map(str, batch.column(self.maker.documents.id).to_pylist())
                batch = batch.filter(pa.array([one not in taken for one in ids], pa.bool_()))
            if batch.num_rows:
                yield batch

    def _finished(self, row: Made, day: dt.date, fingerprint: str) -> Made:
        """The row with all that the filter, the heuristics and the teacher's marks decide."""
        row["quality"] = filtering.quality(row, self.dataset.heuristics)
        row["grade"] = self.marks.get(row["content_digest"])
        reasons = filtering.reasons(row, self.dataset, row.pop("made"))
        return {
            **row,
            "kept": not reasons,
            "reasons": filtering.BETWEEN.join(reasons),
            INPUTS_FINGERPRINT: fingerprint,
            "partition": day,
        }


def _by(now: Mapping[str, tuple[str, str]], row: Made) -> str | None:
    """What decides the document of a row now; None where the source has it no more."""
    found = now.get(row["document_id"])
    return None if found is None else found[0]
