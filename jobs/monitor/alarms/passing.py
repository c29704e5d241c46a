"""Whether what violates a day lasts, or may be a spell that passes: a training is asked for by what lasts.

The windows of neighbouring days share days, so one unlikely spell violates several days in a row, and N of M violated days are no N
events. What asks for a training has to show in the newest days alone too, given how long deviations last by training. Few findings
are asked that, and only those that are beyond chance already, so that a chance that is great for an alarm is small enough here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jobs.monitor.alarms import repairs

# Of all violated findings of a day together.
SURE = 0.005


def passing(found: Iterable[Mapping[str, Any]]) -> str:
    """Why a day's findings ask for no training yet, in words; empty where one lasts, and of days judged by declared limits.

    Args:
        found: fields of the findings of one day, as the drift table has them.
    """
    measured = [one for one in found if one.get("chance") is not None]
    if not measured:
        return ""
    violated = [one for one in measured if one["violated"]]
    if not violated:
        return "the newest day is in order"
    lasting = [one for one in violated if not repairs.is_one(one)]
    if not lasting:
        return "what violates the newest day is a delivery to be put right, which no training does"
    known = [1.0 if (chance := one.get("newest_chance")) is None else float(chance) for one in lasting]
    least = min(1.0, min(known) * len(known))
    if least <= SURE:
        return ""
    return f"the newest days alone may be a spell that passes (chance {least:.2g}, at most {SURE:g} asks)"
