"""Instants without a zone, as the text that says which instant they are."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from lakehouse.value_text import CLOCK, text_of

_NAIVE = re.compile(CLOCK + "$")


def in_utc(text: str, zone: ZoneInfo) -> str:
    """An instant without a zone, told by the clock of ``zone``; of an hour that the clock shows twice, the first.

    Whatever is no such instant stays as it is, ``infinity`` for one.
    """
    if not _NAIVE.match(text):
        return text
    try:
        value = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    return str(text_of(value if zone.key == "UTC" else value.replace(tzinfo=zone)))
