"""The command lines of ingest and of replay."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import AnyVolume, Days, Forced, OfSource, SomeDays


@dataclass(frozen=True, kw_only=True)
class IngestArguments(AnyVolume, Forced, Days, OfSource):
    """Whose deliveries are ingested, and of which days."""


@dataclass(frozen=True, kw_only=True)
class ReplayArguments(AnyVolume, SomeDays, OfSource):
    """Whose deliveries are checked again, and of which days."""
