"""The command line of restate."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import ByChampion, Delivering, SomeDays, WithDryRun
from jobs.options import option
from lakehouse.errors import BadArguments


@dataclass(frozen=True, kw_only=True)
class RestateArguments(Delivering, WithDryRun, ByChampion, SomeDays):
    """Whose stale partitions are recomputed, and of which days: those of a use case, or of every use case that reads a source."""

    use_case: str = field(default="", metadata=option("name of a declared use case"))
    source: str = field(default="", metadata=option("or of a declared source: of every use case that reads it"))

    def __post_init__(self) -> None:
        """Refuse both, or neither."""
        super().__post_init__()
        if bool(self.use_case) == bool(self.source):
            found = f"--use-case {self.use_case} and --source {self.source}" if self.use_case else "neither"
            raise BadArguments(f"expected --use-case or --source, found {found}")
