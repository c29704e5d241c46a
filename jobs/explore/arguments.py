"""The command line of explore."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import OfDataset, OneDay


@dataclass(frozen=True, kw_only=True)
class ExploreArguments(OneDay, OfDataset):
    """Whose documents are looked at, as of which day."""
