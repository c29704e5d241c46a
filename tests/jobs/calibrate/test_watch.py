"""Of every kind of use case the walk measures what monitoring measures: classes, categories, and days that are not scored."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import xgboost

from jobs.calibrate import backtest, outcome, plan
from jobs.calibrate.watch import Watch
from jobs.monitor.drift import LOSS_RISE
from lakehouse.declaration import UseCase
from lakehouse.declaration.known_events import KnownEvent
from lakehouse.evaluation import drift_profile, population_stability
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.jobs.calibrate.worlds import CLASSES, POINT, day, declared, history


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_statistics_are_those_of_the_rows(task: str) -> None:
    """Computed again from all rows of a window together, by other means."""
    use_case = declared(task, max_calibration_gap=0.1, max_loss_rise=0.1)
    rows = history(use_case, 90, seed=3)
    past = backtest.train(use_case, rows, day(70), POINT)
    checks = Watch.of(use_case, rows, past, 1, day(89)).checks(use_case)[day(80)]
    by_name = {(check.kind, check.statistic, check.feature): check.value for check in checks}
    window = rows.between(day(76), day(80))

    def psi(shape: drift_profile.Distribution, values: np.ndarray) -> float:
        known = values[~np.isnan(values)]
        counted, _ = np.histogram(known, bins=[-np.inf, *np.nextafter(shape.edges, np.inf), np.inf])
        return float(
            population_stability.psi(np.array(shape.shares), np.append(counted, np.isnan(values).sum()) / len(values))
        )

    for place, name in enumerate(rows.names):
        expected = psi(past.profile.features[name], window.features[:, place])
        assert by_name["feature", "psi", name] == pytest.approx(expected, abs=1e-8)
    plain = xgboost.Booster(model_file=bytearray(past.model.content))
    predicted = plain.predict(xgboost.DMatrix(window.features, feature_names=list(rows.names))).astype(float)
    assert by_name["prediction", "psi", "score"] == pytest.approx(psi(past.profile.prediction, predicted), abs=1e-8)
    # Labels mature after a day: the window before.
    matured = rows.between(day(75), day(79)).labelled()
    score = plain.predict(xgboost.DMatrix(matured.features, feature_names=list(rows.names))).astype(float)
    gap = abs(score.mean() - matured.label.mean())
    assert by_name["performance", "calibration_gap", "calibration"] == pytest.approx(gap, abs=1e-6)
    if task == "classification":
        loss, name = -np.mean(np.log(np.where(matured.label > 0, score, 1 - score))), "log_loss"
    else:
        loss, name = np.sqrt(np.mean((score - matured.label) ** 2)), "rmse"
    on_holdout = past.model.metrics["model"][name]
    assert on_holdout is not None
    assert by_name["performance", LOSS_RISE, name] == pytest.approx(loss - on_holdout, abs=1e-5)


def test_several_classes_are_watched_by_what_is_decided_and_the_class_that_is_furthest_off() -> None:
    """Computed again from all rows of a window together, by other means."""
    use_case = declared("multiclass", max_calibration_gap=0.1, max_loss_rise=0.1)
    rows = history(use_case, 90, seed=3)
    past = backtest.train(use_case, rows, day(70), POINT)
    checks = Watch.of(use_case, rows, past, 1, day(89)).checks(use_case)[day(80)]
    by_name = {(check.kind, check.statistic): check for check in checks}
    plain = xgboost.Booster(model_file=bytearray(past.model.content))

    def probability(some: TrainingSet) -> np.ndarray:
        return plain.predict(xgboost.DMatrix(some.features, feature_names=list(rows.names))).astype(float)

    # A missed one that was taken for kept costs three times as much as any other mistake.
    cost = np.array([[0, 1, 1], [1, 0, 1], [3, 1, 0]])
    decided = np.argmin(probability(rows.between(day(76), day(80))) @ cost, axis=1)
    shares = np.append(np.bincount(decided, minlength=3) / len(decided), 0.0)
    expected = population_stability.psi(np.array(past.profile.prediction.shares), shares)
    assert by_name["prediction", "psi"].value == pytest.approx(float(expected), abs=1e-8)
    assert any(f"most of it by {name}" in str(by_name["prediction", "psi"].reason) for name in CLASSES)
    matured = rows.between(day(75), day(79)).labelled()
    score = probability(matured)
    gaps = score.mean(axis=0) - np.bincount(matured.label.astype(int), minlength=3) / len(matured)
    assert by_name["performance", "calibration_gap"].value == pytest.approx(np.abs(gaps).max(), abs=1e-6)
    loss = -np.log(score[np.arange(len(score)), matured.label.astype(int)]).mean()
    on_holdout = past.model.metrics["model"]["log_loss"]
    assert on_holdout is not None
    assert by_name["performance", LOSS_RISE].value == pytest.approx(loss - on_holdout, abs=1e-5)


def test_a_level_that_training_had_not_counts_in_the_categorys_drift() -> None:
    use_case = declared("categories")
    rows = history(use_case, 90, seed=3)
    (name,) = rows.levels
    place, known = rows.names.index(name), rows.levels[name]
    features = rows.features.copy()
    new = (rows.days >= np.datetime64(day(79))) & (np.arange(len(rows)) % 2 == 0)
    features[new, place] = len(known)
    changed = replace(rows, features=features, levels={name: (*known, "zeppelin")})
    past = backtest.train(use_case, changed, day(70), POINT)
    watch = Watch.of(use_case, changed, past, 1, day(89))
    by_day = watch.checks(use_case)
    window = changed.between(day(76), day(80))
    codes = np.where(np.isnan(window.features[:, place]), 5, window.features[:, place]).astype(int)
    # Bins of the levels, of rare ones, of new ones and of none.
    counted = np.bincount(np.array([0, 1, 2, 4, 4, 5])[codes], minlength=6)
    expected = population_stability.psi(np.array(past.profile.features[name].shares), counted / len(window))
    found = {check.feature: check for check in by_day[day(80)] if check.kind == "feature"}
    assert found[name].value == pytest.approx(float(expected), abs=1e-8) and float(expected) > 0.2
    (named,) = (check for check in by_day[day(80)] if check.kind == "new category")
    assert named.value == 15 and "zeppelin (15)" in str(named.reason)
    assert not any(check.value for check in by_day[day(78)] if check.kind == "new category")
    # The model scores a level that it has not learned as one that is not known.
    missing = replace(changed, features=np.where(new[:, None] & (np.arange(3) == place), np.nan, features))
    again = Watch.of(use_case, missing, past, 1, day(89))
    for on in watch.days:
        assert np.array_equal(watch.evidence.scores[on], again.evidence.scores[on])


def test_of_two_scored_days_a_week_windows_and_retrainings_count_scored_days() -> None:
    use_case = declared("weekly", window_days=3, violated_days=2, of_days=2, cooldown_days=0)
    built = use_case.calendar.scores.between(day(0), day(400))
    steps = plan.make(use_case, built, None, day(400), 5)
    days = [refit.day for refit in steps.refits]
    assert len(days) == 5 and all(on in built for on in days)
    # On the last scored day labels of the day before have matured: a window of the three scored days before it is watched.
    assert built.index(days[-1]) == len(built) - 1 - 3
    rows = history(use_case, 401, seed=5)
    past = backtest.train(use_case, rows, days[-1], POINT)
    watch = Watch.of(use_case, rows, past, 1, day(400))
    assert list(watch.days) == [on for on in built if on >= days[-1]]
    assert all(on.weekday() in (0, 3) for on in watch.days)
    first = next(check for check in watch.checks(use_case)[watch.days[0]] if check.kind == "feature")
    window = use_case.calendar.scores.newest(watch.days[0], 3)
    shape = past.profile.features[first.feature]
    counted = sum(watch.evidence.features[first.feature][on] for on in window)
    assert first.value == pytest.approx(shape.psi(np.asarray(counted)), abs=1e-8)
    assert outcome.windows([watch], use_case.drift) == pytest.approx(len(watch.days) / 3)
    # Two violated scored days in a row ask, though three days lie between them.
    bad = dict.fromkeys(watch.days, True)
    exposure = watch.exposure(use_case, bad)
    assert exposure.asked and exposure.days == watch.days[1:2]


def test_a_use_case_that_scores_once_a_month_trains_on_scored_days() -> None:
    content = declared("weekly", window_days=2, of_days=3).model_dump(by_alias=True)
    content["calendar"]["scores"] = {"monthly": [1, "last"]}
    use_case = UseCase.model_validate(content)
    built = use_case.calendar.scores.between(day(0), day(800))
    steps = plan.make(use_case, built, None, day(800), 4)
    days = [refit.day for refit in steps.refits]
    assert 2 <= len(days) <= 4 and set(days) <= set(built)
    assert len({built.index(later) - built.index(earlier) for earlier, later in pairwise(days)}) == 1


@pytest.mark.parametrize("kind", ["classification", "regression", "multiclass", "categories", "weekly"])
def test_measured_alarms_watch_features_slices_scores_labels_and_quality_and_ordinary_days_are_quiet(kind: str) -> None:
    use_case = declared(kind, alarms="measured")
    days = 130 if kind != "weekly" else 420
    rows = history(use_case, days, seed=3, moods=0.05)
    past = backtest.train(use_case, rows, day(days - 20), POINT)
    assert past.profile.history is not None and past.profile.history.slices == (
        ("clinic", "north"),
        ("clinic", "south"),
    )
    assert drift_profile.Profile.from_json(past.profile.to_json()) == past.profile
    watch = Watch.of(use_case, rows, past, 1, day(days - 1))
    by_day = watch.checks(use_case)
    found = {(check.kind, check.statistic) for check in by_day[watch.days[-1]]}
    assert {("data", "missing"), ("data", "beyond"), ("data", "volume"), ("feature", "moved")} <= found
    assert {("feature", "psi"), ("prediction", "psi"), ("performance", "loss_rise")} <= found
    assert any(kind == "label" for kind, _ in found)
    assert not any(watch.verdicts(use_case).values())
    # The gate looks at the holdout's slices as ever.
    assert {line["slice"] for line in past.model.evaluation.slices} == {"clinic"}


@pytest.mark.parametrize("alarms", ["declared", "measured"])
def test_days_that_a_known_event_keeps_back_are_no_ordinary_days(alarms: str) -> None:
    use_case = declared("binary", alarms=alarms)
    rows = history(use_case, 90, seed=3)
    past = backtest.train(use_case, rows, day(70), POINT)
    event = KnownEvent(name="fair", start=day(75), end=day(76))
    limits = use_case.drift.model_copy(update={"known_events": (event,)})
    watched = Watch.of(use_case.model_copy(update={"drift": limits}), rows, past, 1, day(89)).days
    # Declared limits compare whole windows; labels of a day come later.
    length = 1 if alarms == "measured" else limits.window_days
    kept_back = {day(75 + number) for number in range(2 + length - 1 + use_case.maturity_days)}
    assert use_case.maturity_days == 1
    assert set(Watch.of(use_case, rows, past, 1, day(89)).days) - set(watched) == kept_back
