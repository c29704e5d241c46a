"""Quality is estimated from chances: as pairs counted one by one, and as labels that are drawn with these chances turn out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from lakehouse.evaluation import class_metrics, estimated_metrics, metrics
from lakehouse.evaluation.calibrator import METHODS, Calibrator, Method, chances
from lakehouse.evaluation.estimated_metrics import Floats
from lakehouse.evaluation.quality_estimator import measured

# Few distinct scores, so that many are equal.
ROWS = st.lists(st.tuples(st.integers(0, 6), st.floats(0, 1)), min_size=2, max_size=25)


@given(ROWS)
@settings(deadline=None)
def test_the_area_under_the_curve_is_the_share_of_expected_pairs(rows: list[tuple[int, float]]) -> None:
    rows = sorted(rows)
    score, chance = np.array([one / 6 for one, _ in rows]), np.array([one for _, one in rows])
    won = total = 0.0
    for yes in range(len(rows)):
        for no in range(len(rows)):
            if yes != no:
                pairs = chance[yes] * (1 - chance[no])
                total += pairs
                won += pairs * (score[yes] > score[no]) + pairs * 0.5 * (score[yes] == score[no])
    found = estimated_metrics.roc_auc(score, chance)
    if found is None:
        assert total == pytest.approx(0, abs=1e-9)
    else:
        assert found.value == pytest.approx(won / total, abs=1e-6)


def drawn(dice: np.random.Generator, chance: Floats) -> Floats:
    return (dice.random(len(chance)) < chance).astype(float)


@pytest.mark.parametrize("seed", range(2))
def test_labels_that_are_drawn_with_the_chances_turn_out_as_estimated_and_stray_as_said(seed: int) -> None:
    dice, rows = np.random.default_rng(seed), 300
    score = np.sort(np.round(dice.beta(1, 2, rows), 2))
    chance = np.clip(score + dice.normal(0, 0.1, rows), 0.01, 0.99)
    decided = score >= 0.4
    found = estimated_metrics.of_yes_or_no(score, chance, decided)
    came: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(300):
        label = drawn(dice, chance)
        measured_now = metrics.compute("classification", label, score, decided) | {"label_rate": label.mean()}
        for name in found.keys() - {"alarm_rate"}:
            came[name].append(measured_now[name])
    alarms = found.pop("alarm_rate")
    assert alarms is not None and (alarms.value, alarms.variance) == (decided.mean(), 0.0)
    for name, one in found.items():
        assert one is not None
        spread = np.std(came[name])
        # Of a ratio the mean is a little off the ratio of the means.
        assert np.mean(came[name]) == pytest.approx(one.value, abs=4 * spread / 300**0.5 + 0.003), name
        assert one.variance**0.5 == pytest.approx(spread, rel=0.2), name


def test_other_rows_of_the_same_kind_stray_as_the_spread_says() -> None:
    dice, rows = np.random.default_rng(4), 200
    curve = Calibrator("platt", intercept=0.2, slope=0.8)
    found: dict[str, list[float]] = {}
    spread: dict[str, list[float]] = {}
    for _ in range(300):
        score = np.sort(dice.beta(1, 2, rows))
        for name, one in estimated_metrics.of_yes_or_no(score, curve.of(score), score >= 0.4).items():
            assert one is not None
            found.setdefault(name, []).append(one.value)
            spread.setdefault(name, []).append(one.spread)
    for name, values in found.items():
        assert (np.mean(spread[name]) / rows) ** 0.5 == pytest.approx(np.std(values), rel=0.15), name


def test_of_several_classes_drawn_labels_turn_out_as_estimated() -> None:
    dice, rows = np.random.default_rng(5), 300
    score = dice.dirichlet((1, 2, 3), rows)
    chance = (score + 0.1) / (score + 0.1).sum(axis=1, keepdims=True)
    decided = score.argmax(axis=1)
    found, came = estimated_metrics.of_classes(score, chance, decided), []
    for _ in range(200):
        label = (dice.random(rows)[:, None] > chance.cumsum(axis=1)).sum(axis=1).clip(max=2).astype(float)
        came.append(class_metrics.compute(label, score, decided))
    for name, one in found.items():
        values = [line[name] for line in came]
        assert one is not None
        assert np.mean(values) == pytest.approx(one.value, abs=4 * np.std(values) / 200**0.5), name
        assert one.variance**0.5 == pytest.approx(np.std(values), rel=0.2), name


@given(st.integers(0, 10_000), st.sampled_from(METHODS), st.integers(2, 200))
@settings(deadline=None, max_examples=30)
def test_a_curve_never_falls_and_is_the_same_after_its_json(seed: int, method: Method, rows: int) -> None:
    dice = np.random.default_rng(seed)
    score = np.round(dice.random(rows), int(dice.integers(1, 6)))
    # Some rank the right way, some the wrong way round.
    label = drawn(dice, np.clip(score * dice.choice([1, -1]) + dice.random(), 0, 1))
    curve = Calibrator.fit(method, label, score)
    if label.min() == label.max():
        assert curve is None
        return
    assert curve is not None
    grid = np.linspace(0, 1, 301)
    chance = curve.of(grid)
    assert (np.diff(chance) >= -1e-12).all() and chance.min() >= 0 and chance.max() <= 1
    again = TypeAdapter(Calibrator)
    assert again.validate_json(again.dump_json(curve)) == curve
    # What is expected of the rows that it was fitted to is what came: both kinds of curve keep the mean.
    assert curve.of(score).mean() == pytest.approx(label.mean(), abs=0.01)


def test_chances_of_several_classes_add_up_to_one_also_where_every_curve_says_never() -> None:
    curves = [Calibrator("isotonic", scores=(0.0, 0.5, 1.0), chances=(0.0, 0.0, 1.0))] * 3
    found = chances(curves, np.array([[0.4, 0.3, 0.3], [0.9, 0.05, 0.05], [0.5, 0.4, 0.1]]))
    assert found.sum(axis=1) == pytest.approx([1, 1, 1])
    assert found[0].tolist() == [0.4, 0.3, 0.3] and found[1].tolist() == [1, 0, 0]


@given(st.integers(0, 1000))
@settings(deadline=None, max_examples=20)
def test_the_order_of_the_rows_changes_no_digit(seed: int) -> None:
    dice = np.random.default_rng(seed)
    score, order = np.round(dice.random(200), 2), dice.permutation(200)
    decided = (score >= 0.5).astype(np.int8) if seed % 2 else np.full(200, -1, dtype=np.int8)
    curves = (Calibrator("platt", intercept=0.1, slope=0.9),)
    assert measured(curves, score, decided) == measured(curves, score[order], decided[order])
    classes = np.round(dice.dirichlet((1, 1, 1), 200), 2)
    assert measured(curves * 3, classes, decided) == measured(curves * 3, classes[order], decided[order])


def test_rows_that_do_not_define_a_metric_have_none() -> None:
    certain = estimated_metrics.of_yes_or_no(np.array([0.2, 0.7]), np.zeros(2), np.zeros(2))
    assert (certain["roc_auc"], certain["precision"], certain["recall"]) == (None, None, None)
    assert certain["log_loss"] is not None and certain["log_loss"].variance == 0
    assert set(estimated_metrics.of_yes_or_no(np.empty(0), np.empty(0), None).values()) == {None}
    assert set(estimated_metrics.of_classes(np.empty((0, 2)), np.empty((0, 2)), np.empty(0)).values()) == {None}
