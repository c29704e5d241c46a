"""Arguments that several stages share; those of one stage alone are in its room, jobs/<stage>/arguments.py."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from jobs.options import day, group_version, option, switch, words
from lakehouse.errors import BadArguments

CHAMPIONS = ("then", "now")
# Where a stage is run by a function, and nobody is named.
NOBODY = "job"


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The arguments of every stage.

    Attributes:
        actor: the person or program that runs the stage, for the event tables; of a command line see `jobs.actor`.
    """

    actor: str = field(
        default=NOBODY,
        metadata=option("who asks, for the event tables, which keep the system's user beside it", type=words),
    )


@dataclass(frozen=True, kw_only=True)
class OfUseCase(Arguments):
    """A stage that works on one use case."""

    use_case: str = field(metadata=option("name of a declared use case"))


@dataclass(frozen=True, kw_only=True)
class OfSource(Arguments):
    """A stage that works on one source."""

    source: str = field(metadata=option("name of a declared source"))


@dataclass(frozen=True, kw_only=True)
class OfGroup(Arguments):
    """A stage that works on one version of a feature group."""

    group: str = field(metadata=option("name of a declared feature group"))
    version: int = field(metadata=option("which version of it", type=group_version))


@dataclass(frozen=True, kw_only=True)
class OfDataset(Arguments):
    """A stage that works on one dataset."""

    dataset: str = field(metadata=option("name of a declared dataset"))


@dataclass(frozen=True, kw_only=True)
class OneDay(Arguments):
    """A stage that works on one day."""

    partition: dt.date = field(metadata=option("the day", type=day, metavar="YYYY-MM-DD"))


@dataclass(frozen=True, kw_only=True)
class Days(OneDay):
    """A stage that works on one day, or on the range from ``partition`` to ``through``, both included."""

    through: dt.date | None = field(
        default=None, metadata=option("last day of a range", type=day, metavar="YYYY-MM-DD")
    )

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        _check_range(self.partition, self.through)

    @property
    def days(self) -> list[dt.date]:
        """The days, in order."""
        last = self.through or self.partition
        return [self.partition + dt.timedelta(days=offset) for offset in range((last - self.partition).days + 1)]


@dataclass(frozen=True, kw_only=True)
class SomeDays(Arguments):
    """A stage that works on all days, on one, or on the range from ``partition`` to ``through``."""

    partition: dt.date | None = field(
        default=None, metadata=option("the day; all days when not given", type=day, metavar="YYYY-MM-DD")
    )
    through: dt.date | None = field(
        default=None, metadata=option("last day of a range", type=day, metavar="YYYY-MM-DD")
    )

    def __post_init__(self) -> None:
        """Refuse a range without a first day, or one that ends before it begins."""
        if self.through is not None and self.partition is None:
            raise BadArguments(f"--through {self.through} needs --partition, the first day of the range")
        _check_range(self.partition, self.through)

    @property
    def last(self) -> dt.date | None:
        """The last day; None for all days."""
        return self.through or self.partition


@dataclass(frozen=True, kw_only=True)
class Forced(Arguments):
    """A stage that leaves days alone that are up to date, unless ``force`` is set."""

    force: bool = field(default=False, metadata=switch("rebuild also what is up to date"))


@dataclass(frozen=True, kw_only=True)
class WithDryRun(Arguments):
    """A stage that can show its plan and change nothing."""

    dry_run: bool = field(default=False, metadata=switch("show the plan and change nothing"))


@dataclass(frozen=True, kw_only=True)
class Delivering(Arguments):
    """A stage that also delivers what it has scored again, to targets that had the day before."""

    no_deliver: bool = field(
        default=False, metadata=switch("leave the targets as they are: somebody delivers the corrections afterwards")
    )


@dataclass(frozen=True, kw_only=True)
class AnyVolume(Arguments):
    """A stage that compares the number of rows with that of other days."""

    any_volume: bool = field(
        default=False,
        metadata=switch(
            "accept deliveries of any number of rows: somebody has looked at them and confirms that they are right"
        ),
    )


@dataclass(frozen=True, kw_only=True)
class ByChampion(Arguments):
    """A stage that chooses versions for days that have scores already: the version of these scores, or today's champion."""

    champion: Literal["then", "now"] = field(
        default="then",
        metadata=option(
            "days that have scores: by the version that they were scored by, or by today's champion", choices=CHAMPIONS
        ),
    )


def _check_range(first: dt.date | None, last: dt.date | None) -> None:
    if first is not None and last is not None and last < first:
        raise BadArguments(f"--through {last} lies before --partition {first}")
