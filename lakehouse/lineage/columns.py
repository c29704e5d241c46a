"""Where the columns of a table come from, and which of them nobody can say it of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

# As OpenLineage calls them: the value itself, made of it, or by it which rows there are.
How = Literal["IDENTITY", "TRANSFORMATION", "AGGREGATION", "FILTER", "JOIN"]


@dataclass(frozen=True, order=True)
class Origin:
    """A column that another one, or the choice of rows, is made from.

    Attributes:
        table: such as ``silver.<source>``; ``landing.<source>`` are the deliveries.
        column: its name there.
        how: what is done with it.
        words: the same for people; may be empty.
        by_model: whether a model makes it, of those of such columns that its version reads.
    """

    table: str
    column: str
    how: How = "IDENTITY"
    words: str = ""
    by_model: bool = False


@dataclass(frozen=True)
class ColumnOrigins:
    """The origins of a table's columns.

    Attributes:
        columns: by column what its values are made from.
        rows: what decides which rows there are.
        unknown: by column why its origins can't be known. Columns that the platform itself fills are in neither.
        tables: the tables that rows are made from, also where no column can be named.
    """

    columns: Mapping[str, tuple[Origin, ...]] = field(default_factory=dict)
    rows: tuple[Origin, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    tables: tuple[str, ...] = ()

    @property
    def upstream(self) -> tuple[str, ...]:
        """Every table that is named, sorted."""
        named = {one.table for origins in self.columns.values() for one in origins}
        return tuple(sorted(named | {one.table for one in self.rows} | set(self.tables)))


def same(table: str, names: Iterable[str]) -> dict[str, tuple[Origin, ...]]:
    """The columns of these names as they are in another table."""
    return {name: (Origin(table, name),) for name in names}
