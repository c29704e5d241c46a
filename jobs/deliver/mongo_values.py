"""Values as MongoDB keeps them: instants to the millisecond and without a zone, days as text, which MongoDB orders as days."""

from __future__ import annotations

import datetime as dt
from typing import Any

Document = dict[str, Any]


def stored(value: Any) -> Any:
    """What is left of a value: of an instant its milliseconds."""
    if isinstance(value, dt.datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    return value


def written(value: Any) -> Any:
    """As it is handed to the driver: days as text, since BSON has instants alone."""
    return value.isoformat() if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else value


def read(document: Document, column: str, kind: str) -> Any:
    """The value of a column of this type, as the tables have it; None where the document has none."""
    value = document.get(column)
    if kind == "date" and isinstance(value, str):
        return dt.date.fromisoformat(value)
    return value.replace(tzinfo=dt.UTC) if isinstance(value, dt.datetime) else value
