"""Learning from a part of the rows: probabilities stay those of all rows, weights are what is declared, refusals have numbers."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jobs.backtest import past_week, steps
from jobs.train import fitting, learned_record, learned_rows
from jobs.train.candidates import linear, tune
from jobs.train.fitted_model import fit_and_measure
from jobs.train.search import space, tuning
from jobs.train.split import Parts, Split, divide
from lakehouse.declaration import LearnFrom, UseCase
from lakehouse.errors import TrainingDataMissing
from lakehouse.evaluation import coded_rows
from lakehouse.evaluation.drawn_rows import Drawn, Weighting
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.scorers import model_files
from tests.jobs.calibrate import worlds

COUNT = 12_000
# Without the regularisation that these few rows would be lost in.
FIXED = {"max_depth": 2, "eta": 0.1, "min_child_weight": 1, "reg_lambda": 1, "subsample": 1.0, "colsample_bynode": 1.0}


def world(kind: str, seed: int) -> tuple[TrainingSet, np.ndarray]:
    """Rows of a known model and their true probabilities: a yes is rare, of three classes one is frequent."""
    dice = np.random.default_rng(seed)
    features = dice.normal(size=(COUNT, 2))
    if kind == "multiclass":
        margin = np.column_stack([np.full(COUNT, 2.5), features[:, 0], features[:, 1] - 0.5])
        truth = np.exp(margin) / np.exp(margin).sum(axis=1, keepdims=True)
        label = (dice.random(COUNT)[:, None] > truth.cumsum(axis=1)).sum(axis=1).astype(float)
    else:
        truth = 1 / (1 + np.exp(3 - features[:, 0] - 0.5 * features[:, 1]))
        label = (dice.random(COUNT) < truth).astype(float)
    days = np.datetime64("2024-01-01") + np.sort(dice.integers(0, 30, COUNT))
    return TrainingSet(("a", "b"), features, label, days), truth


def use_case_of(kind: str, learn_from: dict[str, Any] | None) -> UseCase:
    use_case = worlds.declared(kind)
    model = use_case.model.model_copy(update={"trials": 1, "max_rounds": 60, "fixed": FIXED, "search": {}, "costs": {}})
    learn = None if learn_from is None else LearnFrom.model_validate(learn_from)
    return use_case.model_copy(update={"model": model, "learn_from": learn})


def drawn(
    rows: TrainingSet, kept: np.ndarray, stands: np.ndarray | None = None, only_selected: bool = False
) -> TrainingSet:
    """As if a draw had kept these; ``only_selected``: by a condition."""
    code = np.nan_to_num(rows.label, nan=-1).astype(np.int64)
    days = rows.days.astype(np.int64)
    _, group = np.unique(np.column_stack([days, code]), axis=0, return_inverse=True)
    group, selected = group.reshape(-1), kept if only_selected else np.ones(len(rows), dtype=bool)
    numbers = (np.bincount(group, weights=values).astype(np.int64)[group] for values in (np.ones(len(rows)), selected))
    kept_as = (kept & (code >= 0)).astype(float) if stands is None else np.where(kept, stands, 0.0)
    return replace(rows, drawn=Drawn(kept_as, selected, np.ones(len(rows), dtype=bool), code, *numbers))


WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "one of ten": ("classification", {"sample": {"by_class": {"no": 0.1}}}),
    "both": ("classification", {"sample": {"by_class": {"no": 0.2, "yes": 0.5}}, "class_weights": {"yes": 3}}),
    "heavy": ("classification", {"class_weights": {"yes": 20}, "half_life_days": 20}),
    "several": ("multiclass", {"sample": {"by_class": {"kept": 0.1}}, "class_weights": {"missed": 2}}),
    "several balanced": ("multiclass", {"class_weights": "balanced"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_probabilities_are_those_of_all_rows_whatever_was_learned_from(way: str) -> None:
    task, said = WAYS[way]
    use_case, (rows, _) = use_case_of(task, said), world(task, 11)
    shares = {name: float(part) for name, part in said.get("sample", {}).get("by_class", {}).items()}
    names = ("no", "yes") if task == "classification" else worlds.CLASSES
    kept_share = np.array([shares.get(name, 1.0) for name in names])
    kept = np.random.default_rng(5).random(COUNT) < kept_share[rows.label.astype(int)]
    fitted_to = learned_rows.to_fit(use_case, drawn(rows, kept))
    assert len(fitted_to) == kept.sum() and fitted_to.weighting is not None
    tuned = tuning.tune(use_case.model, fitted_to, world(task, 12)[0])
    new, chance = world(task, 13)
    for kind, fitted in tune.fit_each(use_case.model, tuned, fitted_to, ["boosted", "linear", "blend"], 1.0).items():
        again = model_files.load(fitted.content())
        score = again.score(new.features)
        # As far from the truth as a sample of this size leaves it.
        assert np.allclose(score.mean(axis=0), chance.mean(axis=0), atol=0.015), kind
        assert np.sqrt(((score - chance) ** 2).mean()) < 0.06, kind
        some = new.features[:50].astype(np.float32)
        of_class = None if task == "classification" else np.zeros(50, dtype=np.int64)
        values, base = again.contributions(some, of_class=of_class)
        margin = again.margin(some)
        assert np.allclose(values.sum(axis=1) + base, margin if of_class is None else margin[:, 0], atol=1e-5)
        # Without the correction they are far off: the test would see it.
        plain = learned_record.uncorrected(score, fitted_to.weighting.offset)
        assert np.abs(plain.mean(axis=0) - chance.mean(axis=0)).max() > 0.05


@pytest.mark.parametrize(("task", "rare"), [("classification", "no"), ("multiclass", "kept")])
def test_also_of_trees_that_are_held_back_the_mean_is_the_rate_of_all_rows(task: str, rare: str) -> None:
    use_case = use_case_of(task, {"sample": {"by_class": {rare: 0.1}}})
    # The middle of the platform's own ranges.
    model = use_case.model.model_copy(update={"fixed": {}})
    rows, _ = world(task, 21)
    kept = (np.random.default_rng(5).random(COUNT) < 0.1) | (rows.label > 0)
    fitted_to = learned_rows.to_fit(use_case, drawn(rows, kept))
    tuned = tuning.tune(model, fitted_to, world(task, 22)[0], starts=[space.middles(model)])
    fitted = tune.fit_each(model, tuned, fitted_to, ["boosted", "linear"], 1.0)
    new, chance = world(task, 23)
    for kind, one in fitted.items():
        again = model_files.load(one.content())
        mean, true = (np.atleast_1d(values.mean(axis=0)) for values in (again.score(new.features), chance))
        assert np.allclose(mean / true, 1, atol=0.12), kind
        # On the rows that it was fitted to, each counted for those that it stands for, exactly.
        stands = np.where(fitted_to.label == 0, 10.0, 1.0)
        score = again.score(fitted_to.features)
        rate = np.bincount(fitted_to.label.astype(int), weights=stands) / stands.sum()
        found = np.average(score, axis=0, weights=stands)
        assert np.allclose(found, rate if score.ndim > 1 else rate[1], atol=1e-5), kind
        assert np.array_equal(score, model_files.load(again.content()).score(fitted_to.features))


def test_the_loss_that_stops_and_chooses_is_that_of_all_rows() -> None:
    use_case, (rows, _) = use_case_of("classification", {"class_weights": "balanced"}), world("classification", 1)
    other, truth = world("classification", 2)
    tuned = tuning.tune(use_case.model, learned_rows.to_fit(use_case, rows), other)
    assert tuned.best is not None
    best = -np.mean(other.label * np.log(truth) + (1 - other.label) * np.log(1 - truth))
    assert best - 0.002 < tuned.best.loss < best + 0.02
    score = np.clip(tuned.validation_score, 1e-12, 1 - 1e-12)
    own = -np.mean(other.label * np.log(score) + (1 - other.label) * np.log(1 - score))
    # But for the level, which the finished model gets.
    assert tuned.best.loss == pytest.approx(own, abs=1e-3)


@pytest.mark.parametrize("task", ["classification", "multiclass"])
def test_a_linear_model_of_weights_is_that_of_repeated_rows_less_the_offset(task: str) -> None:
    use_case, (rows, _) = use_case_of(task, None), world(task, 3)
    times = np.where(rows.label == 1, 3, 1)
    repeated = np.repeat(np.arange(COUNT), times)
    more = replace(
        rows, features=rows.features[repeated], label=rows.label[repeated], days=rows.days[repeated], weighting=None
    )
    classes = 2 if task == "classification" else 3
    logs = np.log(np.where(np.arange(classes) == 1, 3.0, 1.0))
    offset = (float(logs[1]),) if classes == 2 else tuple((logs - logs.mean()).tolist())
    weighed = replace(rows, weighting=Weighting(times / times.mean(), offset))
    # So strong that the pull towards 0 makes no difference.
    one, other = (linear.fit(use_case.model, part, 1e6) for part in (weighed, more))
    gap = one.margin(rows.features[:20]) - other.margin(rows.features[:20])
    assert np.allclose(gap, -offset[0] if classes == 2 else -np.array(offset), atol=0.05)


def test_the_newest_rows_count_most_and_half_as_much_a_half_life_before() -> None:
    use_case, (rows, _) = use_case_of("regression", {"half_life_days": 10}), world("classification", 4)
    found = learned_rows.to_fit(use_case, rows)
    assert (
        found.weighting is not None
        and found.weighting.offset == ()
        and found.weighting.weight.mean() == pytest.approx(1)
    )
    newest = found.days.max()
    weights = {age: found.weighting.weight[found.days == newest - np.timedelta64(age, "D")] for age in (0, 10, 20)}
    assert np.allclose(weights[0], weights[0][0]) and weights[0][0] / weights[10][0] == pytest.approx(2)
    assert weights[10][0] / weights[20][0] == pytest.approx(2)
    assert learned_rows.effective(found) < len(found) == COUNT
    even = replace(found, weighting=Weighting(np.full(COUNT, 1.0)))
    assert learned_rows.effective(even) == COUNT == learned_rows.effective(rows)


def test_balanced_classes_have_the_same_weight_together_also_after_a_draw_and_by_age() -> None:
    said = {"class_weights": "balanced", "half_life_days": 5, "sample": {"by_class": {"kept": 0.5}}}
    use_case, (rows, _) = use_case_of("multiclass", said), world("multiclass", 5)
    found = learned_rows.to_fit(use_case, drawn(rows, np.random.default_rng(1).random(COUNT) < 0.5))
    assert found.weighting is not None
    assert np.allclose(np.bincount(found.label.astype(int), weights=found.weighting.weight), len(found) / 3)


def test_days_of_which_a_part_is_learned_from_count_as_the_whole_they_stand_for() -> None:
    use_case, (rows, _) = use_case_of("classification", {"sample": {"rows_a_day": 50}}), world("classification", 6)
    day = (rows.days - rows.days.min()).astype(int)
    sizes = np.bincount(day)
    rank = np.arange(COUNT) - (np.cumsum(sizes) - sizes)[day]
    found = learned_rows.to_fit(use_case, drawn(rows, rank < 50, sizes[day] / 50))
    assert found.weighting is not None and found.weighting.offset == ()
    weight = np.bincount((found.days - rows.days.min()).astype(int), weights=found.weighting.weight)
    assert np.allclose(weight / weight.sum(), sizes / COUNT)


def test_a_limit_of_a_class_is_weighed_back_by_day_and_corrected_as_a_whole() -> None:
    said = {"sample": {"by_class": {"no": {"rows_a_day": 20}}}}
    use_case, (rows, _) = use_case_of("classification", said), world("classification", 7)
    day, no = (rows.days - rows.days.min()).astype(int), rows.label == 0
    sizes = np.bincount(day[no])
    rank = np.where(no, np.cumsum(no) - 1 - (np.cumsum(sizes) - sizes)[day], -1)
    found = learned_rows.to_fit(use_case, drawn(rows, rank < 20, np.where(no, sizes[day] / 20, 1.0)))
    assert found.weighting is not None
    of_no, weight = found.label == 0, found.weighting.weight
    share = of_no.sum() / no.sum()
    assert found.weighting.offset == pytest.approx((-np.log(share),))
    assert weight[of_no].mean() == pytest.approx(weight[~of_no].mean())
    by_day = np.bincount((found.days - rows.days.min()).astype(int)[of_no], weights=weight[of_no])
    assert np.allclose(by_day / by_day.sum(), sizes / no.sum())


@pytest.mark.parametrize("kind", ["classification", "regression", "multiclass"])
def test_nothing_is_weighed_where_nothing_is_declared_or_all_count_alike(kind: str) -> None:
    rows, _ = world(kind, 8)
    assert learned_rows.to_fit(use_case_of(kind, None), rows) is rows
    kept = np.random.default_rng(2).random(COUNT) < 0.3
    found = learned_rows.to_fit(use_case_of(kind, {"sample": {"share": 0.3}}), drawn(rows, kept))
    assert found.weighting is None and np.array_equal(found.features, rows.features[kept])


def split_world(said: dict[str, Any], kept: float, seed: int = 1) -> tuple[UseCase, Split, Parts]:
    use_case = use_case_of("classification", said)
    use_case = use_case.model_copy(
        update={"model": use_case.model.model_copy(update={"candidates": ("boosted", "linear", "blend")})}
    )
    rows = worlds.history(use_case, worlds.DAYS, seed)
    taken = np.random.default_rng(3).random(len(rows)) < kept
    made = drawn(rows, taken, only_selected="select" in said)
    split = Split.for_day(use_case, max(rows.days).astype(object))
    return use_case, split, divide(made, split, use_case)


def test_all_fits_are_of_the_rows_learned_from_and_all_measures_of_all_rows() -> None:
    use_case, split, parts = split_world({"select": "age > 0", "half_life_days": 9}, 0.6)
    tuned = tune.tune(use_case, split, parts)
    model = fit_and_measure(use_case, tuned, parts)
    assert len(model.past) == len(parts.train) + len(parts.validation)
    # What is not learned from is nothing to the models: another label there changes no digit of them.
    turned = {
        name: replace(part, label=np.where(part.drawn.stands > 0, part.label, 1 - part.label))
        for name, part in (("train", parts.train), ("validation", parts.validation))
        if part.drawn is not None
    }
    validation = replace(turned["validation"], label=parts.validation.label)
    other = replace(parts, train=turned["train"], validation=validation)
    refitted = fitting.joined(other.train, turned["validation"])
    learned = tune.learned(use_case.model, learned_rows.to_fit(use_case, refitted))
    assert tune.fit(use_case.model, tuned, learned).content() == model.content
    said = learned_record.described(use_case, parts, tuned)["learned"]
    assert said["learned_rows"] == len(learned) and said["effective_rows"] < len(learned)
    assert "calibration" not in said and said["odds"] == {} and said["declared"]["half_life_days"] == "9"


@pytest.mark.parametrize(
    ("said", "kept", "words"),
    [
        ({"select": "age > 99"}, 0.0, r"expected at least 200 rows to learn from .*learn_from.select keeps 0"),
        (
            {"select": "age > 1"},
            0.1,
            r"expected at least 200 rows.* labelled rows learn_from.select keeps \d+.*leaves \d+",
        ),
        ({"sample": {"share": 0.05}}, 0.05, r"the sample \d+: learn_from leaves \d+; widen"),
    ],
)
def test_too_few_rows_are_refused_with_their_numbers(said: dict[str, Any], kept: float, words: str) -> None:
    with pytest.raises(TrainingDataMissing, match=words):
        split_world(said, kept)


def test_one_class_alone_is_refused() -> None:
    use_case, rows = use_case_of("classification", {"select": "a > 1"}), world("classification", 9)[0]
    with pytest.raises(TrainingDataMissing, match=r"found none of yes \(it has [\d,]+ yes\)"):
        learned_rows.expect(use_case, "2024", drawn(rows, rows.label == 0), 200)


def test_rows_of_two_windows_keep_what_the_draw_says() -> None:
    rows, _ = world("classification", 10)
    made = drawn(rows, rows.features[:, 0] > 0)
    early, late = (
        made.between(*(np.datetime64(day).astype(object) for day in ("2024-01-01", "2024-01-10"))),
        made.between(*(np.datetime64(day).astype(object) for day in ("2024-01-11", "2024-02-01"))),
    )
    both = coded_rows.joined(early, late)
    assert both.drawn is not None and np.array_equal(both.drawn.stands > 0, both.features[:, 0] > 0)


@pytest.mark.parametrize("objective", ["reg:squarederror", "reg:logistic", "count:poisson", "reg:gamma", "reg:tweedie"])
def test_a_linear_regression_of_weights_is_that_of_repeated_rows(
    objective: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Counting the machine's cores would start a process.
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    rows, chance = world("classification", 14)
    some = replace(rows, label=np.clip(chance + 0.02 * np.abs(rows.features[:, 1]), 0.001, 0.999)).where(
        np.arange(COUNT) < 2000
    )
    model = use_case_of("regression", None).model.model_copy(update={"fixed": {"objective": objective}})
    times = np.where(some.features[:, 0] > 0.5, 4, 1)
    repeated = np.repeat(np.arange(len(some)), times)
    more = replace(some, features=some.features[repeated], label=some.label[repeated], days=some.days[repeated])
    one, other = (
        linear.fit(model, part, 1e6) for part in (replace(some, weighting=Weighting(times / times.mean())), more)
    )
    plain = linear.fit(model, some, 1e6).score(some.features)
    assert np.allclose(one.score(some.features), other.score(some.features), rtol=2e-3, atol=2e-4)
    assert np.abs(plain - other.score(some.features)).max() > 2e-3


def test_a_backtest_learns_as_it_is_declared_and_its_baselines_from_all_rows() -> None:
    said = {"class_weights": {"yes": 6}, "half_life_days": 40}
    weighed, plain = (use_case_of("classification", one) for one in (said, None))
    rows, last = worlds.history(plain, worlds.DAYS, 2), worlds.day(worlds.DAYS - 1)
    week = steps.weeks(last - dt.timedelta(days=6), last)[0]
    lived = {}
    for use_case in (weighed, plain):
        model = use_case.model.model_copy(update={"candidates": ("boosted", "linear", "blend")})
        past, _ = past_week.walk(use_case.model_copy(update={"model": model}), rows, week, past_week.Champions(), {})
        lived[use_case.learn_from is None] = past.metrics
    for kind in ("boosted", "linear", "blend"):
        assert lived[True][kind]["log_loss"] != lived[False][kind]["log_loss"]
        # Weights by class are taken back: the loss stays near that of all rows alike.
        assert abs(lived[True][kind]["log_loss"] - lived[False][kind]["log_loss"]) < 0.06
    for kind in ("baseline_constant", "baseline_linear"):
        assert lived[True][kind] == lived[False][kind]
