"""The walk looks at nothing that was not known, and proposes what fresh days keep."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from jobs.calibrate import backtest, drift_limits, equals, feature_limits, gate_margins, outcome, plan, walk
from jobs.calibrate.limit import Limit
from jobs.calibrate.walk import Walk
from jobs.calibrate.watch import Watch
from jobs.train.search import space
from lakehouse.declaration import UseCase
from lakehouse.errors import TrainingDataMissing
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.jobs.calibrate.worlds import KINDS, POINT, day, declared, history, length


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
    after = watch.verdicts(use_case.model_copy(update={"drift": made.drift}))
    assert all(after[on] for on in fresh[15:]) and not after[fresh[9]]
    assert watch.exposure(use_case.model_copy(update={"drift": made.drift}), after).asked


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
