"""The pictures of a training. Figures are made without pyplot, which keeps every figure of a process alive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import optuna
from matplotlib.figure import Figure

from jobs.train.study import Trial
from lakehouse.training_set import Floats


def all_of(
    task: str, label: Floats, score: Floats, booster: Any, study: optuna.Study, trials: tuple[Trial, ...], seed: int
) -> Iterator[tuple[str, Figure]]:
    """Name and figure of every picture: the search, the model, and its scores on the holdout."""
    yield "tuning_history", history(trials)
    complete = [trial for trial in study.trials if trial.state is optuna.trial.TrialState.COMPLETE and trial.params]
    if len(complete) > 1:
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
        importance = optuna.importance.get_param_importances(study, evaluator=evaluator)
        yield (
            "tuning_importance",
            bars(importance, "share of the validation loss's variance", "Which parameters mattered"),
        )
    gain = booster.get_score(importance_type="total_gain")
    total = sum(gain.values()) or 1.0
    yield (
        "feature_importance",
        bars({k: v / total for k, v in gain.items()}, "share of the total gain", "What the model uses"),
    )
    if task == "classification":
        yield "calibration", calibration(label, score)
        if label.min() != label.max():
            yield "roc_and_precision_recall", curves(label, score)
    else:
        yield "predicted_and_actual", predicted(label, score)


def history(trials: tuple[Trial, ...]) -> Figure:
    """Each trial's loss, and the best so far."""
    figure, axes = _figure("Search: validation loss by trial", "trial", "validation loss")
    for state, marker in (("complete", "o"), ("pruned", "x")):
        mine = [trial for trial in trials if trial.state == state]
        axes.scatter([t.number + 1 for t in mine], [t.loss for t in mine], marker=marker, label=state)
    losses = [trial.loss if trial.state == "complete" else np.inf for trial in trials]
    axes.step([t.number + 1 for t in trials], np.minimum.accumulate(losses), where="post", label="best so far")
    axes.legend()
    return figure


def bars(values: Mapping[str, float], meaning: str, title: str, most: int = 25) -> Figure:
    """The greatest values as horizontal bars."""
    figure, axes = _figure(title, meaning, "")
    chosen = sorted(values.items(), key=lambda item: item[1])[-most:]
    axes.barh([name for name, _ in chosen], [value for _, value in chosen])
    axes.tick_params(axis="y", labelsize=8)
    return figure


def calibration(label: Floats, score: Floats, bins: int = 10) -> Figure:
    """Mean score against the share of positives, in bins of equally many rows."""
    figure, axes = _figure("Calibration on the holdout", "mean score", "share that came true")
    parts = [part for part in np.array_split(np.argsort(score, kind="stable"), bins) if len(part)]
    axes.plot([0, 1], [0, 1], linestyle="--", color="grey", label="perfect")
    axes.plot([score[p].mean() for p in parts], [label[p].mean() for p in parts], marker="o", label="model")
    axes.legend()
    return figure


def curves(label: Floats, score: Floats) -> Figure:
    """The ROC curve and the precision-recall curve beside each other."""
    from sklearn import metrics

    figure = Figure(figsize=(10, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
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
    figure, axes = _figure("Predicted and actual on the holdout", "actual", "predicted")
    step = max(1, len(label) // most)
    axes.scatter(label[::step], score[::step], s=6, alpha=0.4)
    ends = [float(label.min()), float(label.max())]
    axes.plot(ends, ends, linestyle="--", color="grey")
    return figure


def _figure(title: str, x: str, y: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes
