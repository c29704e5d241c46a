"""Values of JSON and Parquet as the texts that ingestion makes of them, without what no table can hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.value_text import text_of

_NO_TEXT = re.compile("[\x00\ufeff\ud800-\udfff]")
# Extended JSON's wrappers around one value.
_WRAPPERS = frozenset(
    {"$oid", "$numberDecimal", "$numberLong", "$numberInt", "$numberDouble", "$symbol", "$uuid", "$date"}
)


def plain(value: str) -> str | None:
    """The value without what no table can hold; None where nothing is left."""
    return _NO_TEXT.sub("", value) or None


class _Number(str):
    __slots__ = ()


def document(text: str) -> Any:
    """A text of JSON, its numbers as they are written; None where it is none."""
    try:
        return json.loads(text, parse_float=_Number, parse_int=_Number, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def of_json(value: Any) -> str | None:
    """A value of a document as text."""
    if value is None or isinstance(value, str):
        return None if value is None else plain(str(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict) and len(value) == 1:
        ((name, inner),) = value.items()
        if name in _WRAPPERS and isinstance(inner, str):
            return plain(str(inner))
    return plain(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def kind(type_: pa.DataType) -> str | None:
    """What a type of Parquet is in a contract; None where it may be any, or nothing that a contract names."""
    if pa.types.is_dictionary(type_):
        return kind(type_.value_type)
    tests = {
        "long": pa.types.is_integer,
        "double": lambda one: pa.types.is_floating(one) or pa.types.is_decimal(one),
        "boolean": pa.types.is_boolean,
        "date": pa.types.is_date,
        "timestamp": pa.types.is_timestamp,
        "string": lambda one: not pa.types.is_null(one),
    }
    return next((name for name, holds in tests.items() if holds(type_)), None)


def of_parquet(column: pa.Array) -> list[str | None]:
    """A column of Parquet as texts; a number that is none has no value."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    if pa.types.is_date64(column.type):
        column = column.cast(pa.date32())
    if not (
        pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
    ):
        try:
            return [None if text is None else plain(text) for text in column.cast(pa.string()).to_pylist()]
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass
    texts: Iterable[str | None] = map(text_of, column.to_pylist())
    return [None if text is None else plain(text) for text in texts]
