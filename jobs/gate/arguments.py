"""The command line of gate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from jobs.arguments import OfUseCase, OneDay
from jobs.options import model_version, option

Answer = Literal["approved", "rejected", "timeout"]


@dataclass(frozen=True, kw_only=True)
class GateArguments(OneDay, OfUseCase):
    """Which challenger is compared with the champion.

    Attributes:
        model_version: this version; else the newest that was trained for the day.
        answer: what a person answered to the promotion that the gate proposed.
    """

    model_version: int | None = field(
        default=None,
        metadata=option("compare this version; else the newest trained for the day", type=model_version, metavar="N"),
    )
    answer: Answer | None = field(
        default=None,
        metadata=option(
            "answer a promotion that waits for a person; --actor says who answers",
            choices=("approved", "rejected", "timeout"),
        ),
    )
