"""The command line of monitor."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import Days, Forced, OfUseCase


@dataclass(frozen=True, kw_only=True)
class MonitorArguments(Forced, Days, OfUseCase):
    """What is monitored, and of which days."""
