"""The command line of review."""

from __future__ import annotations

import argparse
import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from jobs.arguments import Arguments
from jobs.options import day, option, switch


def _weeks(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 104:
        raise argparse.ArgumentTypeError(f"expected a number of weeks from 1 to 104, found {text!r}")
    return int(text)


@dataclass(frozen=True, kw_only=True)
class ReviewArguments(Arguments):
    """What is compared with what, and where the comment goes.

    Attributes:
        base: a revision of git; the declarations as they are on disk are compared with it.
        to: the file of the comment.
        weeks: how many weeks the backtests walk through.
        last: the last day of them; None: the newest that has a label.
        no_backtest: declarations, leaks and staleness alone.
    """

    base: str = field(metadata=option("revision of git to compare with, such as origin/main", metavar="REF"))
    to: Path = field(metadata=option("file of the comment, in Markdown", type=Path, metavar="FILE"))
    weeks: int = field(default=4, metadata=option("weeks of the backtests (4)", type=_weeks, metavar="N"))
    last: dt.date | None = field(
        default=None,
        metadata=option(
            "last day of the backtests; the newest with a label when not given", type=day, metavar="YYYY-MM-DD"
        ),
    )
    no_backtest: bool = field(default=False, metadata=switch("train nothing: declarations, leaks and staleness alone"))
