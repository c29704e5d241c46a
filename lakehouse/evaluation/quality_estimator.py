"""What a model version's profile keeps for an early warning: its curves from score to chance, and what estimates are ordinary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic.dataclasses import dataclass

from lakehouse.evaluation import estimated_metrics
from lakehouse.evaluation.calibrator import Calibrator, Method, chances, moved
from lakehouse.evaluation.estimated_metrics import Estimates
from lakehouse.evaluation.population_stability import NUMBERS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, config=NUMBERS)
class OrdinaryDays:
    """A metric's estimates on days that the model was not fitted to.

    Attributes:
        rows: of each day; 0 where its rows do not define the metric.
        values: the estimate of each day.
        spread: the variance of a row, see `lakehouse.evaluation.estimated_metrics`.
    """

    rows: tuple[int, ...]
    values: tuple[float, ...]
    spread: float


@dataclass(frozen=True, config=NUMBERS)
class QualityEstimator:
    """Estimates the quality of scores from the scores alone.

    Attributes:
        method: of the curves.
        calibrators: one; of several classes one a class, in the order of ``classes``.
        days: the scored days from the first to the last of the rows that the curves were fitted to.
        ordinary: by metric the estimates of these days.
        strayed: by metric the variance by which a day's realised value strays from the estimate beyond what its rows explain,
            measured on days that the curve was not fitted to; without a metric that too few days define.
        classes: of a label of several, those that the model knew.
    """

    method: Method
    calibrators: tuple[Calibrator, ...]
    days: tuple[dt.date, ...]
    ordinary: Mapping[str, OrdinaryDays]
    strayed: Mapping[str, float]
    classes: tuple[str, ...] = ()

    def estimates(self, score: Floats, decided: NDArray[Any], by: float = 0.0) -> Estimates:
        """The estimate of each metric; see `measured`."""
        return measured(self.calibrators, score, decided, by)


def measured(calibrators: tuple[Calibrator, ...], score: Floats, decided: NDArray[Any], by: float = 0.0) -> Estimates:
    """The estimate of each metric.

    Args:
        calibrators: one, or one a class.
        score: shape (rows,), or of several classes (rows, classes): what the model said.
        decided: shape (rows,), 1 or 0, or the number of a class; -1 where nothing was decided.
        by: so much the chances of a yes are moved, in log-odds; not of several classes.
    """
    score, decided = in_order(score, decided)
    chance = chances(calibrators, score)
    if score.ndim == 2:
        return estimated_metrics.of_classes(score, chance, decided)
    return estimated_metrics.of_yes_or_no(score, moved(chance, by), decided if bool((decided >= 0).all()) else None)


def in_order(score: Floats, decided: NDArray[Any]) -> tuple[Floats, NDArray[Any]]:
    """The rows by ascending score, which they alone decide: sums of floats depend on the order, and that of the files is chance."""
    import numpy as np

    if score.ndim == 2:
        order = np.lexsort((*score.T[::-1], decided))
    elif bool((decided >= 0).all() and (score >= 0).all()):
        # Sorting bits takes a fifth of the time of sorting places; the bits of doubles from 0 on are in the order of their values,
        # and have no sign: there the decision goes.
        bits = np.sort((np.ascontiguousarray(score).view(np.uint64) << np.uint64(1)) | decided.astype(np.uint64))
        return (bits >> np.uint64(1)).view(np.float64), (bits & np.uint64(1)).astype(np.int8)
    else:
        order = np.lexsort((decided, score))
    return score[order], decided[order]
