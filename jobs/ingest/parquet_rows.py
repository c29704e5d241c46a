"""Parquet into rows: its columns are typed already, so their types are checked against the contract, and their values as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from jobs.ingest.delivery_errors import HEADER
from jobs.ingest.lines import EXTRA, LINE, MALFORMED, RAW, Layout, broken, schema, table
from lakehouse.value_text import text_of

ROWS = 50_000

# Which types of Parquet hold the values of a type of the contract, besides nulls alone.
HOLDS = {
    "string": (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_nested),
    "int": (pa.types.is_integer,),
    "long": (pa.types.is_integer,),
    "double": (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal),
    "boolean": (pa.types.is_boolean,),
    "date": (pa.types.is_date,),
    "timestamp": (pa.types.is_timestamp,),
}


def parse(stream: BinaryIO, layout: Layout) -> Iterator[pa.Table]:
    """The rows of a file, some at a time; ``_line`` counts them from 1, ``_raw`` is the row as JSON."""
    try:
        file = parquet.ParquetFile(stream)
        found = file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        yield _refused(layout, f"expected Parquet, found {_one_line(error)}")
        return
    if problem := _schema_problem(found, layout):
        yield _refused(layout, problem)
        return
    first = 1
    try:
        for batch in file.iter_batches(ROWS):
            yield _rows(batch, layout, first)
            first += len(batch)
    except (pa.ArrowException, OSError) as error:
        yield _refused(layout, f"expected Parquet, found {_one_line(error)}")


def _schema_problem(found: pa.Schema, layout: Layout) -> str | None:
    names = found.names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return f"column(s) named twice: {', '.join(twice)}"
    if missing := [delivered for delivered in layout.fields.values() if delivered not in names]:
        return f"missing column(s) {', '.join(missing)}; found {', '.join(names)}"
    for delivered, wanted in zip(layout.fields.values(), layout.types, strict=True):
        type_ = _value_type(found.field(delivered).type)
        if not pa.types.is_null(type_) and not any(holds(type_) for holds in HOLDS[wanted]):
            return f"column {delivered}: expected values of type {wanted}, found {type_}"
    return None


def _value_type(type_: pa.DataType) -> pa.DataType:
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def _rows(batch: pa.RecordBatch, layout: Layout, first: int) -> pa.Table:
    by_field = layout.by_field
    texts = {name: _texts(batch.column(name)) for name in batch.schema.names}
    unknown = [name for name in batch.schema.names if name not in by_field]
    lists = {name: column.to_pylist() for name, column in texts.items()}
    raw = [json.dumps({name: lists[name][row] for name in lists}, ensure_ascii=False) for row in range(len(batch))]
    extra = [json.dumps({name: lists[name][row] for name in unknown}) for row in range(len(batch))] if unknown else None
    columns = {
        **{by_field[name]: texts[name] for name in texts if name in by_field},
        EXTRA: pa.nulls(len(batch), pa.string()) if extra is None else pa.array(extra, pa.string()),
        RAW: pa.array([text.replace("\0", "\\0") for text in raw], pa.string()),
        MALFORMED: pa.nulls(len(batch), pa.string()),
        LINE: pa.array(np.arange(first, first + len(batch), dtype=np.int64)),
    }
    return pa.table([columns[name] for name in schema(layout.columns).names], schema=schema(layout.columns))


def _texts(column: pa.Array) -> pa.Array:
    """Each value as the text that its type is written as."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_date64(column.type):
        column = column.cast(pa.date32())
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return pa.array([text_of(value) for value in column.to_pylist()], pa.string())
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([text_of(value) for value in column.to_pylist()], pa.string())


def _refused(layout: Layout, why: str) -> pa.Table:
    return table([broken(1, "", f"{HEADER}{why}")], layout.columns)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
