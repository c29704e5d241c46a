"""Why an entity has no score on a day that was scored: erased, rejected, not delivered, or in the population and not scored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables, value_text
from lakehouse.declaration import Source, UseCase
from lakehouse.ops import kept_out
from lakehouse.populations import population
from lakehouse.storage import arrow_dataset, delta_log
from lakehouse.tables import Table

# Delivered rows of one key and day that are looked at, and characters of a reject's reasons that are told.
MOST_ROWS, MOST_TEXT = 100, 300


def why(use_case: UseCase, key: Mapping[str, Any], day: dt.date) -> str:
    """In words; empty where nothing is known of it.

    Args:
        use_case: whose.
        key: the whole key; of a part of one nothing can be said.
        day: that was scored.
    """
    if set(key) != set(use_case.entity.key):
        return ""
    source = use_case.source(use_case.entity.source)
    if _erased(source, key):
        return f"it was erased from {source.name} (docs/erasure.md), and stays out"
    if (reasons := _rejected(source, key, day)) is not None:
        return (
            f"its row was rejected by the contract of {source.name}: {reasons}; silver.{source.name}_rejects has it, and a "
            "corrected delivery brings it back"
        )
    rows = population.read(use_case, [day], list(use_case.entity.key))
    if _has(rows, key):
        return (
            f"it is in the population of {day}, and was not scored: its features are missing, or it came after the day was "
            f"scored; python -m jobs stale --use-case {use_case.name} lists what a restatement would add"
        )
    return f"no accepted row of {source.name} has it on {day}"


def _erased(source: Source, key: Mapping[str, Any]) -> bool:
    gone = kept_out.of_source(source)
    fields = {
        column.delivered_name: value_text.text_of(key[column.name]) for column in source.columns if column.name in key
    }
    # Written here, with a point in its numbers whatever the deliveries have.
    return bool(gone) and replace(gone, decimal=".").has(fields)


def _rejected(source: Source, key: Mapping[str, Any], day: dt.date) -> str | None:
    """The reasons of the newest rejected row of that key, by its line in bronze; None where there is none."""
    bronze, rejects = tables.bronze(source), tables.rejects(source)
    if not delta_log.exists(bronze) or not delta_log.exists(rejects):
        return None
    where = pc.field("partition") == day
    columns = {column.name for column in source.columns}
    for name, value in key.items():
        if name not in columns:
            return None
        where &= pc.field(name) == (value_text.text_of(value) or "")
    found = _head(bronze, where, ["delivery_id", "line"])
    if not found:
        return None
    where = (
        (pc.field("partition") == day)
        & arrow_dataset.among("delivery_id", sorted({row["delivery_id"] for row in found}))
        & arrow_dataset.among("line", sorted({row["line"] for row in found}))
    )
    lines = {(row["delivery_id"], row["line"]) for row in found}
    reasons = [
        row["reasons"]
        for row in _head(rejects, where, ["delivery_id", "line", "reasons"])
        if (row["delivery_id"], row["line"]) in lines
    ]
    return str(reasons[-1])[:MOST_TEXT] if reasons else None


def _head(table: Table, where: pc.Expression, columns: list[str]) -> list[dict[str, Any]]:
    location = delta_log.location(table)
    opened = arrow_dataset.open_dataset(delta_log.open_at(location), location)
    found: list[dict[str, Any]] = opened.head(MOST_ROWS, columns=columns, filter=where).to_pylist()
    return found


def _has(rows: pa.Table, key: Mapping[str, Any]) -> bool:
    for name, value in key.items():
        rows = rows.filter(pc.equal(rows.column(name), pa.scalar(value, rows.schema.field(name).type)))
    return bool(rows.num_rows)
