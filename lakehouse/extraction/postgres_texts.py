"""PostgreSQL's values as texts of the one grammar, with everything that Python's own types would lose.

The driver makes ``infinity`` the last day that Python has, a month 30 days, and fails for a year before 1. Here dates, instants,
ranges and JSON stay the text that the database writes; an interval without months becomes its seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from lakehouse.extraction.local_instants import in_utc
from lakehouse.value_text import CLOCK, text_of

# How the database writes: in UTC, years first, an array of bytes as the driver reads it.
SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}
# Types by their numbers, which are the same on every server, and those of their arrays.
PLAIN = {
    "date": (1082, 1182),
    "time": (1083, 1183),
    "timetz": (1266, 1270),
    "json": (114, 199),
    "jsonb": (3802, 3807),
    "int4range": (3904, 3905),
    "numrange": (3906, 3907),
    "tsrange": (3908, 3909),
    "tstzrange": (3910, 3911),
    "daterange": (3912, 3913),
    "int8range": (3926, 3927),
}
DATE, TIMESTAMP, TIMESTAMPTZ, INTERVAL = 1082, 1114, 1184, 1186

_UTC = re.compile(CLOCK + r"\+00$")
_MONTHS = re.compile("mon|year")

Caster = Callable[[str | None, object], str | None]


def prepare(connection: Connection, zone: ZoneInfo) -> None:
    """Have the connection give values as texts; instants without a zone are the clock of ``zone``."""
    from psycopg2 import extensions

    raw = connection.connection.driver_connection
    casters: list[tuple[str, int, int, Caster]] = [
        (name, number, of_array, lambda text, _: text) for name, (number, of_array) in PLAIN.items()
    ]
    casters.append(("timestamp", TIMESTAMP, 1115, lambda text, _: None if text is None else in_utc(text, zone)))
    casters.append(("timestamptz", TIMESTAMPTZ, 1185, lambda text, _: None if text is None else _instant(text)))
    casters.append(("interval", INTERVAL, 1187, _interval))
    for name, number, of_array, caster in casters:
        one = extensions.new_type((number,), name.upper(), caster)
        extensions.register_type(one, raw)
        extensions.register_type(extensions.new_array_type((of_array,), f"{name.upper()}ARRAY", one), raw)
    for name, value in SETTINGS.items():
        connection.exec_driver_sql(f"SET LOCAL {name} = '{value}'")


def _instant(text: str) -> str:
    return f"{text[:10]}T{text[11:-3]}Z" if _UTC.match(text) else text


def _interval(text: str | None, cursor: object) -> str | None:
    from psycopg2 import extensions

    if text is None or _MONTHS.search(text):
        return text
    return text_of(extensions.INTERVAL(text, cursor))
