"""The command line of stale."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import ByChampion, OfUseCase, SomeDays


@dataclass(frozen=True, kw_only=True)
class StaleArguments(ByChampion, SomeDays, OfUseCase):
    """Whose partitions are looked at, and of which days."""
