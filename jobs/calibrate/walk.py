"""The walk through the ordinary days: train, watch what follows, go on to the next past day."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass

from jobs.calibrate.backtest import PastModel, train
from jobs.calibrate.plan import Plan
from jobs.calibrate.watch import Watch
from jobs.train.search.space import Value
from lakehouse.declaration import UseCase
from lakehouse.errors import TrainingDataMissing
from lakehouse.evaluation.labelled_rows import TrainingSet

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Walk:
    """The past models in order, and what was seen of the days after each."""

    models: tuple[PastModel, ...]
    watches: tuple[Watch, ...]


def through(use_case: UseCase, rows: TrainingSet, steps: Plan, point: Mapping[str, Value]) -> Walk:
    """Take the steps of the plan; a day for which there are too few labels to train is left out.

    Raises:
        TrainingDataMissing: when no day has enough of them. TrainingFailed: when XGBoost refuses parameters or labels.
    """
    models, watches, missing = list[PastModel](), list[Watch](), list[TrainingDataMissing]()
    for number, refit in enumerate(steps.refits, start=1):
        started = time.monotonic()
        try:
            past = train(use_case, rows, refit.day, point)
        except TrainingDataMissing as error:
            log.warning("calibrate: no model for %s: %s", refit.day, error)
            missing.append(error)
            continue
        models.append(past)
        watches.append(Watch.of(use_case, rows, past, number, refit.watched_through))
        log.info(
            "calibrate %s: %d of %d: trained for %s in %d trees, watched through %s, in %.1f s",
            *(use_case.name, number, len(steps.refits), refit.day, past.tuned.rounds, refit.watched_through),
            time.monotonic() - started,
        )
    if not models:
        raise missing[-1]
    if not any(watch.days for watch in watches):
        days = ", ".join(str(past.day) for past in models)
        raise TrainingDataMissing(
            f"{use_case.name}: expected features of the days after {days}, the days that a model could be trained for; found none "
            "in between: build them, or choose other days"
        )
    return Walk(tuple(models), tuple(watches))
