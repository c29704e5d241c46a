"""The canary: a stable share of the entities, by a hash of the key, for which the challenger's decision counts."""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SEPARATOR = "|"
# The hash's first digits, and how many values they can have.
DIGITS = 8
VALUES = 16**DIGITS


def within(share: float, name: str, rows: pa.Table, key: Sequence[str]) -> NDArray[np.bool_]:
    """Which entities are among the share: the same ones every night, on every machine, and all of them in a larger share.

    MD5 is a standard: neither Python's hash seed nor a version of a library changes it, and DuckDB and Spark know it too.

    Args:
        share: from 0 to 1.
        name: of the use case, so that two of them with equal keys try their challengers on different entities.
        rows: with the key.
        key: the columns of the entity's key.
    """
    if not share:
        return np.zeros(len(rows), dtype=np.bool_)
    texts = [texts_of(rows.column(column)) for column in key]
    joined = pc.binary_join_element_wise(pa.scalar(name), *texts, SEPARATOR)
    digests = (hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in joined.to_pylist())
    numbers = np.fromiter((int(digest[:DIGITS], 16) for digest in digests), dtype=np.float64, count=len(rows))
    among: NDArray[np.bool_] = numbers < share * VALUES
    return among


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
