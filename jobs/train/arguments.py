"""The command line of train."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from jobs.arguments import Arguments
from jobs.options import day, option, run_id, words
from lakehouse.errors import BadArguments


@dataclass(frozen=True, kw_only=True)
class TrainArguments(Arguments):
    """What is trained: a use case as of a day, or once more what an earlier run trained.

    Attributes:
        use_case: whose model.
        partition: the day that the training is for.
        reason: why, where a person asks for the training.
        like: the id of a run whose training is repeated; then its record says which use case and day.
    """

    use_case: str | None = field(default=None, metadata=option("name of a declared use case"))
    partition: dt.date | None = field(default=None, metadata=option("the day", type=day, metavar="YYYY-MM-DD"))
    reason: str | None = field(
        default=None,
        metadata=option("why you ask for this training, for readers of ops.model_events", type=words),
    )
    like: str | None = field(
        default=None,
        metadata=option(
            "train again from this run's record, compare, and register nothing; needs no other argument",
            type=run_id,
            metavar="RUN_ID",
        ),
    )

    def __post_init__(self) -> None:
        """Refuse what says neither what to train, nor like which run; or both."""
        if self.like is None and (self.use_case is None or self.partition is None):
            raise BadArguments("train: expected --use-case and --partition, or --like and the id of a run")
        if self.like is not None and self.partition is not None:
            raise BadArguments("train: expected --like or --partition, found both; the run's record says which day")
