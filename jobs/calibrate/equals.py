"""Equal models compared by the gate's own functions: how often does it take one for the better by chance?

Equal are models of the same day, parameters and number of trees, each fitted to training days that were drawn with replacement:
which of two is better is chance alone. Beside them each model of the walk is compared with the one before it, as a retraining
in an ordinary week would be.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations

import numpy as np

from jobs.calibrate.backtest import PastModel
from jobs.gate import measurement
from jobs.gate.checks import GateDecision, decide
from jobs.gate.measurement import Measured
from jobs.gate.results import ChallengerResult, ChampionResult
from jobs.train.fitted_model import final_model
from lakehouse.declaration import Gate, UseCase
from lakehouse.evaluation.labelled_rows import TrainingSet

# Models of one day that are compared with one another, each with each and both ways.
REPLICAS = 3


@dataclass(frozen=True)
class Comparison:
    """A challenger and a champion on one holdout, measured as the gate measures them."""

    day: dt.date
    challenger: ChallengerResult
    champion: ChampionResult

    def decision(self, gate: Gate) -> GateDecision:
        """What the gate would say, with these margins."""
        return decide(gate, self.challenger, self.champion)


@dataclass(frozen=True)
class Comparisons:
    """Of replicas of each model, both ways, and of each model with the one before it."""

    equals: tuple[Comparison, ...]
    successors: tuple[Comparison, ...]


def of_walk(use_case: UseCase, models: Sequence[PastModel]) -> Comparisons:
    """All comparisons of a walk."""
    equals = tuple(one for past in models for one in of_equals(use_case, past))
    return Comparisons(equals, tuple(of_successors(use_case, models)))


def of_equals(use_case: UseCase, past: PastModel) -> list[Comparison]:
    """Replicas of the model, each compared with each."""
    models = [_replica(use_case, past, number) for number in range(REPLICAS)]
    replicas = [_measured(use_case, past, model, past.parts.holdout) for model in models]
    return [_compared(use_case, past.day, new, old) for new, old in permutations(replicas, 2)]


def of_successors(use_case: UseCase, models: Sequence[PastModel]) -> Iterator[Comparison]:
    """Each model against the one before it, on the days of its holdout that are new to both."""
    for older, newer in pairwise(models):
        holdout = newer.parts.holdout
        rows = holdout.between(older.split.validation.last + dt.timedelta(days=1), newer.split.holdout.last)
        if len(rows):
            new, old = (_measured(use_case, one, one.model.scorer, rows) for one in (newer, older))
            yield _compared(use_case, newer.day, new, old)


def _replica(use_case: UseCase, past: PastModel, number: int) -> object:
    """The model of days that were drawn again, by another seed."""
    dice = np.random.default_rng([use_case.model.seed, past.day.toordinal(), number])
    tuned = replace(past.tuned, params={**past.tuned.params, "seed": int(dice.integers(2**31 - 1))})
    drawn = [_drawn(part, dice) for part in (past.parts.train, past.parts.validation)]
    return final_model(use_case, tuned, *drawn)


def _drawn(rows: TrainingSet, dice: np.random.Generator) -> TrainingSet:
    """As many days as there are, drawn with replacement: the rows of a day have common causes, and stay together."""
    days = np.unique(rows.days)
    chosen = np.concatenate([np.flatnonzero(rows.days == day) for day in np.sort(dice.choice(days, len(days)))])
    drawn = None if rows.drawn is None else rows.drawn.where(chosen)
    columns = {"features": rows.features[chosen], "label": rows.label[chosen], "days": rows.days[chosen]}
    return replace(rows, **columns, slices={}, drawn=drawn)


def _measured(use_case: UseCase, past: PastModel, model: object, rows: TrainingSet) -> Measured:
    return measurement.of_model(model, past.model.threshold, rows, use_case, f"the model trained for {past.day}")


def _compared(use_case: UseCase, day: dt.date, new: Measured, old: Measured) -> Comparison:
    gain, slices = measurement.gains(use_case, new, old)
    challenger = ChallengerResult(measurement.metrics_of(use_case, new), measurement.gaps(use_case, new))
    return Comparison(day, challenger, ChampionResult(0, measurement.metrics_of(use_case, old), gain, slices))
