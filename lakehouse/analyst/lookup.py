"""Rows of a gold table by their key. Values are compared as values: nothing that an analyst types becomes SQL or a path."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.analyst import absence, keys
from lakehouse.declaration import UseCase
from lakehouse.errors import BadArguments, NotScored
from lakehouse.models import registry
from lakehouse.storage import arrow_dataset, delta_log
from lakehouse.tables import Table

Row = dict[str, Any]

# Rows that are read where several entities have a part of a key: enough for an example.
MOST_ROWS = 1000


def scores(use_case: UseCase, key: Mapping[str, Any], day: dt.date) -> list[Row]:
    """The scores of one entity on one day, one a role.

    Args:
        use_case: whose scores.
        key: values of key columns.
        day: the partition.

    Raises:
        NotScored: no such day or key, with those that come nearest. BadArguments: several entities have the key.
    """
    table = tables.scores(use_case)
    scored = rows(table, pc.field("partition") == day, key, most=MOST_ROWS) if delta_log.exists(table) else []
    on = use_case.entity.key
    entities = {tuple(row[name] for name in on) for row in scored}
    if len(entities) > 1:
        examples = ", ".join(keys.text(dict(zip(on, entity, strict=True))) for entity in sorted(entities)[:3])
        raise BadArguments(
            f"--key {keys.text(key)}: expected the key of one row of {table.full_name} on {day}, {len(entities)} "
            f"{'or more ' if len(scored) == MOST_ROWS else ''}have it, "
            f"such as {examples}; give more of {', '.join(on)}"
        )
    if scored:
        return scored
    days = sorted(delta_log.constant_by_partition(table, "model_version", role=registry.CHAMPION))
    if day not in days:
        nearest = ", ".join(str(each) for each in sorted(days, key=lambda each: abs(each - day))[:3])
        raise NotScored(
            f"{table.full_name}: expected scores of {day}, "
            + (
                f"found {len(days)} day(s) from {days[0]} to {days[-1]}; nearest: {nearest}"
                if days
                else "there are none"
            )
            + f"; to score it: python -m jobs score --use-case {use_case.name} --partition {day}"
        )
    some = rows(table, pc.field("partition") == day, {}, columns=on, most=keys.COMPARED)
    present = [{name: row[name] for name in on} for row in some]
    reason = absence.why(use_case, key, day)
    raise NotScored(
        f"{table.full_name}: {day} has no {keys.text(key)} among its {delta_log.rows_in(table, [day])} rows; "
        + (f"{reason}; " if reason else "")
        + "most alike: "
        + " or ".join(keys.near(key, list({tuple(each.values()): each for each in present}.values())))
    )


def rows(
    table: Table,
    where: pc.Expression,
    key: Mapping[str, Any],
    columns: tuple[str, ...] | None = None,
    at: int | None = None,
    most: int | None = None,
) -> list[Row]:
    """The rows with that key, with those of the declared columns that the table has already.

    Args:
        table: of the lakehouse.
        where: a further condition.
        key: values by column, compared in the column's type.
        columns: of the table; all that are declared when it is None.
        at: a version of the table; the newest when it is None.
        most: so many rows at most; all when it is None.
    """
    location = delta_log.location(table)
    dataset = arrow_dataset.open_dataset(delta_log.open_at(location, at), location)
    for name, value in key.items():
        where &= pc.field(name) == pa.scalar(value, dataset.schema.field(name).type)
    present = [name for name in columns or table.column_names if name in dataset.schema.names]
    found = (
        dataset.to_table(columns=present, filter=where) if most is None else dataset.head(most, present, filter=where)
    )
    result: list[Row] = found.to_pylist()
    return result
