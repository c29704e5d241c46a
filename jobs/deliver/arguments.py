"""The command line of deliver."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import OfUseCase, SomeDays, WithDryRun
from jobs.options import option, switch


@dataclass(frozen=True, kw_only=True)
class DeliverArguments(WithDryRun, SomeDays, OfUseCase):
    """Whose scores are delivered, of which days, and where to.

    Attributes:
        target: the declared target; all when not given.
        corrections: only days that were delivered before, and have changed since.
        verify: read what the targets have of days that are up to date, and send a day again that differs.
        force: send also what is up to date.
    """

    target: str | None = field(default=None, metadata=option("one of the declared targets; all when not given"))
    corrections: bool = field(
        default=False, metadata=switch("only days that were delivered before and have changed since")
    )
    verify: bool = field(
        default=False,
        metadata=switch("read what the targets have, and send a day again that is not what the books say"),
    )
    force: bool = field(default=False, metadata=switch("send also what is up to date"))
