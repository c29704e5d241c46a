"""Rows of a gold table by their key, compared as typed values: nothing that was typed becomes SQL or a path."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from lakehouse import tables
from lakehouse.analyst import keys
from lakehouse.declaration import UseCase
from lakehouse.errors import BadArguments, NotScored
from lakehouse.models import registry
from lakehouse.storage import arrow_dataset, delta_log
from lakehouse.tables import Table

Row = dict[str, Any]


def scores(use_case: UseCase, wanted: Mapping[str, Any], day: dt.date) -> list[Row]:
    """The scores of one entity on one day, one a role.

    Args:
        use_case: whose scores.
        wanted: values of key columns.
        day: the partition.

    Raises:
        NotScored: no such day or key; it suggests some that there are. BadArguments: several entities have that key.
    """
    table = tables.scores(use_case)
    found = rows(table, pc.field("partition") == day, wanted) if delta_log.exists(table) else []
    on = use_case.entity.key
    entities = {tuple(row[name] for name in on) for row in found}
    if len(entities) > 1:
        such = ", ".join(keys.text(dict(zip(on, entity, strict=True))) for entity in sorted(entities)[:3])
        raise BadArguments(
            f"--key {keys.text(wanted)}: expected the key of one row of {table.full_name} on {day}, {len(entities)} have it, "
            f"such as {such}; name more of {', '.join(on)}"
        )
    if found:
        return found
    scored = sorted(delta_log.constant_by_partition(table, "model_version", role=registry.CHAMPION))
    if day not in scored:
        nearest = ", ".join(str(each) for each in sorted(scored, key=lambda each: abs(each - day))[:3])
        raise NotScored(
            f"{table.full_name}: expected scores of {day}, "
            + (
                f"found {len(scored)} day(s) from {scored[0]} to {scored[-1]}; nearest: {nearest}"
                if scored
                else "there are none"
            )
            + f"; to score it: python -m jobs score --use-case {use_case.name} --partition {day}"
        )
    present = [{name: row[name] for name in on} for row in rows(table, pc.field("partition") == day, {}, columns=on)]
    raise NotScored(
        f"{table.full_name}: {day} has no {keys.text(wanted)} among its {len(present)} rows; most alike: "
        + " or ".join(keys.near(wanted, list({tuple(key.values()): key for key in present}.values())))
    )


def rows(
    table: Table,
    where: pc.Expression,
    key: Mapping[str, Any],
    columns: tuple[str, ...] | None = None,
    at: int | None = None,
) -> list[Row]:
    """Rows by typed comparison, never by text; with those of the declared columns that the table has by now."""
    location = delta_log.location(table)
    dataset = arrow_dataset.open_dataset(DeltaTable(location, version=at), location)
    for name, value in key.items():
        where &= pc.field(name) == pa.scalar(value, dataset.schema.field(name).type)
    present = [name for name in columns or table.column_names if name in dataset.schema.names]
    found: list[Row] = dataset.to_table(columns=present, filter=where).to_pylist()
    return found
