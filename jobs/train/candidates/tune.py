"""The search of a training, and the choice among its candidates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from jobs.train import fitting
from jobs.train.candidates import choice, linear, rolling
from jobs.train.candidates.rolling import Window
from jobs.train.learned_rows import to_fit
from jobs.train.search import tuning
from jobs.train.search.space import Value
from jobs.train.search.study import Trial
from jobs.train.search.tuning import Tuned
from jobs.train.split import Parts, Split
from lakehouse.declaration import Model, UseCase
from lakehouse.declaration.metric_catalogue import Rows
from lakehouse.declaration.metric_names import LOSS
from lakehouse.evaluation import coded_rows, day_bootstrap
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.scorers.boosted import Boosted
from lakehouse.scorers.nightjar_linear import Blend, Linear
from lakehouse.scorers.scorer import Scorer


def tune(
    use_case: UseCase,
    split: Split,
    parts: Parts,
    on_trial: Callable[[Trial], None] = lambda trial: None,
    folder: Path | None = None,
    starts: Sequence[Mapping[str, Value]] = (),
) -> Tuned:
    """Search for the trees' parameters where a candidate has trees, and choose among the candidates where there are several.

    Args:
        use_case: declares the model.
        split: the days of the windows.
        parts: their labelled rows; the holdout's are not looked at.
        on_trial: as in `tuning.tune`.
        folder: likewise.
        starts: likewise.

    Raises:
        TrainingFailed: when XGBoost refuses a trial's parameters, or no trial can end.
    """
    model = use_case.model
    trees = _no_trees(parts)
    if model.trees:
        trees = tuning.tune(model, to_fit(use_case, parts.train), parts.validation, on_trial, folder, starts)
    return trees if model.candidates == ("boosted",) else chosen(use_case, split, parts, trees)


def chosen(use_case: UseCase, split: Split, parts: Parts, trees: Tuned) -> Tuned:
    """The candidate that is chosen over the rolling windows, with its scores of the validation rows."""
    model = use_case.model
    windows = rolling.windows(use_case, split, parts)
    strength, lines = _strength(model, windows)
    fitted = [_of_window(model, trees, window, line) for window, line in zip(windows, lines, strict=True)]
    scores: dict[str, list[Floats]] = {kind: [one[kind] for one in fitted] for kind in model.candidates}
    found = choice.choose(model, windows, scores, strength)
    own = None if found.kind == "boosted" else strength
    return replace(trees, validation_score=scores[found.kind][0], kind=found.kind, strength=own, choice=found)


def validation_score(model: Model, tuned: Tuned, parts: Parts) -> Floats:
    """Scores of the validation rows by this candidate, fitted to train alone, whose rows are those to fit to."""
    coded, compared = tuning.by_learned_levels(model, parts.train, parts.validation)
    return fit(model, tuned, coded).score(compared.features)


def fit(model: Model, tuned: Tuned, rows: TrainingSet) -> Scorer:
    """The candidate of these parameters, fitted to rows whose categories are coded by learned levels."""
    return fit_each(model, tuned, rows, [tuned.kind], tuned.strength)[tuned.kind]


def fit_each(
    model: Model, tuned: Tuned, rows: TrainingSet, kinds: Collection[str], strength: float | None
) -> dict[str, Scorer]:
    """Each of these candidates, fitted to the same rows; ``strength`` is that of the coefficients."""
    found: dict[str, Scorer] = {}
    trees = Boosted(fitting.fit_coded(tuned, rows)) if set(kinds) - {"linear"} else None
    line = None
    if set(kinds) - {"boosted"}:
        assert strength is not None
        line = linear.fit(model, rows, strength)
    for kind in kinds:
        if kind == "blend" and trees is not None and line is not None:
            found[kind] = Blend(trees, line, model.trees_share)
        elif kind == "boosted" and trees is not None:
            found[kind] = trees
        elif line is not None:
            found[kind] = line
    return found


def _of_window(model: Model, trees: Tuned, window: Window, line: Linear | None) -> dict[str, Floats]:
    """Each candidate fitted before the window, and its scores of the window's rows."""
    train, validation = tuning.by_learned_levels(model, window.train, window.validation)
    boosted = Boosted(fitting.fit_coded(trees, train)) if model.trees else None
    found: dict[str, Scorer] = {}
    if boosted is not None:
        found["boosted"] = boosted
    if line is not None:
        found["linear"] = line
        if boosted is not None:
            found["blend"] = Blend(boosted, line, model.trees_share)
    return {kind: scorer.score(validation.features) for kind, scorer in found.items() if kind in model.candidates}


def _strength(model: Model, windows: Sequence[Window]) -> tuple[float | None, list[Linear | None]]:
    """The strength with the least loss over the windows, and the linear model of each window that has it."""
    if not model.coefficients:
        return None, [None] * len(windows)
    best: tuple[float, float, list[Linear | None]] | None = None
    coded = [tuning.by_learned_levels(model, window.train, window.validation) for window in windows]
    label = np.concatenate([window.validation.label for window in windows])
    # From the strongest pull towards 0 on: of equal losses the simplest model.
    for strength in sorted(model.linear.strengths):
        lines = [linear.fit(model, train, strength) for train, _ in coded]
        scores = [line.score(rows.features) for line, (_, rows) in zip(lines, coded, strict=True)]
        loss = day_bootstrap.value(LOSS[model.task], Rows(label, np.concatenate(scores)))
        if loss is not None and (best is None or loss < best[0]):
            best = loss, strength, list(lines)
    assert best is not None
    return best[1], best[2]


def _no_trees(parts: Parts) -> Tuned:
    """What a search would have found, where no candidate has trees."""
    return Tuned({}, 0, np.empty(len(parts.validation)), None, (), None)


def learned(model: Model, rows: TrainingSet) -> TrainingSet:
    """The rows with the codes of the levels that a model of them learns."""
    return coded_rows.by_levels(rows, coded_rows.learned(rows, model.max_levels))
