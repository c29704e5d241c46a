"""A tag of a model version as a typed attribute.

The registry holds tags as text, which anybody can change. A text that can't be read is refused by name, where it is used.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, Self, TypeVar, overload

from lakehouse.errors import ModelRefused

T = TypeVar("T")


class Tagged(Protocol):
    """What has tags."""

    @property
    def name(self) -> str:
        """The registered model."""

    @property
    def version(self) -> int:
        """Its version."""

    @property
    def tags(self) -> Mapping[str, str]:
        """The texts by key."""


class OptionalTag(Generic[T]):
    """A tag that a version may lack; its value is then None, as it is for an empty text.

    Args:
        key: of the tag.
        read: the value from the text; a ValueError says that it can't be read.
        expected: what the text holds, in words.
    """

    def __init__(self, key: str, read: Callable[[str], T], expected: str) -> None:
        self.key, self.read, self.expected = key, read, expected

    @overload
    def __get__(self, model: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, model: Tagged, owner: type[Any]) -> T | None: ...

    def __get__(self, model: Tagged | None, owner: type[Any]) -> Self | T | None:
        """The value.

        Raises:
            ModelRefused: when the text can't be read.
        """
        if model is None:
            return self
        return self._value(model) if model.tags.get(self.key) else None

    def problem(self, model: Tagged) -> str | None:
        """Why the tag has no value, in words; None when it has one."""
        text = model.tags.get(self.key)
        if not text:
            return f"the tag {self.key} is not there"
        try:
            self.read(text)
        except ValueError:
            return f"the tag {self.key} should hold {self.expected}, found {text!r}"
        return None

    def _value(self, model: Tagged) -> T:
        text = model.tags.get(self.key)
        try:
            if text:
                return self.read(text)
        except ValueError:
            pass
        raise ModelRefused(
            f"model {model.name} version {model.version}: expected the tag {self.key} with {self.expected}, found {text!r}; "
            "the train job sets it: train a new version, or set the tag in MLflow"
        )


class Tag(OptionalTag[T]):
    """A tag that every version of the train job has."""

    @overload
    def __get__(self, model: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, model: Tagged, owner: type[Any]) -> T: ...

    def __get__(self, model: Tagged | None, owner: type[Any]) -> Self | T:
        """The value.

        Raises:
            ModelRefused: when there is no text, or none that can be read.
        """
        return self if model is None else self._value(model)


def day(text: str) -> dt.date:
    """The day of an ISO date."""
    return dt.date.fromisoformat(text)


def instant(text: str) -> dt.datetime:
    """The instant of an ISO text that names its time zone."""
    at = dt.datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text}: no time zone")
    return at


def names(text: str) -> tuple[str, ...]:
    """The names that commas separate."""
    return tuple(text.split(","))
