"""When a new model is trained: the triggers, how long to wait between two trainings, and how many a month."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, field_validator

from lakehouse.declaration.learning import Drift
from lakehouse.declaration.section import Section, refuse, twice

Evidence = Literal["drift", "performance"]


class Retrain(Section):
    """What asks for a retraining. Left out, violated verdicts do, whatever violated them.

    A training by hand needs no declaration: neither cool-down nor budget keeps a person from it.
    """

    # Which violations count towards ``drift.violated_days``: of features and scores, of matured labels, or both.
    triggers: tuple[Evidence, ...] = ("drift", "performance")
    # So many days after the last training, whatever the verdicts say.
    every_days: int | None = Field(default=None, ge=1, le=3660)
    # When so many rows that the platform has scored got a label which the last training did not know.
    new_labels: int | None = Field(default=None, ge=1, le=10**12)
    # None: as ``drift.cooldown_days``.
    cooldown_days: int | None = Field(default=None, ge=0, le=3660)
    # At most so many trainings in 30 days. None: as many as the cool-down lets through.
    at_most_a_month: int | None = Field(default=None, ge=1, le=30)

    @field_validator("triggers")
    @classmethod
    def _each_once(cls, triggers: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        refuse(twice("triggers", triggers))
        return triggers

    def cooldown(self, drift: Drift) -> int:
        """Days from a training to the next one."""
        return drift.cooldown_days if self.cooldown_days is None else self.cooldown_days

    def problems(self, drift: Drift) -> Iterator[str]:
        """What can't be kept together with the section ``drift``."""
        if self.every_days is not None and self.every_days < self.cooldown(drift):
            whose = "drift.cooldown_days" if self.cooldown_days is None else "retrain.cooldown_days"
            yield (
                f"retrain.every_days ({self.every_days}) is shorter than the cool-down ({whose}: {self.cooldown(drift)}), which "
                f"would keep the schedule; expected at least {self.cooldown(drift)}"
            )
