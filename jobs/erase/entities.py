"""Which rows of a use case's gold tables, or of a feature group's, are about what is erased from their sources.

By the subject's own columns, where the table has them; else by the entities that the erased rows of the population are about: all
days of an entity of which no other row is left, and the very day of one that has others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from jobs.erase.delivered_rows import DeliveredRows
from jobs.erase.reach import Reach
from jobs.erase.subject import Subject
from jobs.erase.wanted_rows import WantedRows
from jobs.ingest.typed_values import typed
from lakehouse import tables
from lakehouse.declaration import FeatureGroup, Source, UseCase
from lakehouse.storage import arrow_dataset


def of_use_case(reach: Reach, use_case: UseCase) -> WantedRows:
    """The rows of a use case's tables that have its entities."""
    wanted = WantedRows()
    key = use_case.entity.key
    population = use_case.source(use_case.entity.source)
    types = {name: population.column_types[name] for name in key}
    for one in reach.subjects:
        if one.source.name not in use_case.reads:
            continue
        own = one.source.name == population.name
        if _has(one, types, whole=not own):
            wanted |= _by_columns(one)
        elif own:
            wanted |= _by_rows(one, key, use_case.entity.rows == "of_day")
    return wanted


def of_group(reach: Reach, group: FeatureGroup) -> WantedRows:
    """The rows of a feature group's tables that have the subject in their key."""
    wanted = WantedRows()
    types = {column.name: column.type for column in group.key}
    for one in reach.subjects:
        if one.source.name not in group.reads:
            continue
        if _has(one, types, whole=False):
            wanted |= _by_columns(one)
        elif types.items() <= one.source.column_types.items():
            # Its days are of what was known before them: a key of which other rows are left keeps all.
            wanted |= _by_rows(one, group.key_names, of_day=False)
    return wanted


def documents(one: Subject, rows: DeliveredRows) -> list[str]:
    """The ids of the documents that datasets make of the erased rows."""
    if not one.datasets:
        return []
    if one.by_key:
        return [str(one.parts[0].value)]
    (name,) = one.source.key
    return sorted({str(row[name]) for row in _keys(one, rows, [name])})


def _has(one: Subject, types: Mapping[str, str], whole: bool) -> bool:
    """Whether a table whose key has these columns is known by the subject's; ``whole``: if they are all of its key."""
    found = {part.name: part.column.type for part in one.parts}
    return found.items() <= types.items() and (not whole or len(found) == len(types))


def _by_columns(one: Subject) -> WantedRows:
    return WantedRows(({part.name: part.value for part in one.parts},))


def _by_rows(one: Subject, key: Sequence[str], of_day: bool) -> WantedRows:
    erased = _keys(one, DeliveredRows(one), [*key, "partition"])
    if not erased:
        return WantedRows(by_bronze=True)
    others = _others(one, key, {row[key[0]] for row in erased})
    conditions: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in erased:
        entity = tuple(row[name] for name in key)
        if entity not in others:
            conditions[entity] = {name: row[name] for name in key}
        elif of_day:
            conditions[(*entity, row["partition"])] = row
    return WantedRows(tuple(conditions.values()), by_bronze=True)


def _keys(one: Subject, rows: DeliveredRows, names: Sequence[str]) -> list[dict[str, Any]]:
    """The values of these columns in the erased rows, typed, by bronze, which is the last to lose them."""
    columns = [name for name in names if name != "partition"]
    found = rows.in_bronze_with([*columns, "partition"])
    by_name = {column.name: column for column in one.source.columns}
    values = {
        name: typed(
            found.column(name).combine_chunks(), by_name[name].type, ZoneInfo(one.zone), one.source.format.decimal
        ).values
        for name in columns
    }
    table = pa.table({**values, "partition": found.column("partition")}).select(list(names))
    distinct: Iterable[dict[str, Any]] = table.group_by(list(names)).aggregate([]).to_pylist()
    return [row for row in distinct if None not in row.values()]


def _others(one: Subject, key: Sequence[str], firsts: set[Any]) -> set[tuple[Any, ...]]:
    """The entities of which other rows are left in silver."""
    source: Source = one.source
    names = list(dict.fromkeys([*key, *one.columns]))
    # A double that is zero has two forms, of which Arrow finds the very one.
    among = None if source.column_types[key[0]] == "double" else arrow_dataset.among(key[0], firsts)
    rows = arrow_dataset.read(tables.silver(source), among, columns=names)
    left = rows.filter(pc.invert(one.typed(rows))).select(list(key))
    return {tuple(row.values()) for row in left.group_by(list(key)).aggregate([]).to_pylist()}
