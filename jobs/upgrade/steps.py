"""The steps from the tables as they are to the tables as this release declares them: each is one commit, in words and as a call.

They are found by looking, not by a list of what was done: a run that was killed goes on where it stopped, and where nothing is to
be done it finds none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

import pyarrow as pa
import pyarrow.compute as pc

from jobs.upgrade.changes import Renamed
from lakehouse.lineage import declared
from lakehouse.lineage.declared import DeclaredTable
from lakehouse.storage import arrow_dataset, delta_log, table_schema, table_shape
from lakehouse.tables import Table


@dataclass(frozen=True)
class Step:
    """One commit: the table's full name, what it does in words, and the call that makes it."""

    table: str
    words: str
    run: Callable[[], object]


@dataclass(frozen=True)
class Plan:
    """The steps in order, and what no upgrade can do: a command for each."""

    steps: tuple[Step, ...]
    left: tuple[str, ...]


def plan(renamed: Iterable[Renamed] = ()) -> Plan:
    """Look at every declared table."""
    all_declared, steps, left = declared.load().tables, list[Step](), list[str]()
    for one in all_declared.values():
        if not delta_log.exists(one.table):
            if one.kind == declared.PLATFORM:
                steps.append(Step(one.table.full_name, "create it, empty", _call(table_shape.create, one.table)))
            continue
        of_table = [each for each in renamed if fnmatchcase(one.table.full_name, each.table)]
        steps += _steps(one.table, of_table)
        left += _left(one, {each.now for each in of_table})
    return Plan(tuple(steps), tuple(left))


def _steps(table: Table, renamed: list[Renamed]) -> Iterator[Step]:
    present, name = delta_log.columns(table), table.full_name
    moved = [one for one in renamed if one.before in present and one.now not in present]
    if moved:
        words = ", ".join(f"{one.before} is called {one.now} now" for one in moved)
        yield Step(name, words, _call(_rename, table, tuple(moved)))
        # Rebuilt, it has all else that is declared.
        return
    schema = table_schema.arrow_schema(table)
    new = [field.name for field in schema if field.name not in present and field.nullable]
    if new and not _wrong(table):
        yield Step(name, f"add {', '.join(new)}, null in the rows that are there", _call(table_shape.ensure, table))
    opened = delta_log.opened(table)
    metadata = opened.metadata()
    if metadata.description != table.description:
        yield Step(name, "describe the table", _call(table_shape.describe, table))
    comments = {field.name: field.metadata.get("comment", "") for field in opened.schema().fields}
    for column in table.columns:
        if column.name in comments and comments[column.name] != column.description:
            yield Step(name, f"describe {column.name}", _call(table_shape.comment, table, column.name))
    declared_properties = table_schema.properties(table)
    if {key: metadata.configuration.get(key) for key in declared_properties} != declared_properties:
        yield Step(name, "set its properties", _call(table_shape.configure, table))


def _left(one: DeclaredTable, renamed: set[str]) -> Iterator[str]:
    """What changes values or needs a decision: `migrate` does it, source by source and use case by use case."""
    wrong = [words for column, words in _wrong(one.table) if column not in renamed]
    if wrong:
        whose = {"source": f"--source {one.of}", "use case": f"--use-case {one.of}"}.get(one.kind)
        what = f"python -m lakehouse migrate {whose}" if whose else "make it anew, or restore a backup"
        yield f"{one.table.full_name}: {'; '.join(wrong)}: {what}"


def _wrong(table: Table) -> list[tuple[str, str]]:
    present = delta_log.columns(table)
    return [
        (field.name, f"{field.name} is {present[field.name]}, expected {field.type}")
        if field.name in present
        else (field.name, f"{field.name} is missing")
        for field in table_schema.arrow_schema(table)
        if (field.name in present and not table_schema.same(present[field.name], field.type))
        or (field.name not in present and not field.nullable)
    ]


def _rename(table: Table, moved: tuple[Renamed, ...]) -> None:
    table_shape.rebuild(table, _moved(table, {one.now: one.before for one in moved}))


def _moved(table: Table, before: dict[str, str]) -> Iterator[pa.Table]:
    schema, days = table_schema.arrow_schema(table), sorted(delta_log.rows_by_day(table))
    conditions = [pc.field("partition") == day for day in days] if days else [pc.scalar(True)]
    for condition in conditions:
        rows = arrow_dataset.read_as_it_is(table, condition)
        names = {
            field.name: field.name if field.name in rows.column_names else before.get(field.name) for field in schema
        }
        columns = [
            rows.column(found).cast(field.type) if (found := names[field.name]) else pa.nulls(len(rows), field.type)
            for field in schema
        ]
        yield pa.table(columns, schema=schema)


def _call(function: Callable[..., object], *arguments: object) -> Callable[[], object]:
    return lambda: function(*arguments)
