"""What limits of drift do on ordinary days: how many they call violated, and how many retrainings that asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jobs.calibrate.rates import Rate, Retrainings
from jobs.calibrate.watch import Watch
from lakehouse.declaration import Drift, UseCase


@dataclass(frozen=True)
class Outcome:
    """Needless verdicts and retrainings; None where nothing could be measured."""

    violated: Rate | None
    retrainings: Retrainings | None


def of_limits(use_case: UseCase, watches: Sequence[Watch], drift: Drift) -> Outcome:
    """What these limits would have done on the watched days."""
    like = use_case.model_copy(update={"drift": drift})
    by_watch = [watch.verdicts(like) for watch in watches]
    violated = Rate.of((bad for days in by_watch for bad in days.values()), windows(watches, drift))
    exposures = [watch.exposure(like, days) for watch, days in zip(watches, by_watch, strict=True)]
    return Outcome(violated, Retrainings.of(exposures, drift.cooldown_days, use_case.calendar.scores))


def windows(watches: Iterable[Watch], drift: Drift) -> float:
    """How many windows that share no scored day the watched days hold: so many independent values they count for."""
    return len({day for watch in watches for day in watch.days}) / drift.window_days
