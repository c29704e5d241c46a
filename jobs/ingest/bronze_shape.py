"""Giving delivered rows the columns of another contract: what a column was delivered as decides where its value goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from jobs.ingest import json_lines
from jobs.ingest.csv_rows import BLANKS
from jobs.ingest.json_lines import Number
from lakehouse import tables
from lakehouse.declaration import Source
from lakehouse.storage import table_schema


def reshape(rows: pa.Table, fields: Mapping[str, str], source: Source) -> pa.Table:
    """Bronze rows with the columns that the source declares now.

    A value that was delivered for a column of today is in it, whether another column or ``extra`` had it; all else is in ``extra``.

    Args:
        rows: as the bronze table has them.
        fields: the name in the deliveries of each column of the contract by which they were taken in.
        source: the contract.
    """
    schema = table_schema.arrow_schema(tables.bronze(source))
    present = set(rows.column_names)
    old = {name: delivered for name, delivered in fields.items() if name in present}
    # A table without a record of its contract: its columns are called as they were delivered.
    platform = set(schema.names) - set(source.column_names)
    old |= {name: name for name in present - platform - set(fields)}
    now = {column.name: column.delivered_name for column in source.columns}
    columns: dict[str, Any] = {}
    if old == now:
        columns = {name: rows.column(name) for name in now}
        columns["extra"] = rows.column("extra")
    else:
        columns = _moved(rows, old, now)
    for field in schema:
        if field.name not in columns:
            columns[field.name] = rows.column(field.name) if field.name in present else pa.nulls(len(rows), field.type)
    return pa.table([columns[field.name].cast(field.type) for field in schema], schema=schema)


def _moved(rows: pa.Table, old: Mapping[str, str], now: Mapping[str, str]) -> dict[str, Any]:
    kept = {delivered: rows.column(name) for name, delivered in old.items()}
    values: dict[str, Any] = {name: kept[delivered] for name, delivered in now.items() if delivered in kept}
    new = {name: delivered for name, delivered in now.items() if delivered not in kept}
    gone = {delivered: kept[delivered].to_pylist() for delivered in kept if delivered not in now.values()}
    found: dict[str, list[str | None]] = {name: [None] * len(rows) for name in new}
    extras: list[str | None] = []
    for row, (extra, raw) in enumerate(
        zip(rows.column("extra").to_pylist(), rows.column("raw").to_pylist(), strict=True)
    ):
        others = {} if extra is None else json_lines.document(extra)
        documents = raw.lstrip(BLANKS).startswith("{")
        for name, delivered in new.items():
            if delivered in others:
                found[name][row] = _text(others.pop(delivered), documents)
        for delivered, texts in gone.items():
            if texts[row] is not None:
                others[delivered] = texts[row]
        extras.append(_object(others) if others else None)
    return {
        **values,
        **{name: pa.array(texts, pa.string()) for name, texts in found.items()},
        "extra": pa.array(extras, pa.string()),
    }


def _text(value: Any, documents: bool) -> str | None:
    text = json_lines.text_of(value)
    if text is None or documents:
        return text
    return text.strip(BLANKS) or None


def _object(fields: Mapping[str, Any]) -> str:
    if any(isinstance(value, dict | list | Number) for value in fields.values()):
        return json_lines.compact(dict(fields))
    return json.dumps(dict(fields))
