"""What a computed label reads: the days after the day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from lakehouse.declaration.section import Name, Section, twice

if TYPE_CHECKING:
    from lakehouse.declaration.source import Source
    from lakehouse.declaration.use_case import UseCase


class LabelInput(Section):
    """What the label of day D reads of a source: the days D+from_day to D+to_day.

    0 is D itself. Of an occasional source a label reads what is known by D+to_day, and there is no ``from_day``.
    """

    source: Name
    from_day: int | None = Field(default=None, ge=0, le=366)
    to_day: int = Field(ge=0, le=366)

    @model_validator(mode="after")
    def _runs_forward(self) -> LabelInput:
        if self.from_day is not None and self.from_day > self.to_day:
            raise ValueError(
                f"from_day ({self.from_day} days after the day) must not be later than to_day ({self.to_day})"
            )
        return self

    def known_after_days(self, source: Source) -> int:
        """How many days after the day all that is read has been delivered."""
        return self.to_day + (source.arrives_after_days if source.cadence == "daily" else 0)


def problems(use_case: UseCase) -> Iterator[str]:
    """What does not fit between the windows of a computed label and their sources."""
    calendar = use_case.calendar
    yield from twice("label.inputs", use_case.label.sources if use_case.label.computed else ())
    for item in use_case.label.inputs:
        source, field = use_case.source(item.source), f"label.inputs.{item.source}"
        if source.cadence == "occasional":
            if item.from_day is not None:
                yield (
                    f"{field}.from_day: an occasional source is read as it is known on the last day of the window (to_day); "
                    "expected no from_day"
                )
        elif item.from_day is None:
            yield f"{field}.from_day: is missing; expected the first day after the day that the label reads (0 is the day itself)"
        elif calendar.end is not None and item.to_day > (calendar.end - calendar.start).days:
            yield (
                f"{field}.to_day: no day of the calendar ({calendar.start} to {calendar.end}) has a whole window before the "
                f"calendar ends, so no label ever matures; expected at most {(calendar.end - calendar.start).days}"
            )
