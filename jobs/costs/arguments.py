"""Arguments of the stage costs."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import SomeDays, WithDryRun
from jobs.options import switch


@dataclass(frozen=True, kw_only=True)
class CostsArguments(SomeDays, WithDryRun):
    """``partition`` to ``through`` are days on which runs began."""

    again: bool = field(
        default=False, metadata=switch("cost also the runs that are recorded, by the rate card as it is now")
    )
