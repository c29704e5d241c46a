"""Which rows of many files have a key that comes again later."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

# When a delivery arrived, its id, and which of its files; empty where it has one.
Place = tuple[dt.datetime, str, str]

# What DuckDB may hold in memory; more is sorted on the disk.
MEMORY = "1GB"


@dataclass(frozen=True)
class Duplicates:
    """Rows that are not the last of their key.

    Attributes:
        gone: by the number of a file the places of its rows whose key comes again on the same day.
        superseded: by the number of a file how many of its rows have a key that comes again in the same delivery.
    """

    gone: dict[int, np.ndarray]
    superseded: dict[int, int]


# The key columns and ``line`` of a file's rows, some at a time; read once, and where keys come again once more.
Rows = Callable[[], Iterable[pa.RecordBatch]]


def find(files: Sequence[Rows], of: Sequence[tuple[dt.date, Place]], key: Sequence[str]) -> Duplicates:
    """Find them. However many rows there are, no more than some of them are in memory.

    Args:
        files: the rows of each file, in the same order whenever they are read.
        of: the day of each file, and its place in the order of arrival. Files of one place are pieces of one delivered file, whose
            lines alone tell which row comes later.
        key: names of the key columns.
    """
    if not files:
        return Duplicates({}, {})
    columns = ", ".join(f'"{name}"' for name in ("_day", *key))
    numbered = _Numbered(files, of, key)
    with (
        tempfile.TemporaryDirectory(prefix="nightjar-rows-") as folder,
        duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": folder}) as connection,
    ):
        # A bar on the standard output is for terminals.
        connection.execute("SET enable_progress_bar = false")
        connection.register("delivered", numbered.rows())
        # Most deliveries repeat no key, and to see that is a tenth of the work.
        repeated = f"SELECT {columns} FROM delivered GROUP BY {columns} HAVING count(*) > 1"
        connection.sql(repeated).create("repeated")
        if connection.execute("SELECT count(*) FROM repeated").fetchall() == [(0,)]:
            return Duplicates({}, {})
        connection.unregister("delivered")
        connection.register("delivered", numbered.rows())
        found: pa.Table = connection.sql(
            f"""
            SELECT _file, _place,
                row_number() OVER (PARTITION BY {columns} ORDER BY _rank DESC, line DESC) > 1 AS gone,
                row_number() OVER (PARTITION BY _delivery, {columns} ORDER BY _rank DESC, line DESC) > 1 AS superseded
            FROM delivered SEMI JOIN repeated USING ({columns})
            """
        ).to_arrow_table()
    gone: dict[int, np.ndarray] = {}
    superseded: dict[int, int] = {}
    file, place = found.column("_file").to_numpy(), found.column("_place").to_numpy()
    for number in np.unique(file):
        of_file = file == number
        if (places_gone := place[of_file & found.column("gone").to_numpy()]).size:
            gone[int(number)] = np.sort(places_gone)
        if count := int((of_file & found.column("superseded").to_numpy()).sum()):
            superseded[int(number)] = count
    return Duplicates(gone, superseded)


class _Numbered:
    """The rows of all files with their file's number, their place in it, and what tells which row comes later."""

    def __init__(self, files: Sequence[Rows], of: Sequence[tuple[dt.date, Place]], key: Sequence[str]) -> None:
        days = {day: number for number, day in enumerate(sorted({day for day, _ in of}))}
        ranks = {place: number for number, place in enumerate(sorted({place for _, place in of}))}
        deliveries = {name: number for number, name in enumerate(sorted({place[1] for place in ranks}))}
        self._files, self._names = files, [*key, "line"]
        self._of = [(number, days[day], ranks[place], deliveries[place[1]]) for number, (day, place) in enumerate(of)]

    def rows(self) -> pa.RecordBatchReader:
        """All of them, to be read once."""
        batches = self._batches()
        first = next(batches)
        return pa.RecordBatchReader.from_batches(first.schema, itertools.chain([first], batches))

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for rows, numbers in zip(self._files, self._of, strict=True):
            place = 0
            for batch in rows():
                end = place + batch.num_rows
                added = {"_place": pa.array(np.arange(place, end, dtype=np.int64))}
                for name, number in zip(("_file", "_day", "_rank", "_delivery"), numbers, strict=True):
                    added[name] = pa.repeat(pa.scalar(number, pa.int32()), batch.num_rows)
                place = end
                yield pa.record_batch({**{name: batch.column(name) for name in self._names}, **added})
