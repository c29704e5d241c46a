"""What a table's declaration says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from lakehouse.declaration import Column

Layer = Literal["bronze", "silver", "gold", "ops"]

# The column of gold tables that says what a row was built from: the fingerprint of its inputs, which ops.builds explains.
INPUTS_FINGERPRINT = "inputs_fingerprint"


@dataclass(frozen=True)
class Table:
    """One Delta table: its location and its shape.

    Attributes:
        layer: the first part of its path and of its SQL name.
        name: the second part.
        columns: all columns in order.
        key: the columns that identify a row within the table; empty when rows repeat.
        partition_by: the columns that the files are partitioned by. A write replaces whole values of them, so that two
            writers of different values never conflict.
        description: one sentence for people.
        indexed: the columns whose least and greatest value the log has for every file. Only what the platform reads from the
            log alone: Spark spent a third of a write on the statistics of columns that no reader needs.
        clustered_by: a column, also in ``indexed``, by which `maintain` sorts the files of a day that has several: a reader
            of some of its values then opens one of them.
        retention_days: how long a version can still be read after it was replaced.
        few_rows: whether `lakehouse.storage.small_tables` reads and writes it in the job's own process, and not Spark.
    """

    layer: Layer
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_by: tuple[str, ...]
    description: str
    indexed: tuple[str, ...] = ()
    clustered_by: str | None = None
    retention_days: int = 7
    few_rows: bool = False

    @property
    def full_name(self) -> str:
        """The name in SQL, such as ``gold.<use_case>_scores``."""
        return f"{self.layer}.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns in order."""
        return tuple(column.name for column in self.columns)


# The same columns are declared for every use case, and every DAG file asks for the tables of all.
@lru_cache(maxsize=4096)
def col(name: str, type_: str, description: str = "", nullable: bool = False) -> Column:
    """A column, written in one line."""
    return Column.model_validate({"name": name, "type": type_, "description": description, "nullable": nullable})


PARTITION = col("partition", "date", "the day that the row belongs to")
# Of tables with a line for all rows, and one for each slice of them.
OF_A_SLICE = (
    col("slice", "string", "column that the rows are sliced by, or 'all'"),
    col("slice_value", "string", "its value, or 'all'"),
)
