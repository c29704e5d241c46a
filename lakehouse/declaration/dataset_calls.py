"""The sections of a dataset that say who answers, what it may cost, and which answers are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import model_validator

from lakehouse.declaration import declared
from lakehouse.declaration.dataset_budget import Budget
from lakehouse.declaration.dataset_check import Check
from lakehouse.declaration.dataset_teacher import ExtractiveTeacher, ServiceTeacher, Teacher
from lakehouse.declaration.section import Section, refuse


class DatasetCalls(Section):
    """``teacher``, ``budget`` and ``check``. Left out, the built-in summariser answers, and nothing is refused."""

    teacher: Teacher = ExtractiveTeacher()
    budget: Budget | None = None
    check: Check = Check()

    @model_validator(mode="after")
    def _fits(self) -> DatasetCalls:
        refuse(self._problems())
        return self

    def _problems(self) -> Iterator[str]:
        if isinstance(self.teacher, ServiceTeacher) and self.budget is None:
            yield (
                "budget: is missing, and is required with a teacher that is a service; for one that costs nothing write money: 0 "
                "and costs of 0"
            )
        if isinstance(self.teacher, ExtractiveTeacher) and self.budget is not None:
            yield "budget: the built-in summariser costs nothing; remove it, or declare a teacher by: service"


def read(file: Path, text: str) -> DatasetCalls:
    """What these sections say, from a file with this text that has nothing else.

    Raises:
        DeclarationError: with the file, the field, and what was expected.
    """
    return declared.section(DatasetCalls, file, text)
