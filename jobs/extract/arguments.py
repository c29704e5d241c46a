"""The command line of extract."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import Days, OfSource


@dataclass(frozen=True, kw_only=True)
class ExtractArguments(Days, OfSource):
    """Which source is read, and of which days."""
