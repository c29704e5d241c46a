"""A source that stands on its own, for any number of use cases to read."""

from __future__ import annotations

from functools import cached_property

from pydantic import model_validator

from lakehouse.declaration.calendar import Calendar
from lakehouse.declaration.source import Source


class SharedSource(Source):
    """A source as ``include/sources/<name>/source.yaml`` declares it: what it is within a use case, and whose it is.

    It is ingested once, by its own calendar, however many use cases read it. A use case reads it by naming it.
    """

    title: str
    owner: str
    calendar: Calendar

    @model_validator(mode="after")
    def _scores_nothing(self) -> SharedSource:
        if "scores" in self.calendar.model_fields_set:
            raise ValueError(
                "calendar.scores: a source is taken in every night; expected this field in the use cases that read it, and not here"
            )
        return self

    @cached_property
    def source(self) -> Source:
        """The source alone: what the same lines mean within a use case."""
        return Source.model_construct(**{name: getattr(self, name) for name in Source.model_fields})
