"""The command lines of grade and teach."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.arguments import OfDataset, OneDay, WithDryRun
from jobs.options import option
from lakehouse.declaration.dataset_teacher import PAID_AGAIN
from lakehouse.errors import BadArguments


@dataclass(frozen=True, kw_only=True)
class TeachArguments(WithDryRun, OneDay, OfDataset):
    """About whose documents is asked, as of which day, and which outcomes are paid for once more."""

    again: str = field(
        default="",
        metadata=option(
            f"outcomes that are sent, and paid, once more, separated by commas: of {', '.join(sorted(PAID_AGAIN))}"
        ),
    )

    def __post_init__(self) -> None:
        """Refuse an outcome that there is none of."""
        if wrong := sorted(set(self.outcomes) - PAID_AGAIN):
            raise BadArguments(f"--again: expected some of {', '.join(sorted(PAID_AGAIN))}, found {', '.join(wrong)}")

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes, one by one."""
        return tuple(one.strip() for one in self.again.split(",") if one.strip())
