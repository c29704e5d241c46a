"""Whether a source's tables have the shape that its contract has now."""

from __future__ import annotations

import json

import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import Source
from lakehouse.errors import MigrationNeeded
from lakehouse.ops import contracts
from lakehouse.storage import arrow_dataset, delta_log, table_schema
from lakehouse.tables import Table


def expect(source: Source) -> None:
    """Expect the tables to fit, before anything is written to them.

    Raises:
        MigrationNeeded: naming the differences, and the command that corrects them.
    """
    if found := misfits(source):
        raise MigrationNeeded(
            f"source {source.name}: expected tables that fit its contract (version {source.version}), found {'; '.join(found)}; "
            f"nothing was taken in: python -m lakehouse migrate --source {source.name} --dry-run says what the contract means "
            f"for the rows that are there, and python -m lakehouse migrate --source {source.name} does it"
        )


def misfits(source: Source) -> list[str]:
    """The differences between the tables and the contract that no write corrects by itself, in words.

    A column that may be null and was declared since is no difference: it is added, and null in the rows that are there.
    """
    silver, found = tables.silver(source), list[str]()
    added = set(added_columns(source))
    for table in (tables.bronze(source), silver):
        present = delta_log.columns(table)
        if not present:
            continue
        declared = table_schema.arrow_schema(table)
        for column in source.columns:
            if column.name not in present:
                if not column.nullable or column.name in added:
                    found.append(f"{table.full_name} has no column {column.name}")
                elif table.layer == "bronze" and _delivered_before(table, column.delivered_name):
                    found.append(f"{table.full_name} has values of {column.name} in extra, from before it was declared")
            elif not table_schema.same(present[column.name], declared.field(column.name).type):
                found.append(f"{table.full_name}.{column.name} is {present[column.name]}, expected {column.type}")
        found += [f"{table.full_name} has a column {name} that is declared no longer" for name in undeclared(table)]
    may_be_null = {column.name for column in source.columns if column.nullable}
    for name in sorted(delta_log.required_columns(silver) & may_be_null):
        found.append(f"{silver.full_name}.{name} takes no null, the contract does")
    before = contracts.history(source.name)
    if before and set(before[-1].contract.key) != set(source.key):
        found.append(f"the rows are unique by {', '.join(before[-1].contract.key)}, expected {', '.join(source.key)}")
    return found


def bronze_misfits(source: Source) -> bool:
    """Whether bronze has other columns than the contract."""
    bronze = tables.bronze(source)
    return set(delta_log.columns(bronze)) != set(bronze.column_names)


def added_columns(source: Source) -> list[str]:
    """Columns under a name of their own that deliveries had under another column before."""
    before = contracts.history(source.name)
    old = {delivered: name for name, delivered in before[-1].contract.fields.items()} if before else {}
    return [
        column.name
        for column in source.columns
        if column.delivered_name in old and old[column.delivered_name] != column.name
    ]


def undeclared(table: Table) -> list[str]:
    """The columns that the table has and its declaration has not."""
    return [name for name in delta_log.columns(table) if name not in table.column_names]


def _delivered_before(bronze: Table, delivered: str) -> bool:
    """Whether rows of bronze have a field of that name among those that no contract knew."""
    known = pc.match_substring(pc.field("extra"), json.dumps(delivered))
    return arrow_dataset.any_row(bronze, known)
