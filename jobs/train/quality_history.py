"""How good the scores were, by day and slice, on rows that the model was not fitted to: with what matured days are compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.evaluation.packed_numbers import Whole
from lakehouse.evaluation.training_days import ALL, Quality

# As the metrics clip a probability.
SMALLEST = 1e-12


@dataclass(frozen=True)
class Scored:
    """Rows that the model was not fitted to, with its scores.

    Attributes:
        rows: labelled, where the scores are held against labels.
        score: shape (rows,), or of several classes (rows, classes).
        decided: shape (rows,), the number of the decided class; None unless there are several.
        binary: whether the label is yes or no.
    """

    rows: TrainingSet
    score: Floats
    decided: Whole | None
    binary: bool


def of_slices(
    scored: list[Scored], slices: tuple[tuple[str, str], ...], place: Whole, days: int
) -> Iterator[tuple[str, str, Quality]]:
    """All rows and each slice: rows, gap and loss by day; ``place`` has the number of each row's day."""
    gap, loss = (np.concatenate(values) for values in zip(*map(_errors, scored), strict=True))
    yield ALL, ALL, _quality(place, gap, loss, days)
    for name, value in slices:
        if all(name in part.rows.slices for part in scored):
            kept = np.concatenate([part.rows.slices[name] == value for part in scored])
            yield name, value, _quality(place[kept], gap[kept], loss[kept], days)


def _errors(part: Scored) -> tuple[Floats, Floats]:
    """The gap and the loss of each row; of several classes no gap."""
    label, score = part.rows.label, part.score
    if score.ndim == 2:
        of_label = score[np.arange(len(score)), label.astype(np.intp)]
        return np.full(len(label), np.nan), -np.log(np.clip(of_label, SMALLEST, 1 - SMALLEST))
    if part.binary:
        clipped = np.clip(score, SMALLEST, 1 - SMALLEST)
        return score - label, -np.log(np.where(label > 0, clipped, 1 - clipped))
    return score - label, (score - label) ** 2


def _quality(place: Whole, gap: Floats, loss: Floats, days: int) -> Quality:
    rows = np.bincount(place, minlength=days)
    gaps = None if np.isnan(gap).any() else _means(place, gap, rows)
    losses = _means(place, loss, rows)
    return Quality(
        rows=tuple(map(int, rows)),
        gap=() if gaps is None else tuple(map(float, gaps)),
        loss=tuple(map(float, losses)),
        gap_variance=0.0 if gaps is None or not len(gap) else float(np.mean((gap - gaps[place]) ** 2)),
        loss_variance=float(np.mean((loss - losses[place]) ** 2)) if len(loss) else 0.0,
    )


def _means(place: Whole, values: Floats, rows: Whole) -> Floats:
    return np.asarray(np.bincount(place, weights=values, minlength=len(rows)) / np.maximum(rows, 1), dtype=np.float64)
