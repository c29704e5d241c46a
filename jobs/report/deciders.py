"""What decided rows beside the model, day by day."""

from __future__ import annotations

import datetime as dt
from typing import Any

from jobs.monitor import final_performance
from jobs.report import words
from jobs.report.drawing import Frame
from jobs.report.night import Night
from lakehouse.declaration.rules import FALLBACK, MODEL, RULE
from lakehouse.models import registry

WIDTH, HEIGHT = 640, 72


def content(night: Night) -> dict[str, Any] | None:
    """The share of rows that rules and fallbacks decided by day, and that are withheld; None where none are declared."""
    if not night.use_case.judged:
        return None
    by_day: dict[dt.date, dict[str, float]] = {}
    names = [*(f"{final_performance.ROWS_BY}{kind}" for kind in (MODEL, RULE, FALLBACK)), final_performance.WITHHELD]
    for name in names:
        for row in night.metric(name):
            if row["role"] == registry.CHAMPION:
                of_day = by_day.setdefault(row["partition"], {})
                of_day[name] = of_day.get(name, 0.0) + row["value"]
    lines = {}
    for name in names[1:]:
        shares = {
            day: of_day.get(name, 0.0) / total
            for day, of_day in by_day.items()
            if (total := sum(of_day.get(one, 0.0) for one in names[:-1]))
        }
        if shares:
            lines[name.removeprefix(final_performance.ROWS_BY).replace("rows_", "")] = shares
    highest = max((value for shares in lines.values() for value in shares.values()), default=0.0)
    frame = Frame(len(night.days), 0.0, max(highest * 1.1, 0.01), WIDTH, HEIGHT, 6)
    return {
        "width": WIDTH,
        "height": frame.height,
        "high": words.share(frame.high),
        "lines": [
            {
                "name": name,
                "line": frame.line([shares.get(day) for day in night.days]),
                "told": f"{words.share(shares[max(shares)])} on {max(shares)}",
            }
            for name, shares in lines.items()
        ],
    }
