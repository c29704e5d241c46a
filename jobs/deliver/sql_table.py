"""The tables of an SQL target: what we make, and whether one that is there can take the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from jobs.deliver import marker
from lakehouse.declaration import Column
from lakehouse.errors import TargetRefused

# MySQL's keys need a length, and its instants a precision.
TEXT = sa.Text().with_variant(sa.String(255), "mysql", "mariadb")
INSTANT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "string": TEXT,
    "int": sa.Integer(),
    "long": sa.BigInteger(),
    "double": sa.Double(),
    "boolean": sa.Boolean(),
    "date": sa.Date(),
    "timestamp": INSTANT,
}


def target_table(name: str, schema: str | None, columns: Sequence[Column], key: Sequence[str]) -> sa.Table:
    """The table as we make it: the delivered columns, with the key."""
    made = [
        sa.Column(
            column.name,
            TYPES[column.type],
            primary_key=column.name in key,
            nullable=column.nullable and column.name not in key,
            autoincrement=False,
            comment=column.description or None,
        )
        for column in columns
    ]
    return sa.Table(name, sa.MetaData(), *made, schema=schema)


def staged_table(columns: Sequence[Column]) -> sa.Table:
    """Where rows wait until all are there: a table of this connection alone."""
    made = [sa.Column(column.name, TYPES[column.type]) for column in columns]
    return sa.Table("nightjar_staged", sa.MetaData(), *made, prefixes=["TEMPORARY"])


def marker_table(schema: str | None) -> sa.Table:
    """The notes of what this database has, a row for each table and day, locked while a day is replaced."""
    return sa.Table(
        marker.NAME,
        sa.MetaData(),
        sa.Column("table_name", sa.String(63), primary_key=True),
        sa.Column("partition", sa.Date(), primary_key=True, autoincrement=False),
        sa.Column("use_case", sa.String(63), nullable=False),
        sa.Column("target", sa.String(63), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("scores_version", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("checksum", sa.String(64), nullable=False),
        sa.Column("model_versions", sa.String(1000), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=False),
        schema=schema,
    )


def ensure(connection: sa.Connection, tables: Iterable[sa.Table]) -> None:
    """Make the tables that are missing, each in a transaction. Two runs may do so at once."""
    for table in tables:
        try:
            with connection.begin():
                table.create(connection, checkfirst=True)
        except sa.exc.DBAPIError:
            with connection.begin():
                if not sa.inspect(connection).has_table(table.name, schema=table.schema):
                    raise


def unfit(inspector: sa.Inspector, table: sa.Table) -> list[str]:
    """Why the database's table of that name can't take the rows as they are; empty when it can."""
    exact = inspector.dialect.name != "sqlite"
    present = {column["name"]: column for column in inspector.get_columns(table.name, schema=table.schema)}
    problems = [
        f"column {column.name}: expected {_words(column.type)}, found {_found(present, column.name)}"
        for column in table.columns
        if column.name not in present or not _holds(present[column.name]["type"], column.type, exact)
    ]
    required = [
        name
        for name, column in present.items()
        if name not in table.columns and not column["nullable"] and column.get("default") is None
    ]
    problems += [
        f"column {name}: expected one that may be null or has a default, it is not delivered" for name in required
    ]
    return problems


def has_key(inspector: sa.Inspector, table: sa.Table) -> bool:
    """Whether the database's table has exactly the delivered key as its primary key or as a unique one."""
    key = {column.name for column in table.primary_key}
    primary = inspector.get_pk_constraint(table.name, schema=table.schema)["constrained_columns"]
    unique = [found["column_names"] for found in inspector.get_unique_constraints(table.name, schema=table.schema)]
    return any(set(names) == key for names in (primary, *unique))


def refuse_unfit(inspector: sa.Inspector, table: sa.Table, what: str) -> None:
    """Raise when the database's table can't take the rows.

    Raises:
        TargetRefused: with every column that is in the way.
    """
    if problems := unfit(inspector, table):
        raise TargetRefused(
            f"{what}: {'; '.join(problems)}; nothing was sent: alter the table, deliver other columns, or drop it, so that it is "
            "made as declared"
        )


def _holds(found: sa.types.TypeEngine[Any], wanted: sa.types.TypeEngine[Any], exact: bool) -> bool:
    """Whether a column of the type ``found`` gives back what it got; ``exact``: the database means its types."""
    if isinstance(found, sa.types.NullType):
        return not exact
    match wanted:
        case sa.Boolean():
            # MySQL's, and what SQLite makes of it.
            return isinstance(found, sa.Boolean) or (not exact and isinstance(found, sa.Integer)) or _tiny(found)
        case sa.Double():
            return isinstance(found, sa.Float) and not (exact and isinstance(found, sa.REAL))
        case sa.DateTime():
            return isinstance(found, sa.DateTime) and (not exact or found.timezone or isinstance(found, mysql.DATETIME))
        case sa.Date():
            return isinstance(found, sa.Date)
        case sa.Integer():
            return isinstance(found, sa.Integer)
        case _:
            return isinstance(found, sa.String) and not isinstance(found, sa.CHAR)


def _tiny(found: sa.types.TypeEngine[Any]) -> bool:
    return isinstance(found, mysql.TINYINT)


def _words(wanted: sa.types.TypeEngine[Any]) -> str:
    return "timestamp with time zone" if isinstance(wanted, sa.DateTime) else str(wanted).lower()


def _found(present: dict[str, Any], name: str) -> str:
    if name not in present:
        return "none"
    found = present[name]["type"]
    return (
        f"{str(found).lower()}{' without time zone' if isinstance(found, sa.DateTime) and not found.timezone else ''}"
    )
