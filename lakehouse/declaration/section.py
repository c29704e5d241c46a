"""What the sections of a declaration have in common."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class Section(BaseModel):
    """A part of the file: immutable, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Window(Section):
    """Days counted back from a day: from ``first``, the oldest, to ``last``."""

    first: int
    last: int

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.first < self.last:
            raise ValueError(f"first ({self.first} days back) must not be nearer than last ({self.last} days back)")
        return self


def refuse_twice(field: str, names: list[str]) -> None:
    """Raise when ``field`` has a name twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{field}: declared twice: {', '.join(twice)}")


def expect_known(field: str, names: Any, known: Any, what: str) -> None:
    """Raise when ``field`` has a name that is not ``known``; ``what`` says in words what the known names are."""
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"{field}: unknown {', '.join(unknown)}; expected one of {what}: {', '.join(known)}")
