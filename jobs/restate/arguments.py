"""The command line of restate."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import ByChampion, Delivering, SomeDays, WithDryRun
from jobs.options import option
from lakehouse.errors import BadArguments


@dataclass(frozen=True, kw_only=True)
class RestateArguments(Delivering, WithDryRun, ByChampion, SomeDays):
    """Whose stale partitions are recomputed, and of which days: those of a use case or dataset, or of every use case that reads a
    source.
    """

    use_case: str = field(default="", metadata=option("name of a declared use case"))
    source: str = field(default="", metadata=option("or of a declared source: of every use case that reads it"))

    dataset: str = field(default="", metadata=option("or of a declared dataset"))

    def __post_init__(self) -> None:
        """Refuse several, or none."""
        super().__post_init__()
        named = {"--use-case": self.use_case, "--source": self.source, "--dataset": self.dataset}
        given = [f"{flag} {name}" for flag, name in named.items() if name]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise BadArguments(f"expected --use-case, --source or --dataset, found {found}")
