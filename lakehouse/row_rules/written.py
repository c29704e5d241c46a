"""Values from their texts, and texts of values, as Spark's CAST reads and writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from lakehouse.row_rules.values import RowFailure

_SPACE = "".join(map(chr, [*range(0x21), 0x7F]))
_WHOLE = re.compile(r"[+-]?[0-9]+")
_DOUBLE = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[dDfF]?")
_SPECIAL = {
    "nan": "nan", "inf": "inf", "+inf": "inf", "infinity": "inf", "+infinity": "inf", "-inf": "-inf", "-infinity": "-inf",
}  # fmt: skip
_DATE = re.compile(r"([+-]?[0-9]{4,7})(?:-([0-9]{1,2})(?:-([0-9]{1,2})(?:[ T].*)?)?)?", re.DOTALL)
_TIME = re.compile(
    r"([+-]?[0-9]{4,7})(?:-([0-9]{1,2})(?:-([0-9]{1,2})"
    r"(?:[ T](?:([0-9]{1,2})(?::([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]{0,9}))?)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?)?"
)
_TRUE, _FALSE = ("t", "true", "y", "yes", "1"), ("f", "false", "n", "no", "0")
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _refuse(text: str, what: str) -> RowFailure:
    return RowFailure(f"'{text[:100]}' is no {what}")


def _whole(bits: int, what: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        found = text.strip(_SPACE)
        # Python reads at most 4,300 digits.
        if not _WHOLE.fullmatch(found) or len(found.lstrip("+-0")) > 19:
            raise _refuse(text, what)
        value = int(found[:1].strip("0123456789") + (found.lstrip("+-0") or "0"))
        if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
            raise _refuse(text, what)
        return value

    return read


def _double(text: str) -> float:
    found = text.strip(_SPACE)
    if special := _SPECIAL.get(found.lower()):
        return float(special)
    number = _DOUBLE.fullmatch(found)
    if number is None:
        raise _refuse(text, "double")
    return float(number.group(1))


def _boolean(text: str) -> bool:
    found = text.strip(_SPACE).lower()
    if found in _TRUE or found in _FALSE:
        return found in _TRUE
    raise _refuse(text, "boolean")


def _days(year: int, month: int, day: int) -> int | None:
    """Days since 1970; None where there is no such day."""
    if not 1 <= month <= 12:
        return None
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= day <= _MONTHS[month - 1] + leap:
        return None
    # Python's and numpy's dates end before Spark's do. Years count from March, so that a leap day is the last of one.
    shifted = year - (month <= 2)
    era, of_era = divmod(shifted, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _date(text: str) -> int:
    found = _DATE.fullmatch(text.strip(_SPACE))
    days = None if found is None else _days(*(int(part or 1) for part in found.groups()))
    if days is None or not -(2**31) <= days < 2**31:
        raise _refuse(text, "date")
    return days


def _timestamp(text: str) -> int:
    found = _TIME.fullmatch(text.strip(_SPACE))
    if found is None:
        raise _refuse(text, "timestamp")
    year, month, day = (int(part or 1) for part in found.groups()[:3])
    hour, minute, second = (int(part or 0) for part in found.groups()[3:6])
    days, zone = _days(year, month, day), found.group(8) or "Z"
    offset = 0 if zone == "Z" else (int(zone[1:3]) * 60 + int(zone[4:])) * (-1 if zone[0] == "-" else 1)
    if days is None or hour > 23 or minute > 59 or second > 59 or abs(offset) > 18 * 60 or zone[4:] > "59":
        raise _refuse(text, "timestamp")
    micros = int((found.group(7) or "").ljust(6, "0")[:6])
    result = (days * 86_400 + hour * 3_600 + (minute - offset) * 60 + second) * 1_000_000 + micros
    if not -(2**63) <= result < 2**63:
        raise _refuse(text, "timestamp")
    return result


def _of_double(value: float) -> str:
    """As Java writes it: 1.0E10, NaN, Infinity."""
    if value != value or value in (np.inf, -np.inf):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    sign, written = ("-" if repr(value).startswith("-") else ""), repr(abs(value))
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return sign + written
    mantissa, _, exponent = written.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    power = int(exponent or 0) + len(whole) - 1 if whole != "0" else -(len(fraction) - len(fraction.lstrip("0")) + 1)
    return f"{sign}{digits[0]}.{digits[1:].rstrip('0') or '0'}E{power}"


def _of_date(days: int) -> str:
    text = str(np.datetime64(days, "D"))
    return f"+{text}" if days > 2_932_896 else text


def _of_timestamp(micros: int) -> str:
    days, rest = divmod(micros, 86_400_000_000)
    seconds, fraction = divmod(rest, 1_000_000)
    ending = f".{fraction:06}".rstrip("0") if fraction else ""
    return f"{_of_date(days)} {seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{ending}"


READERS: dict[str, Callable[[str], Any]] = {
    "int": _whole(32, "int"),
    "long": _whole(64, "long"),
    "double": _double,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
}
WRITERS: dict[str, Callable[[Any], str]] = {
    "int": str,
    "long": str,
    "double": _of_double,
    "boolean": lambda value: "true" if value else "false",
    "date": _of_date,
    "timestamp": _of_timestamp,
}
