"""Extracted lines without those of erased documents: what a source still has of them does not land again."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from typing import Any

from lakehouse.declaration import Source
from lakehouse.ops import kept_out
from lakehouse.ops.kept_out import KeptOut

log = logging.getLogger(__name__)

# Extended JSON's wrappers around an id that is a text or a whole number.
WRAPPERS = frozenset({"$oid", "$numberLong", "$numberInt", "$symbol", "$uuid"})


def without_erased(source: Source, lines: Iterable[bytes]) -> Iterable[bytes]:
    """The lines, JSON objects, but those of erased documents. Where nothing was erased no line is looked at.

    Ingest looks again, and at whatever a key may be: a line with a key of a form that this does not know is left to it.
    """
    erased = kept_out.of_source(source)
    return _others(source.name, erased, lines) if erased else lines


def _others(source: str, erased: KeptOut, lines: Iterable[bytes]) -> Iterator[bytes]:
    left_out = 0
    for line in lines:
        if erased.has(_key(line, erased.delivered)):
            left_out += 1
        else:
            yield line
    if left_out:
        log.warning(
            "source %s: %d row(s) of erased documents are still at the source, and did not land", source, left_out
        )


def _key(line: bytes, name: str) -> str | None:
    try:
        found = json.loads(line, parse_int=str)
    except (ValueError, RecursionError):
        # A message that is no JSON: ingest rejects it.
        return None
    return _text(found.get(name)) if isinstance(found, dict) else None


def _text(value: Any) -> str | None:
    if isinstance(value, dict) and len(value) == 1:
        ((name, value),) = value.items()
        if name not in WRAPPERS:
            return None
    return value if isinstance(value, str) else None
