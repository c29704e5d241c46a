"""How a value of each type is written: one grammar, for CSV, JSON, documents, database rows and what ``fetch`` yields.

What is delivered arrives as text and is kept as text in bronze. A value has to be written as its type is; everything else is
rejected with its reason, never bent until it fits: ``12D`` is no double, ``2024`` is no instant, ``2024-03-01 (moved)`` no date.

=========  =========================================================================================================
type       written as
=========  =========================================================================================================
string     any text without a NUL
int        an optional sign and digits, within 32 bits
long       the same, within 64 bits
double     a decimal number with or without an exponent; ``NaN`` and infinity are read, and are no finite numbers
boolean    ``true`` or ``false``, in any case
date       ``YYYY-MM-DD``; or an instant with its offset that is the beginning of a day in the calendar's time zone
timestamp  ``YYYY-MM-DDTHH:MM``, a blank for the T, with or without ``:SS`` and up to six decimals; then ``Z`` or an offset
           such as ``+01:00``; UTC without one
=========  =========================================================================================================

The expressions hold in Python's ``re`` and in Arrow's RE2 alike, and match a whole value.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import math
import uuid
from collections.abc import Mapping
from typing import Any

WHOLE = r"^[+-]?[0-9]+$"
DECIMAL = r"^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,5})?$"
NOT_FINITE = r"^([nN][aA][nN]|[+-]?[iI][nN][fF]([iI][nN][iI][tT][yY])?)$"
TRUTH = r"^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
# More than six decimals only where the others are zeros: nothing is lost.
CLOCK = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6}0*)?)?"
ZONE = r"(Z|[+-][0-9]{2}:?[0-9]{2})"
INSTANT = rf"{CLOCK}{ZONE}?$"
INSTANT_WITH_ZONE = rf"{CLOCK}{ZONE}$"


def text_of(value: object) -> str | None:
    """A value of Python's or a database's as the text that its type is written as; None for None.

    Numbers keep every digit, instants become UTC, bytes base64, lists and mappings compact JSON. An instant without a zone stays
    without one, and so is read as UTC.

    Raises:
        TypeError: for a value of a type that has no text here, such as an object.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _number(float(value))
    if isinstance(value, decimal.Decimal):
        return str(value) if not value.is_finite() else f"{value:f}"
    if isinstance(value, dt.datetime):
        return _instant(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return _number(value.total_seconds())
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    # A number of a library, such as numpy's.
    item = getattr(value, "item", None)
    if callable(item):
        inner = item()
        if type(inner) is not type(value):
            return text_of(inner)
    raise TypeError(
        f"a value of type {type(value).__name__} has no text; expected a text, number, boolean, date or instant"
    )


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return repr(value) if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


def _instant(value: dt.datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat(timespec="microseconds" if value.microsecond else "seconds")
    utc = value.astimezone(dt.UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='microseconds' if utc.microsecond else 'seconds')}Z"


def _plain(value: Any) -> Any:
    """A value as JSON has it: mappings and lists within stay what they are, all else becomes a number or its text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return text_of(value)
