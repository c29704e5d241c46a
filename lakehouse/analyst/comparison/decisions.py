"""What each version decides, and how calibrated it is, on rows that both scored."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lakehouse.analyst.comparison.paired_rows import PairedRows
from lakehouse.declaration import UseCase
from lakehouse.evaluation.metrics import BINS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DecidedShares:
    """What one version decides.

    Attributes:
        threshold: of a yes; None where there is none.
        shares: of all rows that both scored, by what is decided: ``yes``, or each class; ``nothing`` where nothing was.
        mean: of the predicted values, of a regression; else None.
    """

    threshold: float | None
    shares: dict[str, float]
    mean: float | None = None


@dataclass(frozen=True)
class Bin:
    """A tenth of the labelled rows, in the order of the score: mean score beside what came on average."""

    rows: int
    score: float
    label: float


@dataclass(frozen=True)
class Calibration:
    """How far one version's scores are from what came.

    Attributes:
        of: what the bins are of: the probability of a yes, that of the decided class, or the value.
        bins: in the order of the score.
        gap: mean score less mean label.
        error: the mean distance of the bins, by their rows; the expected calibration error.
        gaps: of several classes, the gap of the probability of each.
    """

    of: str
    bins: tuple[Bin, ...]
    gap: float
    error: float
    gaps: dict[str, float] = field(default_factory=dict)


def shares(use_case: UseCase, pair: PairedRows, side: int, threshold: float | None) -> DecidedShares:
    """Of all rows, labelled or not."""
    decided = pair.decided[side]
    if decided is None or not len(decided):
        mean = float(pair.scores[side].mean()) if len(pair.scores[side]) else None
        return DecidedShares(None, {}, mean if decided is None else None)
    names = use_case.classes or ("no", "yes")
    counts = np.bincount(decided[decided >= 0].astype(np.int64), minlength=len(names)) / len(decided)
    found = dict(zip(names, counts.tolist(), strict=True))
    if not use_case.classes:
        del found["no"]
    if np.any(decided < 0):
        found["nothing"] = float(np.mean(decided < 0))
    return DecidedShares(threshold if use_case.binary else None, found)


def calibration(use_case: UseCase, pair: PairedRows, side: int) -> Calibration | None:
    """Of the labelled rows; None when there are none."""
    known = ~np.isnan(pair.label)
    label, score, decided = pair.label[known], pair.scores[side][known], pair.decided[side]
    if not len(label):
        return None
    if not use_case.classes:
        what = "probability of a yes" if use_case.binary else "value"
        bins = _bins(score, label)
        return Calibration(what, bins, float(score.mean() - label.mean()), _error(bins))
    assert decided is not None
    chosen = decided[known].astype(np.int64)
    # A class that is declared no longer may have been decided: it has no probability here.
    some = chosen >= 0
    own = np.take_along_axis(score[some], chosen[some][:, None], axis=1)[:, 0]
    right = (chosen[some] == label[some]).astype(np.float64)
    if not len(own):
        return None
    bins = _bins(own, right)
    gaps = {
        name: float(score[:, number].mean() - (label == number).mean()) for number, name in enumerate(use_case.classes)
    }
    return Calibration("probability of the decided class", bins, float(own.mean() - right.mean()), _error(bins), gaps)


def _bins(score: Floats, label: Floats) -> tuple[Bin, ...]:
    """Ten bins of equally many rows, as the metric ``calibration_error`` has them."""
    order = np.argsort(score, kind="stable")
    parts = zip(np.array_split(score[order], BINS), np.array_split(label[order], BINS), strict=True)
    return tuple(Bin(len(its), float(its.mean()), float(came.mean())) for its, came in parts if len(its))


def _error(bins: tuple[Bin, ...]) -> float:
    return sum(one.rows * abs(one.score - one.label) for one in bins) / sum(one.rows for one in bins)
