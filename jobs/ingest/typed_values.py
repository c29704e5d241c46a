"""From delivered text to values of a type: a text that is not written as its type is has no value.

The grammar of each type is `lakehouse.value_text`'s.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import value_text
from lakehouse.declaration import ColumnType
from lakehouse.storage.table_schema import TYPES

INT_BITS = 31
FIRST_DAY = pa.scalar(dt.date.min)
FIRST_INSTANT = pa.scalar(dt.datetime.min.replace(tzinfo=dt.UTC), TYPES["timestamp"])


@dataclass(frozen=True)
class Typed:
    """The values of a column.

    Attributes:
        values: of the column's type; null where there is no text, or where it is not written as the type is.
        wrong: where there is a text and no value.
        not_finite: where a double is NaN or beyond all doubles; these have no value either, and are not ``wrong``.
    """

    values: pa.Array
    wrong: pa.Array
    not_finite: pa.Array | None = None


def typed(texts: pa.Array, type_: ColumnType, zone: ZoneInfo, decimal: str = ".") -> Typed:
    """The values that ``texts`` are written as.

    Args:
        texts: strings.
        type_: of the values.
        zone: of the calendar: a date may be written as the instant that begins it there.
        decimal: the mark in a double.
    """
    if type_ == "string":
        return Typed(texts, pa.repeat(False, len(texts)))
    if type_ == "double":
        return _doubles(texts, decimal)
    values = {
        "int": _ints,
        "long": _ints,
        "boolean": _booleans,
        "date": lambda given: _dates(given, zone),
        "timestamp": _instants,
    }[type_](texts)
    if type_ == "int":
        fits = pc.and_(pc.less(values, 1 << INT_BITS), pc.greater_equal(values, -(1 << INT_BITS)))
        values = pc.if_else(fits, values, pa.scalar(None, pa.int64())).cast(pa.int32())
    return Typed(values, pc.and_(pc.is_valid(texts), pc.is_null(values)))


def _only(texts: pa.Array, form: str) -> pa.Array:
    """The texts of this form; null where they are of another."""
    # RE2 lets $ match at the very end alone, as \Z in Python.
    return pc.if_else(pc.match_substring_regex(texts, form), texts, pa.scalar(None, pa.string()))


def _cast(texts: pa.Array, to: pa.DataType, one: Callable[[str], object]) -> pa.Array:
    """The texts as values: by Arrow where it takes all of them, else each different one by ``one``, which raises for no value."""
    try:
        return texts.cast(to)
    except pa.ArrowInvalid:
        known: dict[str | None, object] = {None: None}
        for text in pc.unique(texts).to_pylist():
            if text is not None:
                try:
                    known[text] = one(text)
                except (ValueError, OverflowError):
                    known[text] = None
        return pa.array([known[text] for text in texts.to_pylist()], to)


def _ints(texts: pa.Array) -> pa.Array:
    return _cast(pc.utf8_ltrim(_only(texts, value_text.WHOLE), "+"), pa.int64(), _long)


def _long(text: str) -> int:
    value = int(text)
    if not -(1 << 63) <= value < 1 << 63:
        raise OverflowError(text)
    return value


def _doubles(texts: pa.Array, decimal: str) -> Typed:
    pointed = texts
    if decimal != ".":
        # A point is no mark then, so it must not become one.
        without = pc.if_else(pc.match_substring(texts, "."), pa.scalar("", pa.string()), texts)
        pointed = pc.replace_substring(without, decimal, ".")
    values = _cast(_only(pointed, value_text.DECIMAL), pa.float64(), float)
    if values.null_count == texts.null_count and pc.all(pc.is_finite(values)).as_py() is not False:
        nowhere = pa.repeat(False, len(texts))
        return Typed(values, nowhere, nowhere)
    beyond = pc.and_kleene(pc.is_valid(values), pc.invert(pc.is_finite(values)))
    not_finite = pc.fill_null(pc.or_kleene(beyond, pc.match_substring_regex(pointed, value_text.NOT_FINITE)), False)
    values = pc.if_else(beyond, pa.scalar(None, pa.float64()), values)
    wrong = pc.and_(pc.and_(pc.is_valid(texts), pc.is_null(values)), pc.invert(not_finite))
    return Typed(values, wrong, not_finite)


def _booleans(texts: pa.Array) -> pa.Array:
    return pc.equal(pc.utf8_lower(_only(texts, value_text.TRUTH)), "true")


def _instants(texts: pa.Array) -> pa.Array:
    written = _only(texts, value_text.INSTANT)
    zoned = pc.match_substring_regex(written, value_text.ZONE + "$")
    written = pc.if_else(zoned, written, pc.binary_join_element_wise(written, "Z", ""))
    return _from(FIRST_INSTANT, _cast(written, TYPES["timestamp"], _instant))


def _from(first: pa.Scalar, values: pa.Array) -> pa.Array:
    """The values from ``first`` on: a year 0 has no place in anybody's calendar."""
    return pc.if_else(pc.greater_equal(values, first), values, pa.scalar(None, values.type))


def _instant(text: str) -> dt.datetime:
    clock, fraction, rest = text, "", ""
    if "." in text:
        clock, _, rest = text.partition(".")
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        fraction, rest = f".{digits[:6]:0<6}", rest[len(digits) :]
    return dt.datetime.fromisoformat(f"{clock}{fraction}{rest}").astimezone(dt.UTC)


def _dates(texts: pa.Array, zone: ZoneInfo) -> pa.Array:
    days = _from(FIRST_DAY, _cast(_only(texts, value_text.DAY), pa.date32(), dt.date.fromisoformat))
    instants = _only(texts, value_text.INSTANT_WITH_ZONE)
    if instants.null_count == len(instants):
        return days
    begun = {text: _day_begun(text, zone) for text in pc.unique(instants).to_pylist() if text is not None}
    return pc.coalesce(days, pa.array([begun.get(text) for text in instants.to_pylist()], pa.date32()))


def _day_begun(text: str, zone: ZoneInfo) -> dt.date | None:
    """The day that begins at the instant; None when none does."""
    try:
        instant = _instant(text)
        day = instant.astimezone(zone).date()
    except (ValueError, OverflowError):
        return None
    # Where the clocks go forward at midnight the day begins with the first hour that there is.
    begins = dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)
    return day if begins == instant else None
