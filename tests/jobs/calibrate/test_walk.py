"""The walk looks at nothing that was not known, measures what monitoring measures, and proposes what fresh days keep."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import xgboost

from jobs.calibrate import backtest, drift_limits, equals, feature_limits, gate_margins, outcome, plan, walk
from jobs.calibrate.limit import Limit
from jobs.calibrate.walk import Walk
from jobs.calibrate.watch import Watch, verdicts
from jobs.monitor.drift import LOSS_RISE
from jobs.train.search import space
from lakehouse.declaration import UseCase
from lakehouse.errors import TrainingDataMissing
from lakehouse.evaluation import drift_profile, population_stability
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.jobs.calibrate.worlds import CLASSES, KINDS, day, declared, history, length

POINT = {"max_depth": 3, "eta": 0.3}


def walked(use_case: UseCase, rows: TrainingSet, last: int, refits: int = 4) -> Walk:
    built = use_case.calendar.scores.between(day(0), day(last))
    steps = plan.make(use_case, built, None, built[-1], refits)
    return walk.through(use_case, rows, steps, POINT)


@pytest.fixture(scope="module", params=KINDS)
def quiet(request: pytest.FixtureRequest) -> tuple[UseCase, Walk]:
    """A walk through ordinary days."""
    use_case = declared(request.param)
    days = length(use_case)
    return use_case, walked(use_case, history(use_case, days, seed=10), days - 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_past_model_knows_nothing_of_its_day_and_later(kind: str) -> None:
    use_case = declared(kind)
    rows = history(use_case, length(use_case), seed=1)
    (today,) = use_case.calendar.scores.newest(day(length(use_case) - 50), 1)
    later = rows.days >= np.datetime64(today)
    features = np.where(later[:, None], 9.0, rows.features)
    levels = {}
    for name, known in rows.levels.items():
        # A level of later days comes first in the order of all: every code is another one than before.
        place, levels[name] = rows.names.index(name), ("app", *known)
        features[:, place] = np.where(later, 0.0, rows.features[:, place] + 1)
    changed = replace(rows, features=features, label=np.where(later, 1.0, rows.label), levels=levels)
    one, other = (backtest.train(use_case, some, today, POINT) for some in (rows, changed))
    assert one.model.content == other.model.content and one.profile == other.profile
    assert one.model.metrics["model"] == other.model.metrics["model"]
    (yesterday,) = use_case.calendar.scores.newest(today - dt.timedelta(days=1), 1)
    turned = (2 if use_case.classes else 1) - rows.label
    earlier = replace(rows, label=np.where(rows.days == np.datetime64(yesterday), turned, rows.label))
    assert backtest.train(use_case, earlier, today, POINT).profile != one.profile


def test_it_is_trained_with_the_given_parameters_and_no_search() -> None:
    use_case = declared()
    past = backtest.train(use_case, history(use_case, 80, seed=2), day(70), POINT)
    assert {name: past.tuned.params[name] for name in space.ranges(use_case.model)} == POINT
    assert [trial.number for trial in past.tuned.trials] == [0]


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


def test_fresh_days_of_the_same_kind_keep_what_was_proposed(quiet: tuple[UseCase, Walk]) -> None:
    use_case, seen = quiet
    rate = 0.02
    made = drift_limits.propose(use_case, seen.watches, rate)
    assert made.proposed.violated is not None and made.proposed.violated.share <= rate
    assert [one.field for one in made.limits if one.proposed is None] == []
    # The section that is proposed is one that a declaration may have.
    assert made.drift == type(made.drift).model_validate(made.drift.model_dump())
    # Days that no limit was made from, of worlds that nobody has seen.
    violated, measured = 0, 0
    days = length(use_case) + (30 if use_case.calendar.scores.daily else 120)
    for seed in range(100, 104):
        fresh = Watch.of(use_case, history(use_case, days, seed), seen.models[-1], 1, day(days - 1))
        after = outcome.of_limits(use_case, [fresh], made.drift).violated
        assert after is not None
        violated, measured = violated + after.beyond, measured + after.measured
    assert measured > 120
    assert rate / 2 < made.expected < 0.2
    assert violated / measured <= made.expected


def test_days_that_are_not_ordinary_are_beyond_what_was_proposed(quiet: tuple[UseCase, Walk]) -> None:
    use_case, seen = quiet
    made = drift_limits.propose(use_case, seen.watches, 0.02)
    fresh = use_case.calendar.scores.between(day(length(use_case)), day(1000))[:30]
    rows = history(use_case, (fresh[-1] - day(0)).days + 1, seed=100)
    later = rows.days >= np.datetime64(fresh[10])
    features = rows.features + np.where(later, 2.0, 0.0)[:, None]
    for name in rows.levels:
        place = rows.names.index(name)
        features[:, place] = np.where(later, 0.0, rows.features[:, place])
    watch = Watch.of(use_case, replace(rows, features=features), seen.models[-1], 1, fresh[-1])
    after = verdicts(watch.checks(use_case.model_copy(update={"drift": made.drift})), made.drift)
    assert all(after[on] for on in fresh[15:]) and not after[fresh[9]]
    assert watch.exposure(use_case.model_copy(update={"drift": made.drift}), after).asked


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


def test_without_days_that_have_values_nothing_is_proposed() -> None:
    use_case = declared(window_days=60)
    rows = history(declared(), 90, seed=9)
    unlabelled = replace(rows, label=np.where(rows.days >= np.datetime64(day(75)), np.nan, rows.label))
    past = backtest.train(use_case, unlabelled, day(75), POINT)
    watch = Watch.of(use_case, unlabelled, past, 1, day(89))
    made = drift_limits.propose(use_case, [watch], 0.02)
    without = {one.field: one for one in made.limits if one.proposed is None}
    assert set(without) == {"max_calibration_gap", "max_loss_rise"}
    assert all(not one.changed and one.note for one in without.values())
    assert made.drift.max_loss_rise is None


def test_a_world_of_few_rows_gets_a_floor_that_chance_does_not_pass() -> None:
    use_case = declared()
    floors = []
    for rows_a_day in (6, 200):
        rows = history(use_case, 110, seed=4, rows_a_day=rows_a_day, moods=0.0)
        floors.append(feature_limits.floor(use_case.drift, walked(use_case, rows, 109, refits=1).watches[0]))
    few, plenty = floors
    assert few.proposed is not None and few.proposed > 0.2 and "30 rows of a window" in few.note
    assert (plenty.proposed, plenty.changed) == (0.2, False)


def test_equal_models_pass_no_more_often_than_the_margin_allows(quiet: tuple[UseCase, Walk]) -> None:
    use_case, seen = quiet
    compared = equals.of_walk(use_case, seen.models)
    assert len(compared.equals) == 6 * len(seen.models) and len(compared.successors) == len(seen.models) - 1
    # Each pair both ways: what one gains the other loses.
    gains = [one.champion.gain for one in compared.equals]
    values = [gain.value for gain in gains if gain is not None]
    assert len(values) == len(gains) and sum(values) == pytest.approx(0) and all(values)
    # The same days give the same replicas.
    again = equals.of_equals(use_case, seen.models[0])
    assert [one.champion.gain for one in again] == gains[:6]
    made = gate_margins.propose(use_case, seen.models, compared, 0.02)
    assert made.proposed.equals is not None and made.declared.equals is not None
    assert made.proposed.equals.beyond <= 0.02 * len(gains)
    assert [one.field for one in made.margins] == ["min_improvement", "max_calibration_error", "max_slice_worsening"]
    assert all(one.proposed is not None for one in made.margins)
    assert made.gate == type(made.gate).model_validate(made.gate.model_dump())


def test_a_margin_that_holds_equal_models_for_their_slices_is_widened(quiet: tuple[UseCase, Walk]) -> None:
    use_case, seen = quiet
    compared = equals.of_walk(use_case, seen.models[:2])

    def worsening(limit: float | None) -> Limit:
        gate = use_case.gate.model_copy(update={"max_slice_worsening": limit})
        like = use_case.model_copy(update={"gate": gate})
        return gate_margins.propose(like, seen.models[:2], compared, 0.02).margins[-1]

    undeclared, wide = worsening(None), worsening(1e6)
    assert undeclared.declared is None and undeclared.proposed is not None and undeclared.proposed > 0
    assert (wide.proposed, wide.changed) == (1e6, False)
    harmed = [
        max([0.0, *(-each.gain.value for each in one.champion.slices if each.gain.below_zero)])
        for one in compared.equals
    ]
    tight = worsening(0.0)
    assert tight.proposed is not None
    assert sum(value > tight.proposed for value in harmed) <= 0.02 * len(harmed)


def test_what_a_champion_has_learned_from_is_not_compared_on() -> None:
    use_case = declared()
    rows = history(use_case, 100, seed=6)
    older, newer = (backtest.train(use_case, rows, day(number), POINT) for number in (80, 84))
    (one,) = equals.of_successors(use_case, [older, newer])
    assert one.champion.gain is not None
    seen = set(older.parts.train.days.tolist()) | set(older.parts.validation.days.tolist())
    held = np.unique(newer.parts.holdout.days).tolist()
    new = [on for on in held if on not in seen]
    assert one.champion.gain.days == len(new)
    early = backtest.train(use_case, rows, day(96), POINT)
    assert list(equals.of_successors(use_case, [early, older])) == []


def test_days_without_labels_to_train_on_are_left_out() -> None:
    use_case = declared()
    rows = history(use_case, 110, seed=8)
    late = replace(rows, label=np.where(rows.days < np.datetime64(day(60)), np.nan, rows.label))
    seen = walked(use_case, late, 109)
    assert 0 < len(seen.models) < 4
    none = replace(rows, label=np.full(len(rows), np.nan))
    with pytest.raises(TrainingDataMissing, match="labelled row"):
        walked(use_case, none, 109)


def test_models_are_whole_weeks_apart_and_watched_until_the_next() -> None:
    use_case = declared(cooldown_days=4)
    built = [day(number) for number in range(200)]
    steps = plan.make(use_case, built, None, day(199), 8)
    days = [refit.day for refit in steps.refits]
    apart = {(later - earlier).days for earlier, later in pairwise(days)}
    assert len(days) == 8 and len(apart) == 1 and apart.pop() % 7 == 0
    assert steps.last == day(199) and steps.refits[-1].day <= day(199 - 5)
    for refit, following in pairwise(steps.refits):
        assert refit.watched_through >= following.day - dt.timedelta(days=1)
    inside = plan.make(use_case, built, day(120), day(150), 8)
    assert day(120) <= inside.first and inside.last == day(150)
    assert len(plan.make(use_case, built, None, day(199), 1).refits) == 1


def test_each_length_of_history_is_planned_or_says_how_many_days_are_needed() -> None:
    use_case = declared()
    needed = None
    for number_of_days in range(1, 120):
        built = [day(number) for number in range(number_of_days)]
        try:
            steps = plan.make(use_case, built, None, day(number_of_days - 1), 8)
        except TrainingDataMissing as error:
            assert f"found {number_of_days} days" in str(error)
            needed = int(str(error).split("at least ")[1].split()[0])
            assert needed > number_of_days
        else:
            assert number_of_days >= (needed or 0)
            assert steps.read_from >= day(0) and steps.last <= day(number_of_days - 1)
            rows = history(use_case, number_of_days, seed=7)
            if number_of_days in (needed, 119):
                # With no more days than were asked for, a model can be trained and its labelled days are watched.
                past = backtest.train(use_case, rows, steps.first, POINT)
                watch = Watch.of(use_case, rows, past, 1, steps.last)
                assert any(check.value is not None for check in watch.checks(use_case)[steps.last][-2:])
    with pytest.raises(TrainingDataMissing, match="found none"):
        plan.make(use_case, [], None, day(9), 8)
