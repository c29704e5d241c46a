"""How sure the difference of two models is: the paired bootstrap."""

from __future__ import annotations

from typing import Any

import numpy as np

from lakehouse import metrics
from lakehouse.training_set import Floats

RESAMPLES = 200


def interval(
    metric: str, label: Floats, challenger: Floats, champion: Floats, seed: int, resamples: int = RESAMPLES
) -> tuple[float, float] | None:
    """The 95 % percentile interval of how much better the challenger is, over resampled rows (Efron 1979).

    Both models are measured on the same resample each time, so what is hard about the rows cancels out.

    Args:
        metric: which metric.
        label: shape (n,).
        challenger: shape (n,), its scores.
        champion: shape (n,), its scores of the same rows.
        seed: equal seeds give equal intervals.
        resamples: how many.

    Returns:
        Lower and upper end in the metric's unit, positive where the challenger is better. None when fewer than half of
        the resamples define the metric.
    """
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        chosen = rng.integers(0, len(label), len(label))
        y = label[chosen]
        if metric in metrics.GREATER_IS_BETTER and y.min() == y.max():
            continue
        found.append(
            metrics.better_by(metric, value(metric, y, challenger[chosen]), value(metric, y, champion[chosen]))
        )
    if len(found) < max(1, resamples / 2):
        return None
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def value(metric: str, label: Floats, score: Floats) -> float:
    """One metric, without the cost of the others."""
    from sklearn import metrics as sk

    if metric == "log_loss":
        p = np.clip(score, 1e-12, 1 - 1e-12)
        return float(-np.mean(np.where(label > 0, np.log(p), np.log1p(-p))))
    single: dict[str, Any] = {
        "average_precision": sk.average_precision_score,
        "roc_auc": sk.roc_auc_score,
        "brier": lambda y, s: np.mean((s - y) ** 2),
        "rmse": lambda y, s: np.sqrt(np.mean((s - y) ** 2)),
        "mae": lambda y, s: np.mean(np.abs(s - y)),
    }
    return float(single[metric](label, score))
