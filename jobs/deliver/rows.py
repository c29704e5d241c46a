"""The rows of a day that a target gets, in the order of the entity's key, in batches of bounded memory; and their checksum."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import Column, Target, UseCase
from lakehouse.models import registry
from lakehouse.storage import arrow_dataset, delta_log, table_schema

Row = Mapping[str, Any]

BATCH_ROWS = 10_000
# Of the sort; what exceeds it goes to the disk.
MEMORY = "256MB"


def columns(use_case: UseCase, target: Target) -> tuple[Column, ...]:
    """The delivered columns in order, typed as in the scores."""
    known = {column.name: column for column in tables.scores(use_case).columns}
    return tuple(known[name] for name in use_case.delivered_columns(target))


def schema(use_case: UseCase, target: Target) -> pa.Schema:
    """The delivered columns with Arrow's types."""
    declared = table_schema.arrow_schema(tables.scores(use_case))
    return pa.schema([declared.field(name) for name in use_case.delivered_columns(target)])


def batches(use_case: UseCase, target: Target, day: dt.date, version: int) -> Iterator[pa.RecordBatch]:
    """The day's rows of the scores at that version, ordered by the entity's key."""
    expected = schema(use_case, target)
    table = tables.scores(use_case)
    names = list(dict.fromkeys([*expected.names, "model_version"]))
    found = arrow_dataset.batches(table, names, _wanted(table, target, day, version), version)
    order = ", ".join(f'"{name}"' for name in use_case.entity.key)
    with (
        tempfile.TemporaryDirectory(prefix="nightjar-sort-") as folder,
        duckdb.connect(config={"memory_limit": MEMORY, "threads": 1, "temp_directory": folder}) as sorting,
    ):
        # A bar on the standard output is for terminals.
        sorting.execute("SET enable_progress_bar = false")
        sorting.register("scores", found)
        for batch in sorting.sql(f"SELECT * FROM scores ORDER BY {order}").to_arrow_reader(BATCH_ROWS):
            # The sort returns instants in its own time zone.
            yield pa.RecordBatch.from_arrays(
                [batch.column(name).cast(found.schema.field(name).type) for name in names], schema=found.schema
            )


def _wanted(table: tables.Table, target: Target, day: dt.date, version: int) -> pc.Expression:
    condition = pc.field("partition") == day
    present = delta_log.column_names(table, version)
    if target.sent_to is not None:
        # Of the row that would have decided, whatever its role.
        return condition & (pc.field("sent_to") == target.sent_to if "sent_to" in present else pc.scalar(False))
    if "withheld" in present and "withheld" in table.column_names:
        # A rule blocks these, or a person decides; null in rows from before there were rules.
        condition &= ~pc.coalesce(pc.field("withheld"), pc.scalar(False))
    if target.rows == "champion" or "decides" not in present:
        condition &= pc.field("role") == registry.CHAMPION
    else:
        # Null before it was recorded whose decision counted, when the champion's did.
        unrecorded = pc.field("decides").is_null() & (pc.field("role") == registry.CHAMPION)
        condition &= pc.field("decides") | unrecorded
    return condition & pc.field("decision") if target.only_decided else condition


class Checksum:
    """The checksum of rows in any order: the sum of the SHA-256 of each row, written as one JSON list, modulo 2**256."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, values: Iterable[Any]) -> None:
        """Add a row, its values in the order of the delivered columns."""
        text = json.dumps([_plain(value) for value in values], ensure_ascii=False, separators=(",", ":"))
        self._sum += int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
        self.rows += 1

    @property
    def text(self) -> str:
        """The checksum so far, as 64 hexadecimal digits."""
        return f"{self._sum % (1 << 256):064x}"


def _plain(value: Any) -> Any:
    """Dates and instants as ISO text, instants in UTC to the microsecond; other values as JSON writes them."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, dt.date) else value
