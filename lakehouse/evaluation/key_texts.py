"""The values of an entity's key as texts, from which hashes are made that must never change."""

from __future__ import annotations

import datetime as dt
import decimal
import math

import pyarrow as pa


def texts_of(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Values of a key as Spark casts them to text in UTC: what the hash was made of before, and has to be made of always."""
    if pa.types.is_floating(values.type):
        return pa.chunked_array([pa.array(map(_text_of_double, values.to_pylist()), pa.string())])
    if pa.types.is_timestamp(values.type):
        return pa.chunked_array([pa.array(map(_text_of_instant, values.to_pylist()), pa.string())])
    return values.cast(pa.string())


def _text_of_double(value: float) -> str:
    """As Java writes it: with an exponent below a thousandth and from ten million on."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = decimal.Decimal(repr(value)).as_tuple()
    shown = "".join(map(str, digits)).rstrip("0")
    return f"{'-' if sign else ''}{shown[0]}.{shown[1:] or '0'}E{int(exponent) + len(digits) - 1}"


def _text_of_instant(value: dt.datetime) -> str:
    utc = value.astimezone(dt.UTC) if value.tzinfo is not None else value
    text = f"{utc:%Y-%m-%d %H:%M:%S}"
    return f"{text}.{utc.microsecond:06d}".rstrip("0") if utc.microsecond else text
