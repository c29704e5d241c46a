"""An entity as an analyst names it on the command line, found among the scores of a day."""

from __future__ import annotations

import datetime as dt
import difflib
import heapq
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lakehouse.declaration import Column, UseCase
from lakehouse.errors import BadArguments
from lakehouse.tables import entity_columns

# A comma divides two parts only where another name=... follows, so that a value may have commas.
BETWEEN = re.compile(r",(?=\s*[a-z][a-z0-9_]*=)")
LONGEST = 200
LOOKED_AT = 20_000


def parse(use_case: UseCase, texts: Iterable[str]) -> dict[str, Any]:
    """The values of key columns, typed as in their table; not every column need be named.

    Args:
        use_case: whose entities.
        texts: such as ``carrier=UA,flight=1545``, one or several.

    Raises:
        BadArguments: naming the part, what was expected and what was found.
    """
    columns = {column.name: column for column in entity_columns(use_case)}
    shape = ",".join(f"{name}=..." for name in columns)
    found: dict[str, Any] = {}
    for part in (part.strip() for text in texts for part in BETWEEN.split(text)):
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise BadArguments(f"--key: expected {shape}, found {_shown(part)}")
        if name not in columns:
            raise BadArguments(
                f"--key: {_shown(name)} is no key column of {use_case.name}; expected {', '.join(columns)}, as --key {shape}"
            )
        if name in found:
            raise BadArguments(f"--key: {name} is given twice; expected {shape}")
        found[name] = _typed(columns[name], value)
    if not found:
        raise BadArguments(f"--key: expected {shape}, found nothing")
    return found


def near(wanted: Mapping[str, Any], present: Sequence[Mapping[str, Any]], most: int = 3) -> list[str]:
    """The keys among ``present`` that are most like the wanted one, as they would be typed."""

    def likeness(key: Mapping[str, Any]) -> float:
        return sum(_alike(value, key[name]) for name, value in wanted.items())

    return [text(key) for key in heapq.nlargest(most, present[:LOOKED_AT], key=likeness)]


def text(key: Mapping[str, Any]) -> str:
    """The key as it is typed: ``carrier=UA,flight=1545``."""
    return ",".join(f"{name}={value}" for name, value in key.items())


def _alike(wanted: Any, found: Any) -> float:
    if wanted == found:
        return 2.0
    if isinstance(wanted, int | float) and isinstance(found, int | float):
        return 1 / (1 + abs(wanted - found) / max(abs(wanted), 1))
    return difflib.SequenceMatcher(None, str(wanted), str(found)).ratio()


def _typed(column: Column, value: str) -> Any:
    try:
        return READ[column.type](value)
    except ValueError:
        raise BadArguments(f"--key {column.name}: expected {EXPECTED[column.type]}, found {_shown(value)}") from None


def _int(value: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        raise ValueError
    return int(value)


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
    found = dt.datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


READ = {
    "string": _string,
    "int": _int,
    "long": _int,
    "double": _float,
    "boolean": _boolean,
    "date": dt.date.fromisoformat,
    "timestamp": _instant,
}
EXPECTED = {
    "string": f"at most {LONGEST} printable characters",
    "int": "a whole number",
    "long": "a whole number",
    "double": "a number",
    "boolean": "true or false",
    "date": "a day as YYYY-MM-DD",
    "timestamp": "an instant such as 2013-06-25T04:00:00",
}


def _shown(value: str) -> str:
    return repr(value if len(value) <= LONGEST else f"{value[:LONGEST]}...")
