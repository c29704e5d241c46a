"""Numbers, days and names in words, as filters of the templates."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup, escape

from include.status_page.drawing import in_words

# Control characters but tabs and line breaks, and those that make a text run the other way.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
LEVELS = {"act": "Act now", "look": "Look", "wait": "On its way", "good": "All right", "idle": "Nothing due"}
NONE = "-"
STATISTICS = {"psi": "PSI", "loss_rise": "rise of the loss", "roc_auc": "ROC-AUC", "mae": "MAE", "rmse": "RMSE"}
KINDS = {"prediction": "scores", "performance": "matured quality", "feature": "feature", "estimate": "expected quality"}


def visible(value: Any) -> Any:
    """A value as it is; of a text what no eye sees, and what turns the order of what is seen round, written out."""
    return _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], value) if type(value) is str else value


def level(name: str) -> str:
    """What a level is called."""
    return LEVELS[name]


def number(value: float | int | None) -> str:
    """A number with three significant digits, a count in full; a dash for none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NONE
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def money(value: float | None) -> str:
    """An amount with two decimals, a small one with as many as it needs."""
    if value is None:
        return NONE
    return f"{value:,.2f}" if abs(value) >= 1 or not value else f"{value:.3g}"


def minute(at: dt.datetime | None) -> str:
    """An instant to the minute, in UTC."""
    return NONE if at is None else f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M}"


def clock(at: dt.datetime | None) -> str:
    """Its hour alone."""
    return "" if at is None else f"{at.astimezone(dt.UTC):%H:%M}"


def weekday(day: dt.date | None) -> str:
    """A day with its weekday."""
    return NONE if day is None else f"{day:%a} {day.isoformat()}"


def ago(at: dt.datetime, now: dt.datetime) -> str:
    """How long it is since an instant."""
    days = (now - at).days
    if days > 1:
        return f"{days} days"
    hours = int((now - at).total_seconds() // 3600)
    if hours >= 1:
        return f"{hours} hour{'s' if hours > 1 else ''}"
    return "less than an hour"


def statistic(name: str) -> str:
    """What a statistic or metric is called."""
    return STATISTICS.get(name) or name.replace("_", " ")


def kind(name: str) -> str:
    """What a kind of finding is called."""
    return KINDS.get(name, name)


def code(text: str) -> Markup:
    """A text in which what stands between backticks is code; everything is escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def seconds(value: float) -> str:
    """A duration."""
    if value >= 5400:
        return f"{value / 3600:.1f} h"
    return f"{value / 60:.1f} min" if value >= 90 else f"{value:.1f} s"


def late_since(missing: Sequence[dt.date]) -> dt.date:
    """The first of the missing days that follow one another up to the newest."""
    first = missing[-1]
    for day in reversed(missing[:-1]):
        if first - day != dt.timedelta(days=1):
            break
        first = day
    return first


FILTERS: dict[str, Callable[..., Any]] = {
    "level": level,
    "number": number,
    "money": money,
    "minute": minute,
    "clock": clock,
    "weekday": weekday,
    "ago": ago,
    "statistic": statistic,
    "kind": kind,
    "seconds": seconds,
    "code": code,
    "late_since": late_since,
    "in_words": in_words,
}
