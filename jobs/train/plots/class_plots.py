"""The pictures of how good a model of several classes is on its holdout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from jobs.train.plots.figure import new_figure, side_by_side
from lakehouse.evaluation import class_metrics
from lakehouse.evaluation.labelled_rows import Floats

# Numbers in more fields, and more lines in one picture, can't be read; the run's tables have them all.
MOST_NUMBERS, MOST_LINES = 12, 10
BINS = 10


def holdout_figures(
    classes: Sequence[str], label: Floats, score: Floats, decided: NDArray[np.int64]
) -> Iterator[tuple[str, Figure]]:
    """Name and figure of every picture of the holdout.

    Args:
        classes: their names, in the order of their numbers.
        label: shape (rows,), the number of the class that came.
        score: shape (rows, classes).
        decided: shape (rows,), the number of the decided class.
    """
    yield "confusion_matrix", confusion(classes, label, decided)
    yield "calibration_by_class", calibration(classes, label, score)
    yield "roc_by_class", roc(classes, label, score)


def confusion(classes: Sequence[str], label: Floats, decided: NDArray[np.int64]) -> Figure:
    """How many rows of each class were decided for each, coloured by their share of the class."""
    counts = class_metrics.confusion(label, decided, len(classes))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = max(4.5, 0.75 * min(len(classes), 20) + 2.5)
    figure, (axes,) = side_by_side(1, size + 1, size, classes)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    places = range(len(classes))
    axes.set_xticks(places, classes, rotation=30 if len(classes) > 4 else 0)
    axes.set_yticks(places, classes)
    axes.set(title="Confusion matrix on the holdout", xlabel="decided", ylabel="")
    if len(classes) <= MOST_NUMBERS:
        for (row, column), count in np.ndenumerate(counts):
            color = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, f"{count:,}\n{shares[row, column]:.0%}", ha="center", va="center", color=color)
    return figure


def calibration(classes: Sequence[str], label: Floats, score: Floats) -> Figure:
    """Of each class its mean probability against its share, in bins of equally many rows."""
    figure, axes = new_figure("Calibration on the holdout, by class", "mean probability", "share of the class")
    axes.plot([0, 1], [0, 1], linestyle="--", color="grey", label="perfect")
    for number in _largest(label, len(classes)):
        own = score[:, number]
        parts = [part for part in np.array_split(np.argsort(own, kind="stable"), BINS) if len(part)]
        means, shares = [own[part].mean() for part in parts], [(label[part] == number).mean() for part in parts]
        axes.plot(means, shares, marker="o", label=classes[number])
    axes.legend()
    return figure


def roc(classes: Sequence[str], label: Floats, score: Floats) -> Figure:
    """The ROC curve of each class against all others, of those that some rows have and others have not."""
    from sklearn import metrics

    figure, axes = new_figure(
        "ROC on the holdout, each class against all others", "false positive rate", "true positive rate"
    )
    axes.plot([0, 1], [0, 1], linestyle="--", color="grey")
    for number in _largest(label, len(classes)):
        own = label == number
        if own.any() and not own.all():
            false_rate, true_rate, _ = metrics.roc_curve(own, score[:, number])
            axes.plot(false_rate, true_rate, label=classes[number])
    axes.legend(loc="lower right")
    return figure


def _largest(label: Floats, classes: int) -> list[int]:
    """The classes with most rows, as many as a picture shows."""
    counted = np.bincount(label.astype(np.int64), minlength=classes)
    return sorted(np.argsort(-counted, kind="stable")[:MOST_LINES].tolist())
