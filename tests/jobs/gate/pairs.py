"""Made-up holdouts and pairs of models whose true difference is known, judged by the gate as it judges real ones.

A holdout is some days of flights: each day has its own weather (a shift of every row's log-odds), each row its own risk, each
carrier its share of the rows. A model sees the risk with errors of its own: one for each row, and one for each
day, since what a model gets wrong about a day it gets wrong in all of its rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jobs.gate import measurement
from jobs.gate.checks import GateDecision, decide
from jobs.gate.measurement import Measured
from jobs.gate.results import ChallengerResult, ChampionResult
from lakehouse.declaration import UseCase
from lakehouse.declaration.metric_catalogue import Rows
from lakehouse.evaluation import metrics
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.jobs import appointments

CARRIERS = {"UA": 0.19, "B6": 0.18, "EV": 0.16, "DL": 0.15, "AA": 0.11, "MQ": 0.08, "US": 0.07, "WN": 0.04, "HA": 0.02}
THRESHOLD = 0.3


@dataclass(frozen=True)
class Model:
    """How wrong a model is, in log-odds.

    Attributes:
        row: standard deviation of its error on a row.
        day: standard deviation of its error on a day.
        shift: how much too high all its scores are.
        harmed: by how much more it errs on the rows of a carrier.
        biased: how much too high its scores of a carrier's rows are.
    """

    row: float = 0.35
    day: float = 0.2
    shift: float = 0.0
    harmed: Mapping[str, float] = field(default_factory=dict)
    biased: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Holdout:
    """Rows with their true log-odds, and the dice that the models' errors come from."""

    rows: TrainingSet
    odds: NDArray[np.float64]
    dice: np.random.Generator

    @classmethod
    def of(cls, seed: int, days: int = 7, rows_a_day: int = 900) -> Holdout:
        """So many days of so many rows."""
        dice = np.random.default_rng(seed)
        day = np.repeat(np.arange(days), rows_a_day)
        odds = -1.2 + dice.normal(0, 0.5, days)[day] + dice.normal(0, 0.8, len(day))
        label = (dice.random(len(day)) < 1 / (1 + np.exp(-odds))).astype(np.float64)
        carrier = dice.choice(list(CARRIERS), len(day), p=list(CARRIERS.values()))
        dates = np.datetime64("2024-06-01") + day
        return cls(TrainingSet((), np.empty((len(day), 0)), label, dates, {"carrier": carrier}), odds, dice)

    def measured(self, model: Model) -> Measured:
        """What the model says of these rows."""
        day = np.unique(self.rows.days, return_inverse=True)[1]
        error = self.dice.normal(0, model.row, len(day)) + self.dice.normal(0, model.day, day.max() + 1)[day]
        for carrier, more in model.harmed.items():
            error += np.where(self.rows.slices["carrier"] == carrier, self.dice.normal(0, more, len(day)), 0)
        for carrier, shift in model.biased.items():
            error += np.where(self.rows.slices["carrier"] == carrier, shift, 0)
        score = 1 / (1 + np.exp(-(self.odds + model.shift + error)))
        return Measured(self.rows, Rows(self.rows.label, score, score >= THRESHOLD))


def use_case(**gate: object) -> UseCase:
    """A use case sliced by carrier, with that gate."""
    content = appointments.declaration(name="pairs")
    content["sources"][0]["columns"].append({"name": "carrier", "type": "string"})
    declared = {"metric": "log_loss", "min_improvement": 0.0, **gate}
    return UseCase.model_validate(content | {"slices": ["carrier"], "gate": declared})


def judge(case: UseCase, holdout: Holdout, challenger: Model, champion: Model) -> GateDecision:
    """What the gate says of the pair."""
    mine, theirs = holdout.measured(challenger), holdout.measured(champion)
    gain, slices = measurement.gains(case, mine, theirs)
    ours, others = (
        metrics.compute("classification", rows.label, rows.score, rows.decided)
        for rows in (mine.predictions, theirs.predictions)
    )
    rival = ChampionResult(1, others, gain, slices)
    return decide(case.gate, ChallengerResult(ours, measurement.gaps(case, mine)), rival)


def promoted(case: UseCase, challenger: Model, champion: Model, seeds: range, **holdout: int) -> float:
    """The share of the seeds on which the challenger is promoted."""
    verdicts = [judge(case, Holdout.of(seed, **holdout), challenger, champion).verdict for seed in seeds]
    return verdicts.count("promoted") / len(verdicts)
