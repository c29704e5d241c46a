"""How long a service asks to wait before it is asked again."""

from __future__ import annotations

import datetime as dt
import email.utils
import math

# In s: longer than anybody waits.
LONGEST = 1e6


def seconds(value: str | None) -> float | None:
    """The pause that a Retry-After header asks for, in s: it has a number of them, or a date (RFC 9110, 10.2.3).

    A number with a fraction is no such header, and some services send it. None: there is no header, or it says something else.
    """
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        return _until(value)
    return min(max(number, 0.0), LONGEST) if math.isfinite(number) else None


def _until(value: str) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return min(max((moment - dt.datetime.now(dt.UTC)).total_seconds(), 0.0), LONGEST)
