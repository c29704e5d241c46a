"""What the runs of a use case, or of a dataset, may cost before somebody is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from lakehouse.declaration.dataset_budget import MICROS
from lakehouse.declaration.section import GrownSection, refuse, twice

Positive = Annotated[Decimal, Field(gt=0, max_digits=15, decimal_places=6)]
Percent = Annotated[int, Field(ge=1, le=1000)]


class RunBudget(GrownSection):
    """At most so much money by the rate card, for the runs that start in a month, and for those that start in a day.

    Days and months are of the calendar's time zone. Crossing it stops nothing: at each share of ``tell_at``, in per cent, people
    are told once.
    """

    LATER = ("tell_at",)

    per_month: Positive | None = None
    per_night: Positive | None = None
    tell_at: tuple[Percent, ...] = Field(default=(80, 100), min_length=1)

    @field_validator("tell_at")
    @classmethod
    def _in_order(cls, tell_at: tuple[int, ...]) -> tuple[int, ...]:
        refuse(twice("tell_at", map(str, tell_at)))
        return tuple(sorted(tell_at))

    @model_validator(mode="after")
    def _of_something(self) -> RunBudget:
        if self.per_month is None and self.per_night is None:
            raise ValueError("expected per_month, per_night or both, found neither")
        return self

    @property
    def micros(self) -> dict[str, int]:
        """The declared amounts in millionths, by ``month`` and ``night``."""
        amounts = {"month": self.per_month, "night": self.per_night}
        return {period: int(amount * MICROS) for period, amount in amounts.items() if amount is not None}
