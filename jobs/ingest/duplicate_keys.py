"""Which rows of many files have a key that comes again later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from lakehouse.storage import sql_quoting

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


def find(files: Sequence[pa.Table], of: Sequence[tuple[dt.date, Place]], key: Iterable[str]) -> Duplicates:
    """Find them.

    Args:
        files: the key columns and ``line`` of each file's rows, in any order.
        of: the day of each file, and its place in the order of arrival. Files of one place are pieces of one delivered file, whose
            lines alone tell which row comes later.
        key: names of the key columns.
    """
    if not files:
        return Duplicates({}, {})
    sizes = [len(file) for file in files]
    numbers = np.repeat(np.arange(len(files), dtype=np.int32), sizes)
    places = np.concatenate([np.arange(size, dtype=np.int64) for size in sizes])
    days = {day: number for number, day in enumerate(sorted({day for day, _ in of}))}
    ranks = {place: number for number, place in enumerate(sorted({place for _, place in of}))}
    deliveries = {name: number for number, name in enumerate(sorted({place[1] for place in ranks}))}
    rows = pa.concat_tables(files)
    for name, values in (
        ("_file", numbers),
        ("_place", places),
        ("_day", np.array([days[day] for day, _ in of], dtype=np.int32)[numbers]),
        ("_rank", np.array([ranks[place] for _, place in of], dtype=np.int32)[numbers]),
        ("_delivery", np.array([deliveries[place[1]] for _, place in of], dtype=np.int32)[numbers]),
    ):
        rows = rows.append_column(name, pa.array(values))
    columns = ", ".join(f'"{name}"' for name in ("_day", *key))
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = {sql_quoting.literal(MEMORY)}")
        connection.register("delivered", rows)
        # Most deliveries repeat no key, and to see that is a tenth of the work.
        keys = f"SELECT {columns} FROM delivered GROUP BY {columns} HAVING count(*) > 1"
        found: pa.Table = connection.sql(
            f"""
            SELECT _file, _place,
                row_number() OVER (PARTITION BY {columns} ORDER BY _rank DESC, line DESC) > 1 AS gone,
                row_number() OVER (PARTITION BY _delivery, {columns} ORDER BY _rank DESC, line DESC) > 1 AS superseded
            FROM delivered SEMI JOIN ({keys}) AS repeated USING ({columns})
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
