"""Where the columns of a source's tables come from: all of it is declared."""

from __future__ import annotations

from lakehouse import tables
from lakehouse.declaration import Source
from lakehouse.lineage.columns import ColumnOrigins, Origin, same
from lakehouse.row_rules import evaluation
from lakehouse.tables import Table

# What the platform notes about each row, with the deliveries.
_FOLLOWED = ("delivery_id", "line", "partition")


def landing(source: Source) -> str:
    """The name of the deliveries among tables."""
    return f"landing.{source.name}"


def bronze(source: Source) -> ColumnOrigins:
    """Each column is a field of the deliveries."""
    place = landing(source)
    fields = {column.name: (Origin(place, column.delivered_name),) for column in source.columns}
    return ColumnOrigins(columns=fields, tables=(place,))


def silver(source: Source) -> ColumnOrigins:
    """Each column is bronze's, typed; rules of columns and rows decide which rows there are."""
    place = tables.bronze(source).full_name
    typed = {
        column.name: (Origin(place, column.name, "TRANSFORMATION", f"read as {column.type}"),)
        for column in source.columns
    }
    rules = [
        Origin(place, name, "FILTER", f"row rule {rule.name}: {rule.expression}")
        for rule in source.row_rules
        for name in sorted(evaluation.columns_of(rule.expression, source.column_types))
    ]
    limits = [
        Origin(place, column.name, "FILTER", "contract of the column")
        for column in source.columns
        if not column.nullable or any(value is not None for value in _limits(column))
    ]
    return ColumnOrigins(columns={**typed, **same(place, _FOLLOWED)}, rows=tuple(limits + rules), tables=(place,))


def rejects(source: Source) -> ColumnOrigins:
    """The raw rows that silver left out."""
    place = tables.bronze(source).full_name
    return ColumnOrigins(columns=same(place, ("raw", *_FOLLOWED)), rows=silver(source).rows, tables=(place,))


def of_source(source: Source) -> list[tuple[Table, ColumnOrigins]]:
    """All tables of a source, each with its origins."""
    made = (bronze(source), silver(source), rejects(source))
    return list(zip(tables.of_source(source), made, strict=True))


def _limits(column: object) -> tuple[object, ...]:
    return tuple(getattr(column, name) for name in ("minimum", "maximum", "allowed", "pattern"))
