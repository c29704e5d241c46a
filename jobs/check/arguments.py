"""The command line of check."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import Forced, OfDataset, OneDay


@dataclass(frozen=True, kw_only=True)
class CheckArguments(Forced, OneDay, OfDataset):
    """Whose answers are checked, of the documents as of which day."""
