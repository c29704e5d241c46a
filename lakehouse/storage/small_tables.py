"""Reading tables of a few rows without Spark: the ledger, the models' events, a day's metrics and verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow.compute as pc

from lakehouse.storage import arrow_dataset
from lakehouse.tables import Table

Row = Mapping[str, Any]


def read(table: Table, where: pc.Expression | None = None) -> list[dict[str, Any]]:
    """The rows that satisfy ``where``, ordered by the table's key; none when the table does not exist."""
    return ordered(table, arrow_dataset.read(table, where).to_pylist())


def ordered(table: Table, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows in the order of the table's key."""
    return sorted((dict(row) for row in rows), key=lambda row: tuple(row[name] for name in table.key))
