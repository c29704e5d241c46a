"""The command line of calibrate."""

from __future__ import annotations

import argparse
import datetime as dt
from dataclasses import dataclass, field

from jobs.arguments import Days, OfUseCase
from jobs.options import day, option, switch

MOST_REFITS = 200


def _refits(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MOST_REFITS:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {MOST_REFITS}, found {text!r}")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = float("nan")
    if not 0.0001 <= rate <= 0.5:
        raise argparse.ArgumentTypeError(f"expected a share from 0.0001 to 0.5, such as 0.02, found {text!r}")
    return rate


@dataclass(frozen=True, kw_only=True)
class CalibrateArguments(Days, OfUseCase):
    """Which ordinary days are walked through, and what is proposed.

    Attributes:
        partition: the first ordinary day; without ``through`` the last one, and the days begin as early as they can.
        through: the last ordinary day.
        refits: how many models are trained on the way, at most.
        rate: the share of ordinary days that may have a violated verdict.
        write: whether the proposed values are written into the declaration.
    """

    partition: dt.date = field(
        metadata=option(
            "first ordinary day; without --through the last one, and all before it that can be judged are taken",
            type=day,
            metavar="YYYY-MM-DD",
        )
    )
    through: dt.date | None = field(default=None, metadata=option("last ordinary day", type=day, metavar="YYYY-MM-DD"))
    refits: int = field(
        default=8, metadata=option("train so many models on the way, at most (8)", type=_refits, metavar="N")
    )
    rate: float = field(
        default=0.02,
        metadata=option("share of ordinary days that may be violated, at most (0.02)", type=_rate, metavar="SHARE"),
    )
    write: bool = field(
        default=False, metadata=switch("write what is proposed into the use case's use_case.yaml, and nothing else")
    )

    @property
    def first(self) -> dt.date | None:
        """The first ordinary day; None for as early as can be."""
        return None if self.through is None else self.partition

    @property
    def last(self) -> dt.date:
        """The last ordinary day."""
        return self.through or self.partition
