"""The command line of backtest."""

from __future__ import annotations

import argparse
import datetime as dt
from dataclasses import dataclass, field

from jobs.arguments import OfUseCase
from jobs.options import day, option
from lakehouse.declaration.model import CANDIDATES
from lakehouse.errors import BadArguments

MOST_TRIALS = 1_000


def _trials(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MOST_TRIALS:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {MOST_TRIALS}, found {text!r}")
    return int(text)


def _candidates(text: str) -> tuple[str, ...]:
    kinds = tuple(text.split(","))
    if not set(kinds) <= set(CANDIDATES) or len(set(kinds)) < len(kinds):
        raise argparse.ArgumentTypeError(
            f"expected some of {', '.join(CANDIDATES)}, separated by commas, such as boosted,linear, found {text!r}"
        )
    return kinds


@dataclass(frozen=True, kw_only=True)
class BacktestArguments(OfUseCase):
    """Which weeks are walked through.

    Attributes:
        first: the first day that is scored.
        last: the last one.
        trials: how many points a search tries each week; the first is the champion's, or the middle of each range.
        candidates: these in place of the declared ones; None for those.
    """

    first: dt.date = field(metadata=option("the first day to score", flag="--from", type=day, metavar="YYYY-MM-DD"))
    last: dt.date = field(metadata=option("the last day to score", flag="--to", type=day, metavar="YYYY-MM-DD"))
    trials: int = field(
        default=1, metadata=option("search with so many trials each week (1)", type=_trials, metavar="N")
    )
    candidates: tuple[str, ...] | None = field(
        default=None,
        metadata=option(
            "candidates in place of the declared ones, such as linear,boosted,blend", type=_candidates, metavar="KINDS"
        ),
    )

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        if self.last < self.first:
            raise BadArguments(f"--to {self.last} lies before --from {self.first}")
