"""The command line of stale."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import ByChampion, SomeDays
from jobs.options import option
from lakehouse.errors import BadArguments


@dataclass(frozen=True, kw_only=True)
class StaleArguments(ByChampion, SomeDays):
    """Whose partitions are looked at, and of which days: those of a use case, or of a dataset."""

    use_case: str = field(default="", metadata=option("name of a declared use case"))
    dataset: str = field(default="", metadata=option("or of a declared dataset"))

    def __post_init__(self) -> None:
        """Refuse both, or neither."""
        super().__post_init__()
        if bool(self.use_case) == bool(self.dataset):
            found = f"--use-case {self.use_case} and --dataset {self.dataset}" if self.use_case else "neither"
            raise BadArguments(f"expected --use-case or --dataset, found {found}")
