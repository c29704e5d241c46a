"""The same as in one process, by Spark's workers: pieces of files are parsed, and bronze files checked, apart from one another.

A worker writes what it makes into files beside the tables' logs and gives back a line for each, so that no row travels through
Spark or the job. What files can't know of one another is which rows are duplicates: the job finds it from their keys alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.ingest import (
    bronze,
    contract_checks,
    current_rows,
    duplicate_keys,
    raw_lines,
    row_counts,
)
from jobs.ingest.lines import Layout
from jobs.ingest.row_counts import RowCounts
from lakehouse import tables
from lakehouse.declaration import Source
from lakehouse.ops import contracts
from lakehouse.ops.kept_out import KeptOut
from lakehouse.storage import commits, delta_log, stored_files, table_schema, table_shape, worker_tasks
from lakehouse.storage.day_files import DayFiles
from lakehouse.storage.partition_files import TableFiles, WrittenFile
from lakehouse.tables import Table

# Rows that a worker checks at a time.
ROWS = 100_000
# Added to the rows of a batch: their places in it.
PLACE = "_place"


@dataclass(frozen=True)
class GoodRows:
    """A written file of good rows, all of one delivery, and the delivery's place in the order of arrival."""

    file: WrittenFile
    place: duplicate_keys.Place

    @property
    def delivery_id(self) -> str:
        """Of the rows."""
        return self.place[1]

    @property
    def partition(self) -> dt.date:
        """The day of the rows."""
        return dt.date.fromisoformat(str(self.file.values["partition"]))


def parse_by_spark(
    source: Source, layout: Layout, items: list[bronze.DeliveredPiece], erased: KeptOut
) -> list[WrittenFile]:
    """Parse the pieces and write their rows to files of the bronze table, which count when they are committed."""
    made, schema = TableFiles.of(tables.bronze(source)), table_schema.arrow_schema(tables.bronze(source))

    def parse(number: int) -> Iterator[WrittenFile]:
        files = made()
        for rows in bronze.rows(items[number], schema, layout, erased):
            yield from files.write(rows)
        yield from files.close()

    return list(worker_tasks.run(f"ingest {source.name}", len(items), parse))


class ManyRows:
    """Checked rows in files beside the silver table and the rejects."""

    def __init__(self, source: Source, zone: ZoneInfo, days: Collection[dt.date], counted: Collection[str]) -> None:
        """Check them in Spark's workers."""
        self._source = source
        for table in (tables.silver(source), tables.rejects(source)):
            table_shape.ensure(table)
        self.counts: dict[str, RowCounts] = {}
        self._good: list[GoodRows] = []
        self._rejects: list[WrittenFile] = []
        by_day = DayFiles.of(tables.bronze(source), days).by_day
        files = [(file.path, day) for day, found in by_day.items() for file in found]
        tasks = worker_tasks.for_rows(sum(file.rows for found in by_day.values() for file in found), len(files))
        check = _checker(source, zone, files, frozenset(counted))
        for found in worker_tasks.run(f"ingest {source.name}", len(files), check, tasks):
            if isinstance(found, GoodRows):
                self._good.append(found)
            elif isinstance(found, WrittenFile):
                self._rejects.append(found)
            else:
                for identity, counts in found.items():
                    self.counts.setdefault(identity, RowCounts()).add(counts)
        self._drop_duplicates()

    def write(self, days: Collection[dt.date]) -> None:
        """Replace silver and the rejects of these days with the files."""
        good = [one.file for one in self._good if one.partition in days]
        commits.replace_by_files(good, tables.silver(self._source), {"partition": days})
        texts = {day.isoformat() for day in days}
        rejects = [file for file in self._rejects if file.values["partition"] in texts]
        commits.replace_by_files(rejects, tables.rejects(self._source), {"partition": days})

    def _drop_duplicates(self) -> None:
        silver = tables.silver(self._source)
        files = self._good
        names = [*self._source.key, "line"]
        keys = [partial(_columns, silver, one.file, names) for one in files]
        found = duplicate_keys.find(keys, [(one.partition, one.place) for one in files], self._source.key)
        for number, rows in found.superseded.items():
            self.counts[files[number].delivery_id].duplicates += rows
        gone = dict(found.gone)
        if self._source.delivers == "snapshot":
            last = {
                day: max(one.place for one in files if one.partition == day) for day in {f.partition for f in files}
            }
            kept = [number for number, one in enumerate(files) if one.place[:2] == last[one.partition][:2]]
        else:
            kept = list(range(len(files)))
        changed = [number for number in kept if number in gone]
        rewritten = _without(silver, [files[number] for number in changed], [gone[number] for number in changed])
        self._good = [files[number] for number in kept if number not in gone] + rewritten


