"""How good the final model is on its holdout: as a whole, against baselines, by slice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jobs.train import baselines
from jobs.train.baselines import Baselines
from lakehouse.declaration import UseCase
from lakehouse.evaluation import metrics, slices
from lakehouse.evaluation.day_bootstrap import Bools
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.evaluation.realised_worth import RealisedWorth
from lakehouse.scorers.nightjar_linear import Linear

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Evaluation:
    """The final model's scores and decisions (None for a regression) on the holdout, and its metrics there.

    Attributes:
        score: shape (rows,); of several classes a column a class.
        decided: shape (rows,), whether the score reaches the threshold; of several classes the number of one.
        metrics: by name, of the model and of each baseline.
        recalibration: intercept and slope of the recalibration line; empty where the holdout does not define it.
        slices: lines as ``lakehouse.evaluation.slices.measured`` gives them.
        baselines: each as a model of coefficients.
        confusion: lines as ``lakehouse.evaluation.class_metrics.confusion_lines`` gives them, of several classes.
    """

    score: Floats
    decided: Bools | NDArray[np.int64] | None
    metrics: dict[str, dict[str, float | None]]
    recalibration: dict[str, float]
    slices: list[dict[str, Any]]
    confusion: list[dict[str, Any]] = field(default_factory=list)
    baselines: Mapping[str, Linear] = field(default_factory=dict)


def evaluate(
    use_case: UseCase, past: TrainingSet, holdout: TrainingSet, score: Floats, threshold: float | None
) -> Evaluation:
    """Measure the scores of the holdout; baselines are fitted to ``past``."""
    decided, worth = None if threshold is None else score >= threshold, RealisedWorth.of(use_case)
    fitted = Baselines.fit(use_case.costed_model, past)
    line = metrics.recalibration(holdout.label, score) if use_case.binary else None
    return Evaluation(
        score=score,
        decided=decided,
        metrics={
            "model": metrics.compute(use_case.model.task, holdout.label, score, decided)
            | ({} if worth is None else worth.beside(holdout.label, score, decided, [float(past.label.mean())])),
            **baselines.measured(fitted, holdout, worth),
        },
        recalibration={} if line is None else {"calibration_intercept": line[0], "calibration_slope": line[1]},
        slices=slices.measured(use_case, holdout, score, decided),
        baselines=fitted.files(),
    )
