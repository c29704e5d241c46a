"""One text for each value of a key, however it is delivered: ``007`` and ``+7`` are 7, ``1e3`` and ``1000.0`` are one number, and
an instant is one in every time zone.

The digests of erased keys are of these texts. What ingest takes for one value has one text here: `jobs.ingest.typed_values`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

from lakehouse import value_text

_FORMS = {
    "int": value_text.WHOLE,
    "long": value_text.WHOLE,
    "double": value_text.DECIMAL,
    "boolean": value_text.TRUTH,
    "timestamp": value_text.INSTANT,
}
_MATCHES = {name: re.compile(form.replace("$", r"\Z")) for name, form in _FORMS.items()}
_DAY = re.compile(value_text.DAY.replace("$", r"\Z"))
_DAY_BEGUN = re.compile(value_text.INSTANT_WITH_ZONE.replace("$", r"\Z"))
_ZONED = re.compile(value_text.ZONE + r"\Z")


def of(text: str, type_: str, zone: str = "UTC", decimal: str = ".") -> str | None:
    """The one text of the value that a delivered text stands for; None where it stands for none.

    Args:
        text: as it was delivered, or typed by a person.
        type_: of the column.
        zone: of the calendar, in which an instant may begin a day.
        decimal: the mark in a number with decimals.
    """
    if type_ == "string":
        return text
    try:
        if type_ == "date":
            return _date(text, zone)
        if type_ == "double":
            text = text if decimal == "." else ("" if "." in text else text.replace(decimal, "."))
        return _READ[type_](text) if _MATCHES[type_].match(text) else None
    except (ValueError, OverflowError):
        return None


def _whole(text: str) -> str | None:
    # Longer ones are beyond 64 bits; Python refuses to read very long ones.
    return str(int(text)) if len(text.lstrip("+-").lstrip("0")) <= 19 else None


def _double(text: str) -> str | None:
    value = float(text)
    if value - value != 0:
        return None
    # There is a zero below zero, and it is the same key.
    return repr(value or 0.0)


def _date(text: str, zone: str) -> str | None:
    if _DAY.match(text):
        return dt.date.fromisoformat(text).isoformat()
    if not _DAY_BEGUN.match(text):
        return None
    instant = _parsed(text)
    day = instant.astimezone(ZoneInfo(zone)).date()
    begins = dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)
    return day.isoformat() if begins == instant else None


def _timestamp(text: str) -> str:
    return _parsed(text if _ZONED.search(text) else f"{text}Z").isoformat(timespec="microseconds")


def _parsed(text: str) -> dt.datetime:
    clock, point, rest = text.partition(".")
    if point:
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        clock, rest = f"{clock}.{digits[:6]:0<6}", rest[len(digits) :]
    return dt.datetime.fromisoformat(f"{clock}{rest}").astimezone(dt.UTC)


_READ: dict[str, Callable[[str], str | None]] = {
    "int": _whole,
    "long": _whole,
    "double": _double,
    "boolean": str.lower,
    "timestamp": _timestamp,
}
