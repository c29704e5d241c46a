"""The command lines of publish and parity."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import Forced, OfGroup
from jobs.options import option, row_count


@dataclass(frozen=True, kw_only=True)
class PublishArguments(Forced, OfGroup):
    """Which version of a group is published."""


@dataclass(frozen=True, kw_only=True)
class ParityArguments(OfGroup):
    """Which version's serving table is compared with gold.

    Attributes:
        keys: how many keys at most; other ones each day.
    """

    keys: int = field(default=1000, metadata=option("how many keys at most are compared", type=row_count))
