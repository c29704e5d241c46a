"""A table's declaration as Arrow's schema and Delta's properties."""

from __future__ import annotations

import pyarrow as pa

from lakehouse.tables import Table

TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "long": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}

# Gold must be readable by delta-rs and DuckDB, which know neither deletion vectors nor type widening; the other layers
# keep to the same so that an analyst can read them all.
PROPERTIES = {
    "delta.enableDeletionVectors": "false",
    "delta.enableTypeWidening": "false",
}


def arrow_schema(table: Table) -> pa.Schema:
    """The table's columns with Arrow's types."""
    return pa.schema(
        [
            pa.field(column.name, TYPES[column.type], column.nullable, metadata={"comment": column.description})
            for column in table.columns
        ]
    )


def undescribed(rows: pa.Table) -> pa.Table:
    """The rows without their columns' descriptions.

    A table keeps those that it was created with, and delta-rs refuses rows that bring others: a text for people must stop no write.
    """
    return rows.cast(pa.schema([field.remove_metadata() for field in rows.schema]))


def properties(table: Table) -> dict[str, str]:
    """Delta's settings for the table."""
    every_20 = {**PROPERTIES, "delta.checkpointInterval": "20"}
    # Without a list Delta would keep statistics of the first 32 columns.
    if not table.indexed:
        return every_20 | {"delta.dataSkippingNumIndexedCols": "0"}
    return every_20 | {"delta.dataSkippingStatsColumns": ",".join(table.indexed)}


def same(one: pa.DataType, other: pa.DataType) -> bool:
    """Whether two types hold the same values: long texts and others are texts alike."""
    return str(one).removeprefix("large_") == str(other).removeprefix("large_")
