"""How good scores will turn out, before a label has come: the metrics that are expected when each label is drawn with its chance.

A row with chance c counts as c rows that are a yes and 1 - c that are a no. This is confidence-based performance estimation
(NannyML's CBPE; Guillory et al. 2021 predict accuracy from the same confidences). It sees rows that become harder or easier for the
model. It can't see that the chances have changed: a relation between features and label that is no longer the one that was learned.

Each estimate has two variances:

- ``variance``: of the realised metric about the estimate, when labels are drawn with these chances: what so few rows stray by.
  Exact for means, by the delta method for ratios.
- ``spread``: of one row's influence on the estimate: how much estimates of other rows of the same kind stray, times the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# As the metrics clip a probability.
SMALLEST = 1e-12


@dataclass(frozen=True)
class Estimate:
    """An expected metric with its variances; see the module."""

    value: float
    variance: float
    spread: float


Estimates = dict[str, Estimate | None]


def of_yes_or_no(score: Floats, chance: Floats, decided: NDArray[Any] | None) -> Estimates:
    """The metrics of a yes or no.

    Args:
        score: shape (rows,), ascending: what the model said.
        chance: shape (rows,), calibrated.
        decided: shape (rows,), 1 where yes was decided, else 0; None where nothing was.

    Returns:
        ``log_loss``, ``brier``, ``roc_auc``; with decisions ``precision``, ``recall``, ``alarm_rate`` and, whatever was decided,
        ``label_rate``, the share of yes among labels. None where the rows do not define it.
    """
    if not len(score):
        names = ("log_loss", "brier", "roc_auc", "label_rate")
        return dict.fromkeys((*names, *(("precision", "recall", "alarm_rate") if decided is not None else ())))
    clipped = np.clip(score, SMALLEST, 1 - SMALLEST)
    found: Estimates = {
        "log_loss": _mean(chance, -np.log(clipped), -np.log1p(-clipped)),
        "brier": _mean(chance, (1 - score) ** 2, score**2),
        "roc_auc": roc_auc(score, chance),
        "label_rate": _mean(chance, np.ones(len(score)), np.zeros(len(score))),
    }
    return found if decided is None else found | _of_decisions(chance, np.asarray(decided, dtype=np.float64))


def of_classes(score: Floats, chance: Floats, decided: NDArray[Any]) -> Estimates:
    """The metrics of several classes, as `lakehouse.declaration.class_catalogue` defines them.

    Args:
        score: shape (rows, classes), what the model said.
        chance: shape (rows, classes), calibrated; a row adds up to 1.
        decided: shape (rows,), the number of the decided class; -1 where it is no more among them.

    Returns:
        ``log_loss``, ``brier`` and ``accuracy``.
    """
    if not len(score):
        return dict.fromkeys(("log_loss", "brier", "accuracy"))
    losses = -np.log(np.clip(score, SMALLEST, 1.0))
    # The squares of all classes when class k has come.
    squares = (score**2).sum(axis=1, keepdims=True) - 2 * score + 1
    right = (np.arange(score.shape[1]) == np.asarray(decided)[:, None]).astype(np.float64)
    of_each = {"log_loss": losses, "brier": squares, "accuracy": right}
    return {
        name: _drawn((chance * value).sum(axis=1), (chance * value**2).sum(axis=1)) for name, value in of_each.items()
    }


def roc_auc(score: Floats, chance: Floats) -> Estimate | None:
    """The expected area under the ROC curve: the share of expected pairs of a yes and a no that are ranked right.

    The sum of c_i (1 - c_j) over pairs of different rows with s_i > s_j, ties by half, over the same sum of all pairs: in the order
    of the scores, so n log n. None where no pair is expected.

    Args:
        score: shape (rows,), ascending.
        chance: shape (rows,).
    """
    yes, no = chance, 1 - chance
    all_yes, all_no = yes.sum(), no.sum()
    pairs = all_yes * all_no - (yes * no).sum()
    if pairs <= 1e-12 * len(score) ** 2:
        return None
    first, last = _runs(score)
    below, above = np.concatenate([[0.0], np.cumsum(no)]), np.concatenate([[0.0], np.cumsum(yes)])
    # The no that rank below each row, and the yes above it; those of the same score by half, without the row itself.
    lower = below[first] + (below[last] - below[first] - no) / 2
    higher = (all_yes - above[last]) + (above[last] - above[first] - yes) / 2
    value = float((yes * lower).sum() / pairs)
    # A yes in the place of a no: pairs with the no below are won, pairs with the yes above are no longer lost.
    by_label = ((lower - higher) - value * ((all_no - no) - (all_yes - yes))) / pairs
    influence = yes * lower + no * higher - value * (yes * (all_no - no) + no * (all_yes - yes))
    spread = len(score) * float(np.sum((influence / pairs) ** 2))
    return Estimate(value, float((yes * no * by_label**2).sum()), spread)


def _of_decisions(chance: Floats, decided: Floats) -> Estimates:
    rows, alarms, yes = len(chance), decided.sum(), chance.sum()
    doubt, share = chance * (1 - chance), float(decided.mean())
    precision = recall = None
    if alarms > 0:
        value = float((chance * decided).sum() / alarms)
        influence = decided * (chance - value) / alarms
        precision = Estimate(value, float((doubt * decided).sum() / alarms**2), rows * float((influence**2).sum()))
    if yes > 0:
        value = float((chance * decided).sum() / yes)
        influence = chance * (decided - value) / yes
        variance = float((doubt * (decided - value) ** 2).sum() / yes**2)
        recall = Estimate(value, variance, rows * float((influence**2).sum()))
    # Known without a label.
    return {"precision": precision, "recall": recall, "alarm_rate": Estimate(share, 0.0, share * (1 - share))}


def _mean(chance: Floats, of_yes: Floats, of_no: Floats) -> Estimate:
    """The mean over rows of a value that a yes and a no have."""
    return _drawn(chance * of_yes + (1 - chance) * of_no, chance * of_yes**2 + (1 - chance) * of_no**2)


def _drawn(first: Floats, second: Floats) -> Estimate:
    """The mean over rows, by the expectation and the expected square of each."""
    rows = len(first)
    variance = float(np.maximum(second - first**2, 0.0).sum()) / rows**2
    return Estimate(float(first.mean()), variance, float(first.var()))


def _runs(score: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each row, the place where the rows of its score begin, and that behind their end."""
    starts = np.flatnonzero(np.concatenate([[True], score[1:] != score[:-1]]))
    lengths = np.diff(np.append(starts, len(score)))
    first = np.repeat(starts, lengths)
    return first.astype(np.int64), (first + np.repeat(lengths, lengths)).astype(np.int64)
