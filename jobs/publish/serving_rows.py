"""What gold serves of a feature group: the newest row of each key that is not too old on the newest built day.

So the serving table has for each key what the point-in-time join gives a row of that day. Sorting and choosing is DuckDB's, in
memory that is bounded: what exceeds it goes to the disk.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import duckdb
import pyarrow as pa

from lakehouse import fingerprints, tables
from lakehouse.arrivals import group_days
from lakehouse.declaration import FeatureGroup
from lakehouse.errors import FeaturesMissing
from lakehouse.storage import arrow_dataset, delta_log, table_schema

BATCH_ROWS = 10_000
MEMORY = "256MB"


@dataclass(frozen=True)
class ServingRows:
    """The rows to serve, at one version of the group's table.

    Attributes:
        group: whose.
        version: Delta version of its table.
        day: the newest built day.
        days: the days of which a row is not too old on that day.
        fingerprint: of these days' files, the served columns and the code: equal ones are equal rows.
    """

    group: FeatureGroup
    version: int
    day: dt.date
    days: tuple[dt.date, ...]
    fingerprint: str

    @classmethod
    def now(cls, group: FeatureGroup, code: int) -> ServingRows:
        """At the newest version.

        Raises:
            FeaturesMissing: when no day is built yet.
        """
        table = tables.group(group)
        version = delta_log.version(table)
        built = {} if version < 0 else group_days.built(table, version)
        if not built:
            raise FeaturesMissing(
                f"{table.full_name}: expected a day that is built, found none; build one first: python -m jobs group --group "
                f"{group.name} --version {group.version} --partition YYYY-MM-DD"
            )
        day = max(built)
        oldest = day - dt.timedelta(days=group.ttl_days)
        # Files and not fingerprints: a day that is built again from the same has other instants in known_at.
        files = delta_log.files_by_day(table, version)
        days = tuple(sorted(one for one in files if oldest <= one <= day))
        columns = [f"{column.name} {column.type}" for column in tables.served_columns(group)]
        parts = [*(name for one in days for name in files[one]), str(day), str(group.ttl_days), *columns, str(code)]
        return cls(group, version, day, days, fingerprints.digest(*parts))

    @cached_property
    def count(self) -> int:
        """How many keys there are."""
        keys = ", ".join(f'"{name}"' for name in self.group.key_names)
        with self._rows() as (connection, _):
            found = connection.sql(f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM rows)").fetchall()
        return int(found[0][0])

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows in the order of the key, some at a time."""
        keys = ", ".join(f'"{name}"' for name in self.group.key_names)
        yield from self._select(f"SELECT * FROM newest ORDER BY {keys}")

    def sample(self, keys: int) -> pa.Table:
        """The rows of so many keys, or of all when there are fewer: other ones each day, and the same ones on one day."""
        names = ", ".join(f'"{name}"' for name in self.group.key_names)
        drawn = f"SELECT * FROM newest ORDER BY hash({names}, '{self.day}'), {names} LIMIT {keys}"
        return pa.Table.from_batches(list(self._select(drawn)), self._schema)

    @property
    def _schema(self) -> pa.Schema:
        whole = table_schema.arrow_schema(tables.group_serving(self.group))
        return pa.schema([field.remove_metadata() for field in whole])

    def _select(self, query: str) -> Iterator[pa.RecordBatch]:
        with self._rows() as (connection, keys):
            newest = f'SELECT * FROM rows QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY "partition" DESC) = 1'
            for batch in connection.sql(f"WITH newest AS ({newest}) {query}").to_arrow_reader(BATCH_ROWS):
                # Instants come back in DuckDB's own time zone.
                columns = [batch.column(field.name).cast(field.type) for field in self._schema]
                yield pa.RecordBatch.from_arrays(columns, schema=self._schema)

    @contextmanager
    def _rows(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
        """A DuckDB that knows the days' rows as ``rows``, and the columns of the key."""
        where = arrow_dataset.among("partition", self.days)
        found = arrow_dataset.batches(tables.group(self.group), self._schema.names, where, self.version)
        with (
            tempfile.TemporaryDirectory(prefix="nightjar-sort-") as folder,
            duckdb.connect(config={"memory_limit": MEMORY, "threads": 1, "temp_directory": folder}) as connection,
        ):
            # A bar on the standard output is for terminals.
            connection.execute("SET enable_progress_bar = false")
            connection.register("rows", found)
            yield connection, ", ".join(f'"{name}"' for name in self.group.key_names)
