"""A source that stands on its own, for any number of use cases to read."""

from __future__ import annotations

from functools import cached_property

from lakehouse.declaration.calendar import Calendar
from lakehouse.declaration.source import Source


class SharedSource(Source):
    """A source as ``include/sources/<name>/source.yaml`` declares it: what it is within a use case, and whose it is.

    It is ingested once, by its own calendar, however many use cases read it. A use case reads it by naming it.
    """

    title: str
    owner: str
    calendar: Calendar

    @cached_property
    def source(self) -> Source:
        """The source alone: what the same lines mean within a use case."""
        return Source.model_construct(**{name: getattr(self, name) for name in Source.model_fields})