def _checker(
    source: Source, zone: ZoneInfo, files: list[tuple[str, dt.date]], counted: frozenset[str]
) -> Callable[[int], Iterator[Any]]:
    location, columns = delta_log.location(tables.bronze(source)), table_schema.arrow_schema(tables.bronze(source))
    made_good, made_rejects = TableFiles.of(tables.silver(source)), TableFiles.of(tables.rejects(source))
    silver_names, since = list(tables.silver(source).column_names), contracts.declared_since(source)

    def check(number: int) -> Iterator[Any]:
        path, day = files[number]
        good: dict[duplicate_keys.Place, TableFiles] = {}
        rejects, counts = made_rejects(), dict[str, RowCounts]()
        delivered = stored_files.opened(location, path)
        # The lines as they were delivered are half of the bytes, and only those of rejects are needed.
        names = [name for name in delivered.schema_arrow.names if name != "raw"]
        raw = raw_lines.RawLines(delivered, ROWS)
        for number_of_batch, batch in enumerate(delivered.iter_batches(ROWS, columns=names)):
            rows = stored_files.with_columns(batch, columns, {"partition": day})
            rows = rows.append_column(PLACE, pa.array(np.arange(len(rows))))
            rows = rows.filter(pc.is_in(rows.column("delivery_id"), value_set=pa.array(sorted(counted))))
            if not len(rows):
                continue
            checked = contract_checks.check(rows, source, zone, since)
            for identity, some in row_counts.count(checked, rows.column("extra")).items():
                counts.setdefault(identity, RowCounts()).add(some)
            rejected = checked.append_column(PLACE, rows.column(PLACE)).filter(
                pc.is_valid(checked.column(contract_checks.REASONS))
            )
            if len(rejected):
                lines = raw.of(number_of_batch).take(rejected.column(PLACE).combine_chunks())
                rejected = rejected.set_column(rejected.column_names.index("raw"), "raw", lines)
                yield from rejects.write(current_rows.reject_rows(rejected, source))
            kept = checked.filter(pc.is_null(checked.column(contract_checks.REASONS)))
            for place, part in _by_place(kept):
                files_of_place = good.setdefault(place, made_good())
                for file in files_of_place.write(part.select(silver_names)):
                    yield GoodRows(file, place)
        for place, files_of_place in good.items():
            for file in files_of_place.close():
                yield GoodRows(file, place)
        yield from rejects.close()
        yield counts

    return check


def _by_place(rows: pa.Table) -> Iterator[tuple[duplicate_keys.Place, pa.Table]]:
    """The rows of each delivery's file, by the delivery's place in the order of arrival."""
    names = list(current_rows.ORDER[:-1])
    places = rows.select(names).group_by(names).aggregate([]).to_pylist()
    for place in places:
        key = (place["ingested_at"], place["delivery_id"], place["delivered_file"] or "")
        if len(places) == 1:
            yield key, rows
            continue
        same = pc.equal(rows.column("delivery_id"), place["delivery_id"])
        files = pc.fill_null(rows.column("delivered_file"), "")
        yield key, rows.filter(pc.and_(same, pc.equal(files, place["delivered_file"] or "")))


def _without(table: Table, files: list[GoodRows], gone: list[np.ndarray]) -> list[GoodRows]:
    """The files without some of their rows, written again."""
    location, columns, made = delta_log.location(table), table_schema.arrow_schema(table), TableFiles.of(table)

    def rewrite(number: int) -> Iterator[GoodRows]:
        one, out = files[number], made()
        rows = stored_files.opened(location, one.file.path).read()
        kept = np.ones(len(rows), dtype=bool)
        kept[gone[number]] = False
        for file in out.write(
            stored_files.with_columns(rows.filter(pa.array(kept)), columns, {"partition": one.partition})
        ):
            yield GoodRows(file, one.place)
        for file in out.close():
            yield GoodRows(file, one.place)

    return list(worker_tasks.run(f"ingest {table.name}", len(files), rewrite))


def _columns(table: Table, file: WrittenFile, names: list[str]) -> Iterator[pa.RecordBatch]:
    yield from stored_files.opened(delta_log.location(table), file.path).iter_batches(ROWS, columns=names)
