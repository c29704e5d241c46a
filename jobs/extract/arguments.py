"""The command line of extract."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import Days, OfSource
from jobs.options import switch


@dataclass(frozen=True, kw_only=True)
class ExtractArguments(Days, OfSource):
    """Which source is read, and of which days.

    Attributes:
        any_gap: of a topic, go on behind messages that were deleted before they were read.
    """

    any_gap: bool = field(
        default=False,
        metadata=switch(
            "of a topic: go on behind messages that were deleted before they were read; the delivery's origin says which"
        ),
    )
