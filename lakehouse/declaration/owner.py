"""Who a source belongs to."""

from __future__ import annotations

from typing import Protocol

from lakehouse.declaration.calendar import Calendar


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
