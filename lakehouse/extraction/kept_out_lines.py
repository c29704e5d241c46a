"""Extracted lines without those of what was erased: what a source still has of it does not land again."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterable, Iterator
from typing import Any

from lakehouse.declaration import Source
from lakehouse.ops import kept_out
from lakehouse.ops.kept_out import KeptOut

log = logging.getLogger(__name__)

# Extended JSON's wrappers around a text or a number.
WRAPPERS = frozenset({"$oid", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$symbol", "$uuid"})
DATE = "$date"
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def without_erased(source: Source, lines: Iterable[bytes]) -> Iterable[bytes]:
    """The lines, JSON objects, but those of erased rows. Where nothing was erased no line is looked at.

    Ingest looks again, and at whatever a key may be: a line with a key of a form that this does not know is left to it.
    """
    erased = kept_out.of_source(source)
    return _others(source.name, erased, lines) if erased else lines


def _others(source: str, erased: KeptOut, lines: Iterable[bytes]) -> Iterator[bytes]:
    left_out = 0
    for line in lines:
        if erased.has(_fields(line)):
            left_out += 1
        else:
            yield line
    if left_out:
        log.warning("source %s: %d erased row(s) are still at the source, and did not land", source, left_out)


def _fields(line: bytes) -> dict[str, str | None]:
    try:
        found = json.loads(line, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        # A message that is no JSON: ingest rejects it.
        return {}
    return {name: _text(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict) and len(value) == 1:
        ((name, value),) = value.items()
        if name == DATE:
            return _instant(value)
        if name not in WRAPPERS:
            return None
    return value if isinstance(value, str) else None


def _instant(value: Any) -> str | None:
    """An instant as extended JSON has it: a text, or milliseconds."""
    if isinstance(value, dict):
        value = value.get("$numberLong")
        try:
            return (EPOCH + dt.timedelta(milliseconds=int(value))).isoformat()
        except (TypeError, ValueError, OverflowError):
            return None
    return value if isinstance(value, str) else None
