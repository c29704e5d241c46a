"""One side of a review: a use case as a revision declares it, built and walked through in a copy of the lakehouse."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow.compute as pc

from jobs import code_versions
from jobs.backtest import job as backtest
from jobs.backtest import steps
from jobs.backtest.arguments import BacktestArguments
from jobs.backtest.past_week import LIFECYCLE
from jobs.calibrate import parameters
from jobs.features import job as features
from jobs.features.arguments import FeaturesArguments
from jobs.review.arguments import ReviewArguments
from lakehouse import tables
from lakehouse.arrivals import readiness
from lakehouse.declaration import UseCase, metric_names
from lakehouse.errors import NightjarError, TrainingDataMissing
from lakehouse.staleness import expected_inputs, up_to_date
from lakehouse.storage import arrow_dataset, delta_log

# So many days are built a second time, each alone.
ALONE = 3


@dataclass(frozen=True)
class Side:
    """What was found.

    Attributes:
        weeks: by first day of a week the lifecycle's metrics in it; empty where nothing was walked.
        metric: the loss that the gate goes by.
        stale: how many of the days that are built would have to be built again.
        built: how many days are built.
        leaks: days whose rows are others when they are built together with later days, in words.
        feature_seconds: to build the days of the walk, and how many these were.
        training_seconds: of the walk.
        rows: labelled rows that were scored.
        problem: why something is missing; empty when nothing is.
    """

    weeks: Mapping[dt.date, Mapping[str, float | None]] = field(default_factory=dict)
    metric: str = ""
    stale: int = 0
    built: int = 0
    leaks: tuple[str, ...] = ()
    feature_days: int = 0
    feature_seconds: float = 0.0
    training_seconds: float = 0.0
    rows: int = 0
    problem: str = ""


def look(use_case: UseCase, arguments: ReviewArguments, changed: bool) -> Side:
    """Build, compare and walk; the environment names the side's declarations and its copy of the lakehouse.

    Args:
        use_case: as the side declares it.
        arguments: which weeks.
        changed: whether it is the side with the change: leaks are looked for there alone.
    """
    built = up_to_date.built(tables.features(use_case))
    stale = _stale(use_case, built)
    if arguments.no_backtest and not changed:
        return Side(stale=stale, built=len(built))
    last = arguments.last or _newest_labelled(use_case)
    if last is None:
        return Side(stale=stale, built=len(built), problem="there are no labels yet")
    weeks = steps.weeks(last - dt.timedelta(days=7 * arguments.weeks - 1), last)
    learned = 0 if arguments.no_backtest else use_case.split.train.first
    first = max(use_case.calendar.start, weeks[0].first - dt.timedelta(days=learned))
    days = [day for day in sorted(_population_days(use_case)) if first <= day <= last]
    if not days:
        return Side(stale=stale, built=len(built), problem=f"the population has no day from {first} to {last}")
    try:
        # The first day apart: it waits for a session that starts.
        _build(use_case, days[0], days[0])
        started = time.monotonic()
        _build(use_case, days[0], days[-1])
    except NightjarError as error:
        return Side(stale=stale, built=len(built), problem=str(error))
    seconds = time.monotonic() - started
    leaks = _leaks(use_case, days) if changed else ()
    found = Side(
        metric=metric_names.LOSS[use_case.model.task],
        stale=stale,
        built=len(built),
        leaks=leaks,
        feature_days=len(days),
        feature_seconds=seconds,
    )
    return found if arguments.no_backtest or leaks else _walked(use_case, weeks, found)


def _walked(use_case: UseCase, weeks: Sequence[steps.Week], found: Side) -> Side:
    asked = BacktestArguments(use_case=use_case.name, first=weeks[0].first, last=weeks[-1].last)
    tried = backtest.tried(use_case, asked)
    started = time.monotonic()
    try:
        lived, _, _ = backtest.walk(tried, list(weeks), parameters.choose(tried, known_on=weeks[0].first))
    except TrainingDataMissing as error:
        return Side(**{**vars(found), "problem": str(error)})
    return Side(
        **{
            **vars(found),
            "weeks": {week.first: week.metrics[LIFECYCLE] for week in lived if LIFECYCLE in week.metrics},
            "training_seconds": time.monotonic() - started,
            "rows": sum(week.rows for week in lived if LIFECYCLE in week.metrics),
        }
    )


def _build(use_case: UseCase, first: dt.date, last: dt.date, force: bool = False) -> None:
    features.run(FeaturesArguments(use_case=use_case.name, partition=first, through=last, force=force))


def _leaks(use_case: UseCase, days: Sequence[dt.date]) -> tuple[str, ...]:
    """Build some days again, each alone: then its transform is given nothing that a later day may read.

    A value that differs was made from what came later.
    """
    table, found = tables.features(use_case), []
    names = [*use_case.key_names, *use_case.own_feature_names]
    chosen = sorted({days[len(days) * part // (ALONE + 1)] for part in range(1, ALONE + 1)})
    for day in chosen:
        together = _rows(use_case, day, names)
        _build(use_case, day, day, force=True)
        alone = _rows(use_case, day, names)
        different = [name for name in names if [row[name] for row in together] != [row[name] for row in alone]]
        if different:
            found.append(
                f"{table.full_name} {day}: {', '.join(different)} differ when the day is built without later ones"
            )
    return tuple(found)


def _rows(use_case: UseCase, day: dt.date, names: Sequence[str]) -> list[dict[str, object]]:
    rows = arrow_dataset.read(tables.features(use_case), pc.field("partition") == day, columns=list(names)).to_pylist()
    return sorted(rows, key=lambda row: tuple(repr(row[name]) for name in use_case.key_names))


def _stale(use_case: UseCase, built: Mapping[dt.date, str]) -> int:
    if not built:
        return 0
    arrivals = readiness.Arrivals(use_case, min(built), max(built))
    expected = expected_inputs.for_features(use_case, sorted(built), arrivals, code_versions.CURRENT.features)
    return len(up_to_date.compare(tables.features(use_case), expected).outdated())


def _population_days(use_case: UseCase) -> set[dt.date]:
    return set(delta_log.rows_by_day(tables.silver(use_case.source(use_case.entity.source))))


def _newest_labelled(use_case: UseCase) -> dt.date | None:
    days = set.intersection(
        _population_days(use_case),
        *(set(delta_log.rows_by_day(tables.silver(use_case.source(name)))) for name in use_case.label.sources),
    )
    return max(days, default=None)
