"""Reading tables of a few rows without Spark: the ledger, the models' events, a day's metrics and verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow.compute as pc
from deltalake import DeltaTable

from lakehouse.storage import arrow_dataset, delta_log
from lakehouse.tables import Table

Row = Mapping[str, Any]


def read(table: Table, where: pc.Expression | None = None) -> list[dict[str, Any]]:
    """The rows that satisfy ``where``, ordered by the table's key; none when the table does not exist."""
    if not delta_log.exists(table):
        return []
    location = delta_log.location(table)
    dataset = arrow_dataset.open_dataset(DeltaTable(location), location)
    return ordered(table, dataset.to_table(columns=list(table.column_names), filter=where).to_pylist())


def ordered(table: Table, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows in the order of the table's key."""
    return sorted((dict(row) for row in rows), key=lambda row: tuple(row[name] for name in table.key))
