"""What is written out in a rule: numbers, texts, moments and intervals."""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import Decimal, InvalidOperation

from lakehouse.declaration.row_rules.types import DATE, DOUBLE, INT, LONG, STRING, Node, RuleError, Type, decimal

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_UNITS = {"DAY": 86_400, "HOUR": 3_600, "MINUTE": 60, "SECOND": 1, "WEEK": 604_800}


def text(value: str) -> Node:
    """A text in quotes."""
    return Node("literal", STRING, value=value)


def number(written: str) -> Node:
    """A number: an int or a long where it fits, a double with an exponent, else an exact decimal, as Spark reads it."""
    if "e" in written.lower():
        if math.isinf(float(written)):
            raise RuleError(f"expected a number that a double can hold, found {written}")
        return Node("literal", DOUBLE, value=float(written))
    try:
        value = Decimal(written)
    except InvalidOperation as error:
        raise RuleError(f"expected a number, found {written}") from error
    digits, exponent = value.as_tuple().digits, value.as_tuple().exponent
    if "." in written and isinstance(exponent, int):
        return Node("literal", decimal(max(len(digits), -exponent), -exponent), value=value)
    whole = int(value)
    if not -(2**63) <= whole < 2**63:
        raise RuleError(f"expected a whole number of at most 64 bits, found {written}; write {written}.0D for a double")
    return Node("literal", INT if -(2**31) <= whole < 2**31 else LONG, value=whole)


def moment(written: str, type_: Type) -> Node:
    """A date or timestamp from its text, in UTC where it names no zone.

    Raises:
        RuleError: the text is none.
    """
    try:
        if type_ == DATE:
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", written, re.ASCII):
                raise ValueError(written)
            return Node("literal", type_, value=dt.date.fromisoformat(written).toordinal() - EPOCH.toordinal())
        if not re.fullmatch(
            r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", written, re.ASCII
        ):
            raise ValueError(written)
        instant = dt.datetime.fromisoformat(written)
    except ValueError as error:
        example = "2024-03-01" if type_ == DATE else "2024-03-01 12:30:00"
        raise RuleError(f"expected a {type_} such as '{example}', found '{written}'") from error
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=dt.UTC)
    return Node("literal", type_, value=(instant - EPOCH) // dt.timedelta(microseconds=1))


def interval(written: str, unit: str) -> int:
    """An interval in microseconds.

    Raises:
        RuleError: the unit has no fixed length, or the number is not whole.
    """
    seconds = _UNITS.get(unit.upper().removesuffix("S"))
    if seconds is None or not re.fullmatch(r"-?\d{1,6}", written, re.ASCII):
        raise RuleError(
            f"expected a whole number of weeks, days, hours, minutes or seconds, found INTERVAL {written} {unit}"
        )
    return int(written) * seconds * 1_000_000
