"""The walk as a whole: each model's mean over the weeks, and whether the lifecycle is better than it beyond noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jobs.backtest.past_week import LIFECYCLE, PastWeek
from lakehouse.declaration import UseCase, metric_names
from lakehouse.declaration.metric_names import CALIBRATION_ERROR, CALIBRATION_GAP
from lakehouse.evaluation import day_bootstrap, metrics
from lakehouse.evaluation.day_bootstrap import RESAMPLES

SHOWN = {
    "classification": ("log_loss", "roc_auc", "brier", CALIBRATION_GAP, CALIBRATION_ERROR),
    "regression": ("rmse", "mae", CALIBRATION_GAP, CALIBRATION_ERROR),
    "multiclass": ("log_loss", "brier", "accuracy", CALIBRATION_ERROR),
}


@dataclass(frozen=True)
class Standing:
    """One model over the weeks in which it and the lifecycle scored.

    Attributes:
        model: its name.
        weeks: how many they are.
        means: of each metric over these weeks, every week counted once.
        gain: by how much the lifecycle's loss is less, in the mean over weeks; None for the lifecycle itself.
        low: lower end of the 95 % interval of ``gain``, from weeks drawn with replacement; None for a single week.
        high: its upper end.
        worse: in how many weeks the lifecycle is worse.
        metric: the loss that ``gain`` is of.
    """

    model: str
    weeks: int
    means: dict[str, float | None]
    gain: float | None
    low: float | None
    high: float | None
    worse: int
    metric: str

    @property
    def beyond_noise(self) -> bool:
        """Whether the lifecycle is better, and the whole interval above zero."""
        return self.low is not None and self.low > 0


def standings(use_case: UseCase, weeks: Sequence[PastWeek]) -> tuple[Standing, ...]:
    """The lifecycle first, then the other models, the best first."""
    metric = metric_names.LOSS[use_case.model.task]
    names = list(dict.fromkeys(name for week in weeks for name in week.metrics))
    found = [_standing(use_case, weeks, name, metric) for name in names]

    def rank(one: Standing) -> tuple[bool, float]:
        mean = one.means.get(metric)
        return one.model != LIFECYCLE, float("inf") if mean is None else mean

    return tuple(sorted(found, key=rank))


def _standing(use_case: UseCase, weeks: Sequence[PastWeek], name: str, metric: str) -> Standing:
    both = [week for week in weeks if name in week.metrics]
    if any(LIFECYCLE in week.metrics for week in both):
        both = [week for week in both if LIFECYCLE in week.metrics]
    means = {one: _mean([week.metrics[name].get(one) for week in both]) for one in SHOWN[use_case.model.task]}
    pairs = [(week.metrics[name].get(metric), week.metrics.get(LIFECYCLE, {}).get(metric)) for week in both]
    gains = np.array(
        [metrics.better_by(metric, own, other) for other, own in pairs if own is not None and other is not None]
    )
    if name == LIFECYCLE or not len(gains):
        return Standing(name, len(both), means, None, None, None, 0, metric)
    draws = np.random.default_rng(use_case.model.seed).integers(len(gains), size=(RESAMPLES, len(gains)))
    low, high = day_bootstrap.interval(gains[draws].mean(axis=1), len(gains)) or (None, None)
    return Standing(name, len(both), means, float(gains.mean()), low, high, int((gains < 0).sum()), metric)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
