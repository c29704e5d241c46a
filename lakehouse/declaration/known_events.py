"""Days on which something is known to happen, so that they are no ordinary days: holidays, storms, an outage."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from lakehouse.declaration.section import Section

# The statistic of the drift table's row that says that what is compared has days of an event; the event is its feature.
KNOWN_EVENT = "known_event"
# A longer time is a season: a model is to learn from it, and monitoring is not to be silent for it.
MOST_DAYS = 62
_DAY_OF_YEAR = re.compile(r"(\d\d)-(\d\d)")
# A year that has February 29.
_LEAP = 2000


class KnownEvent(Section):
    """The days from ``start`` to ``end``, both included; without ``end`` one day.

    Both are days such as 2024-03-29, or both days of every year such as 12-24; of these ``end`` may lie in the next year.
    """

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^;\n]+$")]
    start: dt.date | str
    end: dt.date | str | None = None

    @field_validator("start", "end", mode="before")
    @classmethod
    def _is_a_day(cls, value: Any) -> Any:
        if value is None or type(value) is dt.date:
            return value
        try:
            if found := _DAY_OF_YEAR.fullmatch(value):
                dt.date(_LEAP, int(found[1]), int(found[2]))
                return value
            return dt.date.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"a day such as 2024-03-29, or one of every year such as 12-24, is expected, found {value!r}"
            ) from error

    @model_validator(mode="after")
    def _runs_forward(self) -> KnownEvent:
        last = self.start if self.end is None else self.end
        if isinstance(self.start, str) != isinstance(last, str):
            raise ValueError(
                f"start ({self.start}) and end ({last}): expected both with a year or both without, found one of each"
            )
        if isinstance(self.start, dt.date) and isinstance(last, dt.date):
            if last < self.start:
                raise ValueError(f"end {last} lies before start {self.start}")
            days = (last - self.start).days + 1
        else:
            first, end = (dt.date.fromisoformat(f"{_LEAP}-{one}") for one in (self.start, last))
            days = (end - first).days % 366 + 1
        if days > MOST_DAYS:
            raise ValueError(
                f"{self.start} to {last}: at most {MOST_DAYS} days are expected, found {days}: a season is to be learned from"
            )
        return self

    def includes(self, day: dt.date) -> bool:
        """Whether the day is one of the event."""
        last = self.start if self.end is None else self.end
        if isinstance(self.start, dt.date) and isinstance(last, dt.date):
            return self.start <= day <= last
        its = f"{day:%m-%d}"
        if str(self.start) <= str(last):
            return str(self.start) <= its <= str(last)
        return its >= str(self.start) or its <= str(last)
