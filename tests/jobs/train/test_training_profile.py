"""The profile of a version: what needs no label is of all rows of training's days, what does is of the labelled ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.train import learned_rows
from jobs.train.candidates import tune
from jobs.train.fitted_model import FittedModel, fit_and_measure
from jobs.train.split import Parts, Split, divide
from jobs.train.training_profile import measure_profile
from lakehouse.declaration import LearnFrom, UseCase
from lakehouse.evaluation.drawn_rows import Drawn
from lakehouse.evaluation.drift_profile import PARTITION, SCORE, Profile
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.jobs.calibrate import worlds

SEED = 3


def declared(kind: str, **drift: Any) -> UseCase:
    estimate = {} if kind == "regression" else {"estimate": "platt"}
    return worlds.declared(kind, **{"alarms": "measured", **estimate, **drift})


def trained(use_case: UseCase, rows: TrainingSet) -> tuple[Parts, FittedModel, Profile, pd.DataFrame]:
    """By training's own steps, without a search."""
    split = Split.for_day(use_case, worlds.day(worlds.length(use_case)))
    parts = divide(rows, split, use_case)
    one_trial = use_case.model.model_copy(update={"trials": 1, "minutes": None})
    tuned = tune.tune(use_case.model_copy(update={"model": one_trial}), split, parts, starts=[worlds.POINT])
    model = fit_and_measure(use_case, tuned, parts)
    profile, sample = measure_profile(parts, tuned, model, use_case.drift, use_case.calendar.scores)
    return parts, model, Profile.from_json(profile.to_json()), sample


def history(use_case: UseCase) -> TrainingSet:
    return worlds.history(use_case, worlds.length(use_case), SEED)


def in_windows(parts: Parts, *names: str) -> list[TrainingSet]:
    """All rows of the windows."""
    found = [getattr(parts, name) for name in names]
    return [*found, *(parts.without_label[name] for name in names if name in parts.without_label)]


