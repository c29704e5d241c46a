"""The pictures of how good a model is on its holdout, and of how its threshold was chosen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from jobs.train import threshold
from jobs.train.evaluation import Evaluation
from jobs.train.plots.figure import new_figure, side_by_side
from lakehouse.declaration import Model, UseCase
from lakehouse.evaluation.day_bootstrap import Bools
from lakehouse.evaluation.labelled_rows import Floats

# A picture of more slices can't be read; the table has them all.
MOST_SLICES = 40


def holdout_figures(model: Model, label: Floats, score: Floats, decided: Bools | None) -> Iterator[tuple[str, Figure]]:
    """Name and figure of every picture of the holdout."""
    yield "calibration", calibration(label, score, model.task == "classification")
    if decided is None:
        yield "predicted_and_actual", predicted(label, score)
        yield "residuals", residuals(label, score)
        return
    yield "confusion_matrix", confusion(label, decided)
    if label.min() != label.max():
        yield "roc_and_precision_recall", rankings(label, score)


def threshold_figures(model: Model, label: Floats, score: Floats) -> Iterator[tuple[str, Figure]]:
    """What each threshold would have cost on validation, on which the cheapest was chosen."""
    if model.task != "classification":
        return
    cuts, cost = threshold.costs(label, score, model.cost_of_miss, model.cost_of_false_alarm)
    costs = f"a miss costs {model.cost_of_miss:g}, a false alarm {model.cost_of_false_alarm:g}"
    figure, axes = new_figure(f"Cost by threshold on validation\n{costs}", "threshold", "cost a row")
    # Deciding no everywhere needs a threshold above every score, which lies beyond the axis.
    axes.plot(cuts[:-1], cost[:-1] / len(label))
    chosen = threshold.cheapest(label, score, model.cost_of_miss, model.cost_of_false_alarm)
    axes.axvline(chosen, linestyle="--", color="grey", label=f"chosen: {chosen:.3f}")
    axes.legend()
    yield "cost_by_threshold", figure


def slice_figures(use_case: UseCase, evaluation: Evaluation) -> Iterator[tuple[str, Figure]]:
    """The gate's metric in each slice with its 95 % interval; the slices with most rows, when there are many."""
    metric = use_case.gate.metric
    known = [line for line in evaluation.slices if line["metric"] == metric and line["value_of_metric"] is not None]
    largest = sorted(known, key=lambda line: -line["rows"])[:MOST_SLICES]
    if not largest:
        return
    lines = [line for line in reversed(known) if line in largest]
    names = [f"{line['slice']} {line['value']} ({line['rows']:,} rows)" for line in lines]
    title, meaning = "Slices of the holdout, with 95 % intervals over days", metric.replace("_", " ")
    figure, axes = new_figure(title, meaning, "", names, height=1.4 + 0.28 * len(lines))
    for place, line in enumerate(lines):
        if line["low"] is not None:
            axes.plot([line["low"], line["high"]], [place, place], color="C0", linewidth=1.5)
    axes.plot([line["value_of_metric"] for line in lines], range(len(lines)), "o", color="C0")
    axes.set_yticks(range(len(lines)), names)
    whole = evaluation.metrics["model"][metric]
    if whole is not None:
        axes.axvline(whole, linestyle="--", color="grey", label=f"all rows: {whole:.3f}")
        axes.legend()
    yield "slices", figure


def confusion(label: Floats, decided: Bools) -> Figure:
    """How many rows were decided which way, and what they were."""
    yes = label > 0
    counts = np.array(
        [[(~decided & ~yes).sum(), (decided & ~yes).sum()], [(~decided & yes).sum(), (decided & yes).sum()]]
    )
    figure, (axes,) = side_by_side(1, 5)
    axes.imshow(counts, cmap="Blues", vmin=0)
    axes.set_xticks([0, 1], ["decided no", "decided yes"])
    axes.set_yticks([0, 1], ["was no", "was yes"])
    for (row, column), count in np.ndenumerate(counts):
        dark = count > counts.max() / 2
        share = f"{count:,}\n{count / len(label):.1%}"
        axes.text(column, row, share, ha="center", va="center", color="white" if dark else "black")
    axes.set_title("Confusion matrix on the holdout")
    return figure


def calibration(label: Floats, score: Floats, shares: bool = True, bins: int = 10) -> Figure:
    """Mean score against mean label (the share of positives), in bins of equally many rows."""
    figure, axes = new_figure(
        "Calibration on the holdout", "mean score", "share that came true" if shares else "mean label"
    )
    parts = [part for part in np.array_split(np.argsort(score, kind="stable"), bins) if len(part)]
    means = [score[part].mean() for part in parts]
    ends = [0, 1] if shares else [min(means), max(means)]
    axes.plot(ends, ends, linestyle="--", color="grey", label="perfect")
    axes.plot(means, [label[p].mean() for p in parts], marker="o", label="model")
    axes.legend()
    return figure


def rankings(label: Floats, score: Floats) -> Figure:
    """The ROC curve and the precision-recall curve, side by side."""
    from sklearn import metrics

    figure, (left, right) = side_by_side(2, 10)
    false_rate, true_rate, _ = metrics.roc_curve(label, score)
    left.plot(false_rate, true_rate)
    left.plot([0, 1], [0, 1], linestyle="--", color="grey")
    left.set(title="ROC on the holdout", xlabel="false positive rate", ylabel="true positive rate")
    precision, recall, _ = metrics.precision_recall_curve(label, score)
    right.plot(recall, precision)
    right.axhline(label.mean(), linestyle="--", color="grey")
    right.set(title="Precision and recall on the holdout", xlabel="recall", ylabel="precision", ylim=(0, 1.02))
    return figure


def predicted(label: Floats, score: Floats, most: int = 5_000) -> Figure:
    """Predicted against actual values, every n-th row of a large holdout."""
    figure, axes = new_figure("Predicted and actual on the holdout", "actual", "predicted")
    step = max(1, len(label) // most)
    axes.scatter(label[::step], score[::step], s=6, alpha=0.4)
    ends = [float(label.min()), float(label.max())]
    axes.plot(ends, ends, linestyle="--", color="grey")
    return figure


def residuals(label: Floats, score: Floats) -> Figure:
    """By how much predictions were off: how often, and whether it depends on the prediction."""
    figure, (left, right) = side_by_side(2, 10)
    off = label - score
    left.hist(off, bins=40)
    left.axvline(0, linestyle="--", color="grey")
    left.set(title="Residuals on the holdout", xlabel="actual minus predicted", ylabel="rows")
    step = max(1, len(label) // 5_000)
    right.scatter(score[::step], off[::step], s=6, alpha=0.4)
    right.axhline(0, linestyle="--", color="grey")
    right.set(title="Residuals by prediction", xlabel="predicted", ylabel="actual minus predicted")
    return figure
