"""The tables of a source: rows as delivered, checked rows, rejected rows."""

from __future__ import annotations

from lakehouse.declaration import Column, Source
from lakehouse.tables.table import PARTITION, Table, col


def bronze(source: Source) -> Table:
    """Rows as delivered: every value as text, with its delivery and line."""
    return Table(
        layer="bronze",
        name=source.name,
        columns=(
            *(
                col(
                    column.name,
                    "string",
                    column.description or f"field {column.delivered_name}, as delivered",
                    nullable=True,
                )
                for column in source.columns
            ),
            col("extra", "string", "columns that the contract does not know, as a JSON object", nullable=True),
            col("raw", "string", "the line as it was delivered"),
            col("malformed", "string", "why the line could not be split into columns", nullable=True),
            col("line", "long", "line of the file, the header is 1"),
            col("delivery_id", "string", "which delivery"),
            col("delivered_file", "string", "which of its files, where it has several", nullable=True),
            col("ingested_at", "timestamp", "when the delivery was ingested"),
            PARTITION,
        ),
        key=("delivery_id", "delivered_file", "line"),
        partition_by=("partition",),
        # By it a delivery's files are found without opening others.
        indexed=("delivery_id",),
        description=f"{source.name} as delivered, append-only by delivery",
    )


def description_of(column: Column) -> str:
    """What readers of a table are told of a source's column: its description, or at least which field it is."""
    return column.description or f"field {column.delivered_name} of the deliveries, as {column.type}"


def silver(source: Source) -> Table:
    """Typed, contract-checked rows, one a key and partition.

    The contract alone says which columns must have a value: a table that said it too would have to be changed with it.
    """
    return Table(
        layer="silver",
        name=source.name,
        columns=(
            *(
                column.model_copy(update={"nullable": True, "description": description_of(column)})
                for column in source.columns
            ),
            col("delivery_id", "string", "which delivery the row came from"),
            col("line", "long", "which line of it"),
            PARTITION,
        ),
        key=(*source.key, "partition"),
        partition_by=("partition",),
        description=f"{source.description or source.name}: typed, checked, latest correction of each key",
    )


def rejects(source: Source) -> Table:
    """Rows that broke the contract, with every reason."""
    return Table(
        layer="silver",
        name=f"{source.name}_rejects",
        columns=(
            col("raw", "string", "the line as it was delivered"),
            col("reasons", "string", "every rule that the row broke, separated by '; '"),
            col("delivery_id", "string", "which delivery"),
            col("line", "long", "which line of it"),
            PARTITION,
        ),
        key=("delivery_id", "line"),
        partition_by=("partition",),
        description=f"rows of {source.name} that failed the contract, with the reasons",
    )


def of_source(source: Source) -> tuple[Table, ...]:
    """All tables of a source."""
    return bronze(source), silver(source), rejects(source)
