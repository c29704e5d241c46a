"""The decision threshold with the least cost."""

from __future__ import annotations

import numpy as np

from lakehouse.evaluation.labelled_rows import Floats


def cheapest(label: Floats, score: Floats, cost_of_miss: float, cost_of_false_alarm: float) -> float:
    """The threshold t for which deciding yes at ``score >= t`` costs least on these rows.

    Args:
        label: shape (n,), 1 or 0.
        score: shape (n,).
        cost_of_miss: cost of a 1 that was decided no.
        cost_of_false_alarm: cost of a 0 that was decided yes, in the same unit.

    Returns:
        One of the scores, or the next number above the greatest when deciding no everywhere is cheapest. The greatest
        of equally cheap ones: the fewest alarms.
    """
    cuts, cost = costs(label, score, cost_of_miss, cost_of_false_alarm)
    return float(cuts[np.flatnonzero(cost <= cost.min() + 1e-9)[-1]])


def costs(label: Floats, score: Floats, cost_of_miss: float, cost_of_false_alarm: float) -> tuple[Floats, Floats]:
    """Every threshold that decides these rows differently, in ascending order, and what it costs on all of them."""
    order = np.argsort(score, kind="stable")
    ascending, labels = score[order], label[order]
    # cost[i]: the i lowest rows are decided no, the others yes.
    missed = np.concatenate([[0.0], np.cumsum(labels)])
    false_alarms = (1 - labels).sum() - np.concatenate([[0.0], np.cumsum(1 - labels)])
    cost = cost_of_miss * missed + cost_of_false_alarm * false_alarms
    # Equal scores are decided alike: only the first of a run of them, and the end, can be a cut.
    kept = np.concatenate([[True], ascending[1:] != ascending[:-1], [True]])
    return np.append(ascending, np.nextafter(ascending[-1], np.inf))[kept], cost[kept]
