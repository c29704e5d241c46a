"""The calls of one purpose: what they would be, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_budget import Budget
from lakehouse.declaration.dataset_teacher import ServiceTeacher
from lakehouse.teacher import plan, teaching
from lakehouse.teacher.asked import Asked
from lakehouse.teacher.plan import Plan
from lakehouse.teacher.request import Request
from lakehouse.teacher.teaching import Outcome


@dataclass(frozen=True)
class Round:
    """Calls of one purpose.

    Attributes:
        dataset: whose.
        way: how it asks.
        requests: what is asked, from the first one at each call.
        again: outcomes that are paid once more.
    """

    dataset: Dataset
    way: Asked
    requests: Callable[[], Iterator[Request]]
    again: tuple[str, ...] = ()

    @property
    def budget(self) -> Budget | None:
        """What it may cost; the built-in summariser is free, though a judge may not be."""
        return self.dataset.budget if isinstance(self.way.teacher, ServiceTeacher) else None

    def plan(self) -> Plan:
        """What would be done."""
        return plan.plan(self.dataset.name, self.requests(), self.way.teacher, self.budget, again=self.again)

    def make(self) -> Outcome:
        """Make the calls that are missing.

        Raises:
            CallsBusy, ConnectionWrong, TeacherUnavailable, TeacherRefused, ServiceUnavailable: see `teaching.teach`.
        """
        return teaching.teach(self.dataset.name, self.requests(), self.way.teacher, self.budget, again=self.again)

    def open(self, outcome: Outcome) -> int:
        """How many of its calls have no outcome after a run."""
        if outcome.status in ("unchanged", "done"):
            return 0
        # A run that was ended by its budget has not looked at the rest.
        return plan.plan(self.dataset.name, self.requests(), self.way.teacher, self.budget).calls
