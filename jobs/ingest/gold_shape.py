"""Giving the gold tables of a use case the columns that are declared now: keys of another type, features that are no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import MigrationRefused
from lakehouse.ops import contracts
from lakehouse.storage import arrow_dataset, delta_log, table_schema, table_shape
from lakehouse.tables import Table


def changes(use_case: UseCase) -> list[str]:
    """The differences between the gold tables that there are and their declaration, in words."""
    renamed, found = _renamed(use_case), list[str]()
    for table in tables.of_use_case(use_case):
        present = delta_log.columns(table)
        if not present:
            continue
        for field in table_schema.arrow_schema(table):
            before = renamed.get(field.name, field.name)
            if field.name not in present and before in present:
                found.append(f"{table.full_name}.{before} is called {field.name} now")
            elif field.name in present and not table_schema.same(present[field.name], field.type):
                found.append(f"{table.full_name}.{field.name} is {present[field.name]}, expected {field.type}")
            elif field.name not in present and not field.nullable:
                found.append(f"{table.full_name} has no column {field.name}")
        found += [
            f"{table.full_name} has a column {name} that is declared no longer"
            for name in present
            if name not in table.column_names and name not in renamed.values()
        ]
    return found


def migrate(use_case: UseCase) -> None:
    """Rewrite the tables that differ, each in one commit; a value that can't be of its new type stops it before."""
    differing = {change.split(" ")[0] for change in changes(use_case)}
    renamed = _renamed(use_case)
    for table in tables.of_use_case(use_case):
        if any(name == table.full_name or name.startswith(f"{table.full_name}.") for name in differing):
            for _ in _rows(table, renamed):
                pass
            table_shape.rebuild(table, _rows(table, renamed))


def _rows(table: Table, renamed: Mapping[str, str]) -> Iterator[pa.Table]:
    schema = table_schema.arrow_schema(table)
    for day in sorted(delta_log.rows_by_day(table)):
        rows = arrow_dataset.read_as_it_is(table, pc.field("partition") == day)
        columns = []
        for field in schema:
            before = field.name if field.name in rows.column_names else renamed.get(field.name, field.name)
            if before not in rows.column_names:
                columns.append(pa.nulls(len(rows), field.type))
                continue
            try:
                columns.append(rows.column(before).cast(field.type))
            except pa.ArrowInvalid as error:
                raise MigrationRefused(
                    f"{table.full_name}: expected every value of {before} on {day} to be a {field.type}, found one that is "
                    f"none ({' '.join(str(error).split())[:200]}); the table keeps its rows as they are. A feature whose values "
                    "are others now is declared under another name, and needs no migration"
                ) from error
        yield pa.table(columns, schema=schema)


def _renamed(use_case: UseCase) -> dict[str, str]:
    """The former name of each key column that has a new one: both were delivered as the same field."""
    source = use_case.source(use_case.entity.source)
    former: dict[str, str] = {}
    for recorded in contracts.history(source.name):
        former |= {
            delivered: name for name, delivered in recorded.contract.fields.items() if name not in source.column_names
        }
    return {
        column.name: former[column.delivered_name]
        for column in source.columns
        if column.delivered_name in former and column.name in use_case.entity.key
    }
