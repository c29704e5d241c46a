"""The same as in one process, by Spark's workers: pieces of files are parsed, and bronze files checked, apart from one another.

A worker writes what it makes into files beside the tables' logs and gives back a line for each, so that no row travels through
Spark or the job. What files can't know of one another is which rows are duplicates: the job finds it from their keys alone.
"""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from pyarrow import fs, parquet

from jobs.ingest import bronze, contract_checks, current_rows, duplicate_keys, row_counts
from jobs.ingest.lines import Layout
from jobs.ingest.row_counts import RowCounts
from lakehouse import tables
from lakehouse.declaration import Source
from lakehouse.ops import contracts
from lakehouse.storage import commits, delta_log, spark_session, table_schema
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
    place: tuple[Any, ...]

    @property
    def delivery_id(self) -> str:
        """Of the rows."""
        return str(self.place[1])

    @property
    def partition(self) -> dt.date:
        """The day of the rows."""
        return dt.date.fromisoformat(str(self.file.values["partition"]))


def parse_by_spark(source: Source, layout: Layout, items: list[bronze.DeliveredPiece]) -> list[WrittenFile]:
    """Parse the pieces and write their rows to files of the bronze table, which count when they are committed."""
    made, schema = TableFiles.of(tables.bronze(source)), table_schema.arrow_schema(tables.bronze(source))

    def parse(number: int) -> Iterator[WrittenFile]:
        files = made()
        for rows in bronze.rows(items[number], schema, layout):
            yield from files.write(rows)
        yield from files.close()

    return list(_in_workers(f"ingest {source.name}", len(items), parse))


class ManyRows:
    """Checked rows in files beside the silver table and the rejects."""

    def __init__(self, source: Source, zone: ZoneInfo, days: Collection[dt.date], counted: Collection[str]) -> None:
        """Check them in Spark's workers."""
        self._source = source
        for table in (tables.silver(source), tables.rejects(source)):
            commits.ensure(table)
        self.counts: dict[str, RowCounts] = {}
        self._good: list[GoodRows] = []
        self._rejects: list[WrittenFile] = []
        files = _files(tables.bronze(source), days)
        check = _checker(source, zone, files, frozenset(counted))
        for found in _in_workers(f"ingest {source.name}", len(files), check):
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
        files = sorted(self._good, key=lambda one: tuple(map(str, one.place)))
        keys = [_key_columns(silver, one.file, (*self._source.key, "line")) for one in files]
        found = duplicate_keys.find(keys, [(one.partition, one.delivery_id) for one in files], self._source.key)
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
        good: dict[tuple[Any, ...], TableFiles] = {}
        rejects, counts = made_rejects(), dict[str, RowCounts]()
        delivered = _opened(location, path)
        # The lines as they were delivered are half of the bytes, and only those of rejects are needed.
        names, raw = [name for name in delivered.schema_arrow.names if name != "raw"], _Raw(delivered)
        for number_of_batch, batch in enumerate(delivered.iter_batches(ROWS, columns=names)):
            rows = _with_columns(batch, columns, day)
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


class _Raw:
    """The lines of a bronze file, batch by batch, read from where they are first asked for."""

    def __init__(self, file: parquet.ParquetFile) -> None:
        self._file = file
        self._batches: Iterator[tuple[int, pa.RecordBatch]] | None = None

    def of(self, number: int) -> pa.Array:
        """The lines of a batch; asked for in order."""
        if self._batches is None:
            self._batches = enumerate(self._file.iter_batches(ROWS, columns=["raw"]))
        return next(batch.column("raw") for found, batch in self._batches if found == number)


def _by_place(rows: pa.Table) -> Iterator[tuple[tuple[Any, ...], pa.Table]]:
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
        rows = _opened(location, one.file.path).read()
        kept = np.ones(len(rows), dtype=bool)
        kept[gone[number]] = False
        for file in out.write(_with_columns(rows.filter(pa.array(kept)), columns, one.partition)):
            yield GoodRows(file, one.place)
        for file in out.close():
            yield GoodRows(file, one.place)

    return list(_in_workers(f"ingest {table.name}", len(files), rewrite))


def _in_workers(application: str, count: int, work: Callable[[int], Iterable[Any]]) -> Iterator[Any]:
    """What ``work`` gives for each number below ``count``, each in a task of its own, in any order."""
    if not count:
        return

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column("id").to_pylist():
                for made in work(number):
                    yield pa.RecordBatch.from_pydict({"made": pa.array([pickle.dumps(made)], pa.binary())})

    session = spark_session.session(application)
    found = session.range(0, count, 1, count).mapInArrow(run, "made binary").toArrow()
    # Ours, from our own workers.
    yield from (pickle.loads(made) for made in found.column("made").to_pylist())


def _files(table: Table, days: Collection[dt.date]) -> list[tuple[str, dt.date]]:
    """The table's files of these days, by their path in the log, and the day of each."""
    actions = pa.table(DeltaTable(delta_log.location(table)).get_add_actions(flatten=True)).to_pylist()
    return [(one["path"], one["partition.partition"]) for one in actions if one["partition.partition"] in days]


def _key_columns(table: Table, file: WrittenFile, names: Iterable[str]) -> pa.Table:
    return _opened(delta_log.location(table), file.path).read(columns=list(names))


def _opened(location: str, path: str) -> parquet.ParquetFile:
    filesystem, root = fs.FileSystem.from_uri(location) if "://" in location else (fs.LocalFileSystem(), location)
    return parquet.ParquetFile(f"{root}/{unquote(path)}", filesystem=filesystem)


def _with_columns(rows: pa.RecordBatch | pa.Table, columns: pa.Schema, day: dt.date) -> pa.Table:
    """The rows with the day and with every declared column; null where the file is older than the column."""
    found: Mapping[str, Any] = {name: rows.column(name) for name in rows.schema.names}
    return pa.table(
        [
            pa.repeat(pa.scalar(day), len(rows))
            if field.name == "partition"
            else found[field.name].cast(field.type)
            if field.name in found
            else pa.nulls(len(rows), field.type)
            for field in columns
        ],
        schema=columns,
    )
