"""A read-only SQL query over the lakehouse, which DuckDB answers from the Delta tables that it names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
from deltalake.exceptions import DeltaError

from lakehouse.analyst import listing
from lakehouse.errors import NightjarError, QueryRefused, TableUnreadable, UnknownTable
from lakehouse.storage import arrow_dataset

READ_ONLY = "only questions are answered here: SELECT, WITH, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN"
SHOW_TABLES = re.compile(r"\s*show\s+(all\s+)?tables\s*;?\s*", re.IGNORECASE)
SHOWN_TABLES = (
    "SELECT schema_name AS layer, view_name AS name FROM duckdb_views() "
    f"WHERE schema_name IN {listing.LAYERS} ORDER BY ALL"
)
# Queries that list tables without naming them.
ABOUT_TABLES = re.compile(r"information_schema|duckdb_|pg_catalog|sqlite_master|^\s*show\b", re.IGNORECASE)
# Queries that may ask what tables and columns mean: a statement for each column takes time that others need not wait for.
ABOUT_COMMENTS = re.compile(r"duckdb_(?:views|columns|tables)|\bcomment\b", re.IGNORECASE)
EXPLAINED = re.compile(r"\s*explain\b\s*(analyze\b|\(\s*(?:analyze|format)\b[^)]*\))?(?P<statement>.*)", re.I | re.S)
OF_THE_PLATFORM = re.compile(r'\bops"?\s*\.\s*"?(\w+)')
NO_SUCH_TABLE = re.compile(r'Table with name "?(?P<name>[^"]+?)"? does not exist')


@dataclass(frozen=True)
class Answer:
    """Column names, and the rows as they are read. Timestamps are in UTC."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def ask(root: str, sql: str) -> Answer:
    """Answer ``sql`` over the tables under ``root``, which it names as ``layer.name``.

    Only tables that the text names are opened. Partitions and files that a filter excludes are not read.

    Raises:
        NoLakehouse: there are no tables under ``root``.
        QueryRefused: it is not one read-only statement, it reads what is no table here, or DuckDB cannot run it (here or while the
            rows are read).
        TableUnreadable: delta-rs cannot read a table that it names.
        UnknownTable: it names a table that does not exist.
    """
    # DuckDB downloads no extension by itself, and no Python variable of this process can pass for a table.
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "python_enable_replacements": "false"})
    _refuse_unless_read_only(connection, sql)
    tables = listing.find(root)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        for layer in listing.LAYERS:
            connection.execute(f"CREATE SCHEMA {layer}")
        for table in tables:
            if ABOUT_TABLES.search(sql) or _may_name(sql, table):
                _open(connection, table)
                if ABOUT_COMMENTS.search(sql):
                    _describe(connection, table)
        _open_unwritten(connection, sql, tables)
        # A SELECT may read any file of the machine (read_csv, read_text), or change settings back, unless this is said last. Arrow
        # reads the tables' files, and not DuckDB.
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        if SHOW_TABLES.fullmatch(sql):
            # DuckDB's own answer has one schema only.
            sql = SHOWN_TABLES
        cursor = connection.execute(sql)
        return Answer(tuple(column[0] for column in cursor.description or ()), _rows(cursor))
    except duckdb.Error as error:
        raise _explained(error, sql, tables) from error


def _refuse_unless_read_only(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryRefused(_in_one_line(error)) from error
    if len(statements) != 1:
        raise QueryRefused(f"expected one SQL statement, found {len(statements)}")
    kind = statements[0].type
    if kind == duckdb.StatementType.EXPLAIN:
        # EXPLAIN ANALYZE runs what it explains. What this pattern does not match is refused, never run.
        explained = EXPLAINED.fullmatch(re.sub(r"^(\s*--[^\n]*\n|\s*/\*.*?\*/)+", "", sql, flags=re.S))
        if explained is None:
            raise QueryRefused(READ_ONLY)
        _refuse_unless_read_only(connection, explained["statement"])
    elif kind != duckdb.StatementType.SELECT:
        raise QueryRefused(f"{READ_ONLY}; this is {kind.name}")


def _may_name(sql: str, table: listing.FoundTable) -> bool:
    # Text that names a table contains its layer and its name, however they are quoted. One table too many only costs time.
    return table.layer in sql.lower() and table.name.lower() in sql.lower()


def _open(connection: duckdb.DuckDBPyConnection, table: listing.FoundTable) -> None:
    try:
        dataset = arrow_dataset.open_dataset(table.open(), table.location)
    except DeltaError as error:
        raise TableUnreadable(f"{table.full_name} cannot be read without Spark: {error}") from error
    name, scan = (text.replace('"', '""') for text in (table.name, f"{table.full_name} as read"))
    connection.register(f"{table.full_name} as read", dataset)
    connection.execute(f'CREATE VIEW {table.layer}."{name}" AS SELECT * FROM "{scan}"')


def _open_unwritten(connection: duckdb.DuckDBPyConnection, sql: str, tables: list[listing.FoundTable]) -> None:
    """The platform's own tables that nothing has written to yet have no rows, as in a lakehouse that was upgraded."""
    named = set(OF_THE_PLATFORM.findall(sql.lower())).difference(one.name for one in tables if one.layer == "ops")
    if not named:
        return
    # Imported where it is needed: what is declared takes time that other questions need not wait for.
    from lakehouse.lineage import declared
    from lakehouse.storage import table_schema

    for table in declared.ops_tables():
        if table.name in named:
            scan = f"{table.full_name} without rows"
            connection.register(scan, table_schema.arrow_schema(table).empty_table())
            connection.execute(f"CREATE VIEW ops.{_quoted(table.name)} AS SELECT * FROM {_quoted(scan)}")


def _describe(connection: duckdb.DuckDBPyConnection, table: listing.FoundTable) -> None:
    """Give the view and its columns the descriptions that the table's log has."""
    opened, name = table.open(), _quoted(table.name)
    if description := opened.metadata().description:
        connection.execute(f"COMMENT ON VIEW {table.layer}.{name} IS {_text(description)}")
    for field in opened.schema().fields:
        if comment := field.metadata.get("comment"):
            connection.execute(f"COMMENT ON COLUMN {table.layer}.{name}.{_quoted(field.name)} IS {_text(str(comment))}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    try:
        while batch := cursor.fetchmany(10_000):
            yield from batch
    except duckdb.Error as error:
        raise QueryRefused(_in_one_line(error)) from error


def _explained(error: duckdb.Error, sql: str, tables: list[listing.FoundTable]) -> NightjarError:
    missing = NO_SUCH_TABLE.search(str(error)) if isinstance(error, duckdb.CatalogException) else None
    if missing is None:
        return QueryRefused(_in_one_line(error))
    name = missing["name"]
    layer = re.search(rf'(\w+)"?\s*\.\s*"?{re.escape(name)}\b', sql, re.IGNORECASE)
    full_name = name if layer is None else f"{layer[1]}.{name}"
    near = _near(full_name, tables)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(t.full_name for t in tables)}"
    return UnknownTable(f"there is no table {full_name}: {hint}")


def _near(full_name: str, tables: list[listing.FoundTable]) -> list[str]:
    name = full_name.rpartition(".")[2].lower()
    same = [table.full_name for table in tables if table.name.lower() == name]
    return same or difflib.get_close_matches(full_name.lower(), [table.full_name for table in tables], n=3, cutoff=0.5)


def _in_one_line(error: duckdb.Error) -> str:
    # The rest repeats the query with a mark under the place, which the message names already.
    return " ".join(str(error).split("\n\nLINE ")[0].split())
