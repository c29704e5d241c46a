"""Who a source belongs to, and who reads sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lakehouse.declaration.calendar import Calendar

if TYPE_CHECKING:
    from lakehouse.declaration.source import Source
    from lakehouse.declaration.use_case import Input


class Owner(Protocol):
    """Who a source belongs to: the use case that declares it, or the source itself where it stands alone."""

    @property
    def name(self) -> str:
        """The name of its folder."""

    @property
    def title(self) -> str:
        """What it is called."""

    @property
    def owner(self) -> str:
        """The team that answers for it."""

    @property
    def calendar(self) -> Calendar:
        """The days of its deliveries, their time zone, and the hour at which a night takes them in."""


class Reader(Protocol):
    """Who reads sources day by day: a use case for its features, or a feature group."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def calendar(self) -> Calendar:
        """The days that it is built for."""

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What a day may read."""

    def source(self, name: str) -> Source:
        """The source of that name, which it reads."""
