"""The command line of upgrade."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import WithDryRun


@dataclass(frozen=True, kw_only=True)
class UpgradeArguments(WithDryRun):
    """Who asks, and whether the steps are only listed."""
