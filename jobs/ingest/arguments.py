"""The command lines of ingest, replay and migrate."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import AnyVolume, Arguments, Days, Forced, OfSource, SomeDays, WithDryRun
from jobs.options import option, switch
from lakehouse.errors import BadArguments


@dataclass(frozen=True, kw_only=True)
class IngestArguments(AnyVolume, Forced, Days, OfSource):
    """Whose deliveries are ingested, and of which days."""


@dataclass(frozen=True, kw_only=True)
class ReplayArguments(AnyVolume, SomeDays, OfSource):
    """Whose deliveries are checked again, and of which days."""


@dataclass(frozen=True, kw_only=True)
class MigrateArguments(WithDryRun, Arguments):
    """Whose tables get the shape that the declaration has now: a source's, or the gold tables of a use case."""

    source: str | None = field(default=None, metadata=option("name of a declared source"))
    use_case: str | None = field(default=None, metadata=option("name of a declared use case"))
    any_rejects: bool = field(
        default=False,
        metadata=switch("go on where more rows than the contract allows would be rejected: they stay in bronze"),
    )

    def __post_init__(self) -> None:
        """Refuse both, and neither."""
        if (self.source is None) == (self.use_case is None):
            raise BadArguments("--source or --use-case: expected exactly one of them")
