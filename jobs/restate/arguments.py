"""The command line of restate."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import ByChampion, Delivering, OfUseCase, SomeDays, WithDryRun


@dataclass(frozen=True, kw_only=True)
class RestateArguments(Delivering, WithDryRun, ByChampion, SomeDays, OfUseCase):
    """Whose stale partitions are recomputed, and of which days."""
