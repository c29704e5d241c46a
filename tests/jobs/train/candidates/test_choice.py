"""The choice among candidates: over several weeks, never by the holdout, and the simplest of those that can't be told apart."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from jobs.train.candidates import choice, rolling, tune
from jobs.train.candidates.rolling import Window
from jobs.train.fitted_model import fit_and_measure
from jobs.train.search.tuning import Tuned
from jobs.train.split import Parts, Split, divide
from lakehouse.declaration import UseCase
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.jobs.calibrate import worlds
from tests.jobs.calibrate.worlds import KINDS, POINT
from tests.jobs.train.rows import rows

ALL = ("boosted", "linear", "blend")


def tried(world: str, *kinds: str) -> UseCase:
    use_case = worlds.declared(world)
    model = use_case.model.model_copy(update={"candidates": kinds or ALL, "trials": 1})
    return use_case.model_copy(update={"model": model})


def parts_of(use_case: UseCase, made: TrainingSet) -> tuple[Split, Parts]:
    last = max(made.days).astype(dt.date)
    split = Split.for_day(use_case, last + dt.timedelta(days=1))
    return split, divide(made, split, use_case)


@pytest.mark.parametrize("world", KINDS)
def test_each_window_comes_after_its_rows_with_the_embargo_between_and_before_the_holdout(world: str) -> None:
    use_case = tried(world)
    split, parts = parts_of(use_case, worlds.history(use_case, worlds.length(use_case), 1))
    found = rolling.windows(use_case, split, parts)
    assert len(found) >= 2 and (found[0].first, found[0].last) == (split.validation.first, split.validation.last)
    for window in found:
        assert window.train.days.max() < np.datetime64(window.first - dt.timedelta(days=use_case.maturity_days))
        assert window.validation.days.min() >= np.datetime64(window.first)
        assert window.validation.days.max() <= np.datetime64(window.last) < np.datetime64(split.holdout.first)
    for newer, older in pairwise(found):
        assert older.last < newer.first


@pytest.mark.parametrize("world", KINDS)
def test_the_holdout_decides_nothing(world: str) -> None:
    use_case = tried(world)
    split, parts = parts_of(use_case, worlds.history(use_case, worlds.length(use_case), 2))
    one = tune.tune(use_case, split, parts, starts=[POINT])
    turned = replace(parts.holdout, label=parts.holdout.label[::-1].copy(), features=parts.holdout.features * 0)
    other = tune.tune(use_case, split, replace(parts, holdout=turned), starts=[POINT])
    assert one.choice == other.choice and one.choice is not None
    assert np.array_equal(one.validation_score, other.validation_score)
    assert set(one.choice.candidates) == set(ALL) and one.kind == one.choice.kind
    model = fit_and_measure(use_case, one, parts)
    assert model.scorer.kind == one.kind and np.isfinite(model.score).all()
    assert np.array_equal(tune.validation_score(use_case.model, one, parts), one.validation_score)


def test_a_linear_model_alone_is_not_searched_for() -> None:
    use_case = tried("classification", "linear")
    split, parts = parts_of(use_case, worlds.history(use_case, worlds.length(use_case), 3))
    tuned = tune.tune(use_case, split, parts)
    assert tuned.kind == "linear" and not tuned.trials and tuned.study is None
    assert tuned.strength in use_case.model.linear.strengths
    assert fit_and_measure(use_case, tuned, parts).content.startswith(b'{"nightjar_model":"linear"')


def days(count: int, seed: int) -> TrainingSet:
    made = rows(count * 20, seed)
    return replace(made, days=np.datetime64("2024-03-01") + np.repeat(np.arange(count), 20))


def chosen(lift: float, spread: float, seed: int) -> choice.Choice:
    """Linear scores, and boosted ones whose log-odds are nearer to the truth by ``lift``, more or less so by day."""
    made, dice = days(40, seed), np.random.default_rng(seed)
    of_day = np.repeat(lift + spread * dice.normal(size=40), 20)
    side = 2 * made.label - 1
    simple = 1 / (1 + np.exp(-0.5 * side))
    better = 1 / (1 + np.exp(-(0.5 + of_day) * side))
    model = tried("classification", "boosted", "linear").model
    window = Window(dt.date(2024, 3, 1), dt.date(2024, 4, 9), made, made)
    return choice.choose(model, [window], {"linear": [simple], "boosted": [better]}, 0.1)


@pytest.mark.parametrize("seed", range(10))
def test_what_is_better_on_every_day_is_chosen(seed: int) -> None:
    found = chosen(0.2, 0.05, seed)
    linear = found.candidates["linear"]
    assert found.kind == "boosted" and linear.low is not None and 0 < linear.low < linear.behind
    assert "beyond noise" in found.reason and found.days == 40


def test_of_equals_the_simple_one_is_chosen_more_often_than_not() -> None:
    kinds = [chosen(0.0, 0.3, seed).kind for seed in range(60)]
    # Boosted is the better one by chance in half of them, and beyond one standard error in a sixth.
    assert kinds.count("linear") >= 60 * 0.7
    within = next(one for one in (chosen(0.0, 0.3, seed) for seed in range(60)) if "within noise" in one.reason)
    assert within.kind == "linear" and within.candidates["linear"].behind > 0


def test_a_choice_of_a_single_day_is_the_simple_one() -> None:
    made = rows(40, 1)
    window = Window(dt.date(2024, 1, 1), dt.date(2024, 1, 1), made, made)
    model = tried("classification", "boosted", "linear").model
    scores = {"linear": [np.full(40, 0.5)], "boosted": [0.2 + 0.6 * made.label]}
    assert choice.choose(model, [window], scores, 0.1).kind == "linear"


def test_the_recipe_of_the_trees_alone_is_as_ever() -> None:
    use_case = tried("classification", "boosted")
    split, parts = parts_of(use_case, worlds.history(use_case, worlds.length(use_case), 4))
    tuned = tune.tune(use_case, split, parts, starts=[POINT])
    assert isinstance(tuned, Tuned) and tuned.choice is None and tuned.kind == "boosted" and tuned.strength is None
