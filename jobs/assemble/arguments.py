"""The command line of assemble."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import OfDataset, OneDay, WithDryRun
from jobs.options import option, words


@dataclass(frozen=True, kw_only=True)
class AssembleArguments(WithDryRun, OneDay, OfDataset):
    """Of which dataset a version is made, from the documents as of which day, and why."""

    reason: str = field(default="assembled", metadata=option("why, for the log of versions", type=words))
