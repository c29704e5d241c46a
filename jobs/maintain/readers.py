"""Whether delta-rs and DuckDB, the promised readers of gold, can read a table."""

from __future__ import annotations

import duckdb
from deltalake.exceptions import DeltaError

from lakehouse.storage import arrow_dataset, delta_log
from lakehouse.tables import Table


def unreadable(table: Table) -> str | None:
    """Why delta-rs or DuckDB can't read the table, or reads another number of rows than its log has; None when they can."""
    try:
        opened = delta_log.open_anew(delta_log.location(table))
        dataset = arrow_dataset.open_dataset(opened, delta_log.location(table))
        with duckdb.connect() as connection:
            counted = connection.from_arrow(dataset).aggregate("count(*)").fetchall()[0][0]
    except (DeltaError, duckdb.Error, OSError, ValueError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    actions = opened.get_add_actions(flatten=True)
    logged = sum(actions.column("num_records").to_pylist())
    return None if counted == logged else f"expected {logged} rows, DuckDB found {counted}"