@pytest.mark.parametrize("kind", worlds.KINDS)
def test_labels_that_are_hidden_change_nothing_that_is_counted_of_features(kind: str) -> None:
    """Where a fifth of the labels is not known, features are compared with the same rows to the last digit."""
    use_case = declared(kind)
    rows = history(use_case).labelled()
    known = np.random.default_rng(9).random(len(rows)) > 0.2
    # A whole day has none, as when its delivery is late.
    known[rows.days == rows.days[len(rows) // 3]] = False
    _, _, whole, _ = trained(use_case, rows)
    parts, _, some, sample = trained(use_case, replace(rows, label=np.where(known, rows.label, np.nan)))
    assert parts.unlabelled == sum(map(len, parts.without_label.values())) > 0
    assert whole.history is not None and some.history is not None
    assert (some.features, some.rows, some.first_day) == (whole.features, whole.rows, whole.first_day)
    for name in ("days", "slices", "counts", "beyond", "sliced", "scored_days", "rows"):
        assert getattr(some.history, name) == getattr(whole.history, name), name
    # Scores are of all rows that are judged, labels and matured quality of those that have a label.
    judged = in_windows(parts, "validation", "holdout")
    assert some.history.score_counts.sum() == sum(map(len, judged)) == whole.history.score_counts.sum()
    assert some.history.label_counts.sum() == len(parts.train) + len(parts.validation)
    assert not some.history.label_counts[:, -1].any()
    assert sum(some.history.quality[0][2].rows) == len(parts.validation) + len(parts.holdout)
    for name, relation in some.history.relations.items():
        assert some.history.relation_of(name)[0].sum() == len(parts.validation) + len(parts.holdout), relation
    if some.estimator is not None and whole.estimator is not None:
        rows_of = some.estimator.ordinary["log_loss"].rows
        assert (some.estimator.days, rows_of) == (whole.estimator.days, whole.estimator.ordinary["log_loss"].rows)
    # What a page draws is in the order of days, as it was.
    assert sample[PARTITION].is_monotonic_increasing and sample[SCORE].notna().all() and len(sample) <= 2000


def test_declared_limits_are_compared_with_all_rows_too() -> None:
    use_case = declared("classification", alarms="declared")
    rows = history(use_case)
    # Rows that never get a label have no value in the first column.
    features = rows.features.copy()
    features[np.isnan(rows.label), 0] = np.nan
    parts, _, profile, _ = trained(use_case, replace(rows, features=features))
    every = np.concatenate([part.features[:, 0] for part in in_windows(parts, "train", "validation")])
    name = rows.names[0]
    assert profile.history is None and profile.features[name].shares[-1] == np.isnan(every).mean() > 0.1
    of_labelled = np.isnan(np.concatenate([parts.train.features[:, 0], parts.validation.features[:, 0]]))
    assert of_labelled.mean() < 0.07


def test_scores_without_a_label_are_those_of_the_final_model() -> None:
    use_case = declared("classification")
    parts, model, profile, sample = trained(use_case, history(use_case))
    rows = parts.without_label["holdout"]
    last = sample[sample[PARTITION] == rows.days[-1].astype("datetime64[D]").astype(object)]
    its = model.scorer.score(rows.features[rows.days == rows.days[-1]])
    assert set(its.tolist()) <= set(last[SCORE]) and profile.history is not None


def test_a_day_whose_labels_are_not_due_is_an_ordinary_day_of_features_and_scores() -> None:
    use_case = declared("classification")
    rows = history(use_case)
    split = Split.for_day(use_case, worlds.day(worlds.DAYS))
    for window in (split.validation, split.holdout):
        label = np.where(rows.days == np.datetime64(window.last), np.nan, rows.label)
        rows = replace(rows, label=label)
    _, _, profile, _ = trained(use_case, rows)
    kept = profile.history
    assert kept is not None and profile.last_day == kept.days[-1] == split.validation.last
    assert kept.rows_of_days[-1] == 30 and kept.label_counts[-1].sum() == 0
    assert kept.scored_days[-1] == split.holdout.last and kept.score_counts[-1].sum() == 30
    assert kept.quality[0][2].rows[-1] == 0


def drawn(rows: TrainingSet, chosen: np.ndarray, share: float) -> TrainingSet:
    """As if half of the labelled rows were learned from, and this share measured by; the others stay where they are."""
    code = np.where(np.isnan(rows.label), -1, rows.label).astype(np.int64)
    days = rows.days.astype(np.int64)
    _, first, group = np.unique(np.column_stack([days, code]), axis=0, return_index=True, return_inverse=True)
    rows_of = np.bincount(group.reshape(-1))[group.reshape(-1)]
    stands = (chosen & (code >= 0)).astype(float)
    measured = np.random.default_rng(4).random(len(rows)) < share
    made = Drawn(stands, chosen, measured, code, rows_of, rows_of, measured_share=share)
    kept = measured | (stands > 0)
    kept[first] = True
    return replace(rows, drawn=made).where(kept) if share < 1 else replace(rows, drawn=made)


def test_rows_that_are_not_learned_from_are_ordinary_rows() -> None:
    use_case = declared("classification")
    rows = history(use_case)
    chosen = np.random.default_rng(5).random(len(rows)) < 0.6
    _, _, whole, _ = trained(use_case, rows)
    selected = use_case.model_copy(update={"learn_from": LearnFrom(select="lead_days > 0")})
    _, _, some, _ = trained(selected, drawn(rows, chosen, 1.0))
    assert whole.history is not None and some.history is not None
    assert some.features == whole.features and some.history.sliced == whole.history.sliced
    assert some.history.scores != whole.history.scores and some.history.labels == whole.history.labels
    # A profile of which all rows are counted is written as it ever was.
    assert '"rows":""' not in some.to_json() and some.history.rows == ""


def test_of_a_history_of_which_a_part_is_read_a_day_has_as_many_rows_as_it_had() -> None:
    use_case = declared("classification")
    rows = history(use_case)
    made = drawn(rows, np.random.default_rng(5).random(len(rows)) < 0.6, 0.3)
    parts, _, profile, _ = trained(use_case, made)
    kept = profile.history
    assert kept is not None and kept.rows and set(kept.rows_of_days.tolist()) == {30, 0}
    assert set(learned_rows.by_day(in_windows(parts, "train")).values()) == {30}
    # An even part is counted: of rows without a label as of all others.
    counted = kept.counts_of(rows.names[0]).sum()
    assert counted == profile.rows == pytest.approx(0.3 * kept.rows_of_days.sum(), rel=0.2)
    unlabelled = learned_rows.measured(parts.without_label["train"])
    assert 0 < len(unlabelled) < 0.2 * len(parts.train)
