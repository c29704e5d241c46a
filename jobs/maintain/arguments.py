"""The command line of maintain."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.arguments import WithDryRun


@dataclass(frozen=True, kw_only=True)
class MaintainArguments(WithDryRun):
    """All tables; ``dry_run`` lists what retention would take."""
