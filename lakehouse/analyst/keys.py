"""An entity's key as an analyst types it on the command line, and the scored keys that are most like it."""

from __future__ import annotations

import datetime as dt
import difflib
import heapq
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lakehouse.declaration import Column, UseCase
from lakehouse.errors import BadArguments
from lakehouse.tables import entity_columns

# A comma divides two parts only where another name=... follows, so that a value may have commas.
BETWEEN = re.compile(r",(?=\s*[a-z][a-z0-9_]*=)")
LONGEST = 200
# Of a day's keys, at most so many are compared with the one that was typed.
COMPARED = 5_000


def parse(use_case: UseCase, texts: Iterable[str]) -> dict[str, Any]:
    """The values of key columns, typed as in their table; not every column need be there.

    Args:
        use_case: whose entities.
        texts: one or several, such as ``name=value,other=value``.

    Raises:
        BadArguments: with the part, what was expected and what was found.
    """
    columns = {column.name: column for column in entity_columns(use_case)}
    shape = ",".join(f"{name}=..." for name in columns)
    key: dict[str, Any] = {}
    for part in (part.strip() for text in texts for part in BETWEEN.split(text)):
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise BadArguments(f"--key: expected {shape}, found {shown(part)}")
        if name not in columns:
            raise BadArguments(
                f"--key: {shown(name)} is no key column of {use_case.name}; expected {', '.join(columns)}, as --key {shape}"
            )
        if name in key:
            raise BadArguments(f"--key: {name} is given twice; expected {shape}")
        key[name] = typed(columns[name], value, "--key ")
    if not key:
        raise BadArguments(f"--key: expected {shape}, found nothing")
    return key


def near(key: Mapping[str, Any], present: Sequence[Mapping[str, Any]], most: int = 3) -> list[str]:
    """The keys among ``present`` that are most like ``key``, as they are typed."""

    def likeness(other: Mapping[str, Any]) -> float:
        return sum(_likeness(value, other[name]) for name, value in key.items())

    return [text(other) for other in heapq.nlargest(most, present[:COMPARED], key=likeness)]


def text(key: Mapping[str, Any]) -> str:
    """The key as it is typed: ``name=value,other=value``."""
    return ",".join(f"{name}={value}" for name, value in key.items())


def _likeness(one: Any, other: Any) -> float:
    if one == other:
        return 2.0
    if isinstance(one, int | float) and isinstance(other, int | float):
        return 1 / (1 + abs(one - other) / max(abs(one), 1))
    return difflib.SequenceMatcher(None, str(one), str(other)).ratio()


def typed(column: Column, value: str, before: str = "") -> Any:
    """The value of one key column.

    Args:
        column: whose type it is read as.
        value: as it was typed.
        before: what the message begins with.

    Raises:
        BadArguments: with what was expected and what was found.
    """
    try:
        return READ[column.type](value)
    except (ValueError, OverflowError):
        raise BadArguments(f"{before}{column.name}: expected {EXPECTED[column.type]}, found {shown(value)}") from None


def _whole(bits: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,19}", value):
            raise ValueError
        number = int(value)
        if not -(1 << bits - 1) <= number < 1 << bits - 1:
            raise ValueError
        return number

    return read


def _float(value: str) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError
    return value.lower() == "true"


def _string(value: str) -> str:
    if len(value) > LONGEST or not value.isprintable():
        raise ValueError
    return value


def _instant(value: str) -> dt.datetime:
    instant = dt.datetime.fromisoformat(value)
    # Of the first and the last day of all, another zone's hour may be in no year.
    return instant.astimezone(dt.UTC) if instant.tzinfo else instant.replace(tzinfo=dt.UTC)


READ = {
    "string": _string,
    "int": _whole(32),
    "long": _whole(64),
    "double": _float,
    "boolean": _boolean,
    "date": dt.date.fromisoformat,
    "timestamp": _instant,
}
EXPECTED = {
    "string": f"at most {LONGEST} printable characters",
    "int": "a whole number within 32 bits",
    "long": "a whole number within 64 bits",
    "double": "a number",
    "boolean": "true or false",
    "date": "a day as YYYY-MM-DD",
    "timestamp": "an instant such as 2024-06-25T04:00:00",
}


def shown(value: str) -> str:
    """What was typed, quoted and not longer than needed."""
    return repr(value if len(value) <= LONGEST else f"{value[:LONGEST]}...")
