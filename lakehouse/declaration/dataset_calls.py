"""The sections of a dataset that say who answers, what it may cost, and which answers are kept."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field, model_validator

from lakehouse.declaration.dataset_budget import Budget
from lakehouse.declaration.dataset_check import Check
from lakehouse.declaration.dataset_teacher import ExtractiveTeacher, Judge, Marker, ServiceTeacher, Teacher
from lakehouse.declaration.section import Section, refuse


class DatasetCalls(Section):
    """``teacher``, ``budget`` and ``check``. Left out, the built-in summariser answers, and nothing is refused.

    ``grade`` gives marks to documents before any is asked about, ``judge`` to answers that pass the checks; the budget is one.
    """

    teacher: Teacher = Field(default_factory=ExtractiveTeacher)
    grade: Marker | None = None
    judge: Judge | None = None
    budget: Budget | None = None
    check: Check = Field(default_factory=Check)

    @model_validator(mode="after")
    def _fits(self) -> DatasetCalls:
        refuse(self._problems())
        return self

    @property
    def services(self) -> dict[str, ServiceTeacher]:
        """The services that are paid, by the section that declares them."""
        asked = {"teacher": self.teacher, "grade": self.grade, "judge": self.judge}
        return {name: one for name, one in asked.items() if isinstance(one, ServiceTeacher)}

    @property
    def same_language(self) -> bool:
        """Whether an answer has to be in the language of its document."""
        default = "same" if isinstance(self.teacher, ServiceTeacher) else "any"
        return (self.check.language or default) == "same"

    def _problems(self) -> Iterator[str]:
        if self.services and self.budget is None:
            yield (
                f"budget: is missing, and is required with a service ({', '.join(self.services)}); for one that costs nothing "
                "write money: 0 and costs of 0"
            )
        if not self.services and self.budget is not None:
            yield "budget: the built-in summariser costs nothing; remove it, or declare a teacher by: service"
