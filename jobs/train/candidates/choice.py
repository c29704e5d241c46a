"""Which candidate becomes the model: the linear one, unless another is better over the rolling windows beyond noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jobs.train.candidates.rolling import Window
from lakehouse.declaration import Model
from lakehouse.declaration.metric_catalogue import Rows
from lakehouse.declaration.metric_names import LOSS
from lakehouse.declaration.model import CANDIDATES
from lakehouse.evaluation import day_bootstrap
from lakehouse.evaluation.day_bootstrap import Draws
from lakehouse.evaluation.labelled_rows import Floats

# The linear model gives way where this interval of what it loses by lies above 0: about one standard error, as in Breiman and
# others' rule (1984). A wider one would keep it for want of days. Trees and blend are alike complex: the better one counts.
CERTAINTY = 0.68


@dataclass(frozen=True)
class Result:
    """One candidate over the windows.

    Attributes:
        loss: of all rows of the windows together, by the task's loss.
        by_window: its loss on each window, the newest first.
        behind: by how much it is worse than the best candidate; 0 for that one.
        low: lower end of the interval of ``behind``; None where the days give none, and for the best one.
        high: its upper end.
        strength: of the coefficients; None where it has none.
    """

    loss: float
    by_window: tuple[float, ...]
    behind: float = 0.0
    low: float | None = None
    high: float | None = None
    strength: float | None = None


@dataclass(frozen=True)
class Choice:
    """The chosen candidate, why, and the numbers of each.

    Attributes:
        kind: the chosen one.
        reason: a sentence.
        metric: the loss that they are compared by.
        windows: first and last day of each window, the newest first.
        days: how many days they have together.
        candidates: by kind, from the simplest on.
    """

    kind: str
    reason: str
    metric: str
    windows: tuple[tuple[str, str], ...]
    days: int
    candidates: Mapping[str, Result]


def choose(
    model: Model, windows: Sequence[Window], scores: Mapping[str, Sequence[Floats]], strength: float | None
) -> Choice:
    """Compare the candidates and choose.

    Args:
        model: declares the candidates.
        windows: the rolling windows.
        scores: by candidate its scores of each window's rows.
        strength: of the coefficients of those that have some.
    """
    metric, kinds = LOSS[model.task], [kind for kind in CANDIDATES if kind in model.candidates]
    days = np.concatenate([window.validation.days for window in windows])
    label = np.concatenate([window.validation.label for window in windows])
    whole = {kind: Rows(label, np.concatenate(scores[kind])) for kind in kinds}
    losses = {kind: _loss(metric, rows) for kind, rows in whole.items()}
    best = min(kinds, key=lambda kind: losses[kind])
    draws = Draws.of(days, model.seed)
    drawn = {kind: draws.values(metric, rows) for kind, rows in whole.items()}
    count = len(np.unique(days))
    results = dict[str, Result]()
    for kind in kinds:
        by_window = tuple(
            _loss(metric, Rows(window.validation.label, part))
            for window, part in zip(windows, scores[kind], strict=True)
        )
        own = None if kind == "boosted" else strength
        span = None if kind == best else day_bootstrap.interval(drawn[kind] - drawn[best], count, CERTAINTY)
        low, high = span or (None, None)
        results[kind] = Result(losses[kind], by_window, losses[kind] - losses[best], low, high, own)
    chosen = "linear" if "linear" in kinds and not _worse(results["linear"]) else best
    return Choice(
        kind=chosen,
        reason=_reason(chosen, best, results, metric, count),
        metric=metric,
        windows=tuple((str(window.first), str(window.last)) for window in windows),
        days=count,
        candidates=results,
    )


def _worse(result: Result) -> bool:
    """Whether a candidate is worse than the best one beyond noise; without an interval nothing is."""
    return result.low is not None and result.low > 0


def _loss(metric: str, rows: Rows) -> float:
    found = day_bootstrap.value(metric, rows)
    return float("inf") if found is None else found


def _reason(chosen: str, best: str, results: Mapping[str, Result], metric: str, days: int) -> str:
    words = metric.replace("_", " ")
    numbers = ", ".join(f"{kind} {result.loss:.4f}" for kind, result in results.items())
    if chosen == best:
        said = f"{chosen} has the least {words} over {days} days of validation ({numbers})"
        return said if chosen == "linear" or "linear" not in results else f"{said}; linear is behind it beyond noise"
    behind = results[chosen].behind
    return f"{chosen} is simpler than {best} and only {behind:.4f} behind it in {words}, within noise over {days} days ({numbers})"
