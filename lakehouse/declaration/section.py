"""What the sections of a declaration have in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
# Such as 06:30. In YAML in quotes: without them it reads a number.
HourOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Section(BaseModel):
    """A part of the file: immutable, without unknown fields, with finite numbers alone."""

    # Prepared when a declaration is first checked: a process that finds it kept (`lakehouse.declaration.kept`) checks none.
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False, defer_build=True)

    @field_validator("*", mode="before")
    @classmethod
    def _means_what_yaml_reads(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what pydantic would bend until it fits: a truth where a number is expected, a number where a date is."""
        assert info.field_name is not None
        kinds = _kinds(cls, info.field_name)
        if any(isinstance(kind, type) and issubclass(kind, Section) for kind in kinds):
            # It looks after itself.
            return value
        for found in _scalars(value):
            if isinstance(found, bool) and bool not in kinds:
                raise ValueError(
                    f"found {str(found).lower()}, as YAML reads yes, no, on, off, true and false; quote the word if it is meant as "
                    "text, or write a number"
                )
            if isinstance(found, int | float) and not isinstance(found, bool):
                if dt.date in kinds:
                    raise ValueError(f"a day such as 2024-03-01 is expected, found {found!r}")
                if kinds == {str}:
                    raise ValueError(f"a text is expected, found the number {found!r}; quote it if it is meant as text")
            if isinstance(found, dt.date) and dt.date not in kinds:
                raise ValueError(f"found a day, as YAML reads {found}; quote it if it is meant as text")
        return value


@lru_cache(maxsize=1024)
def _kinds(section: type[BaseModel], field: str) -> frozenset[Any]:
    """The plain types that a field of a section may have, those within its tuples and mappings among them."""
    open_types, kinds = [section.model_fields[field].annotation], set[Any]()
    while open_types:
        one = open_types.pop()
        inner = get_args(one)
        kinds |= {type(value) for value in inner if isinstance(value, str | bool | int)} if inner else {one}
        open_types += [other for other in inner if not isinstance(other, str | bool | int)]
    return frozenset(kinds - {type(None), ...})


def _scalars(value: Any) -> Iterator[Any]:
    """What a field's value consists of."""
    if isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _scalars(item)
    else:
        yield value


class GrownSection(Section):
    """A section that has fields which its first release did not have, named by ``LATER``.

    What does not use them serialises without them: a declaration that is written as ever has the digest that its tables were built
    with, and nothing of them becomes stale.
    """

    LATER: ClassVar[tuple[str, ...]] = ()

    @model_serializer(mode="wrap")
    def _as_before(self, serialized: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said: dict[str, Any] = serialized(self)
        for name in self.LATER:
            field = type(self).model_fields[name]
            if getattr(self, name) == field.get_default(call_default_factory=True):
                said.pop(name, None)
                said.pop(field.alias or name, None)
        return said


class Window(Section):
    """Days counted back from a day: from ``first``, the oldest, to ``last``."""

    first: int
    last: int

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.first < self.last:
            raise ValueError(f"first ({self.first} days back) must not be nearer than last ({self.last} days back)")
        return self


def refuse(problems: Iterable[str]) -> None:
    """Raise when there are problems, with all of them.

    Raises:
        ValueError: naming each.
    """
    if found := list(problems):
        raise ValueError("; ".join(found))


def twice(field: str, names: Iterable[str]) -> Iterator[str]:
    """The problem that ``field`` has a name twice."""
    listed = list(names)
    if repeated := sorted({name for name in listed if listed.count(name) > 1}):
        yield f"{field}: declared twice: {', '.join(repeated)}"


def unknown(field: str, names: Iterable[str], known: Iterable[str], what: str) -> Iterator[str]:
    """The problem that ``field`` has a name that is not ``known``; ``what`` says in words what the known names are."""
    listed = list(known)
    if others := [name for name in names if name not in listed]:
        yield f"{field}: unknown {', '.join(others)}; expected one of {what}: {', '.join(listed)}"
