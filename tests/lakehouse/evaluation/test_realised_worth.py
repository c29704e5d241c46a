"""What decisions were worth: the same by rows, by counts and by drawn days; and thresholds that follow from it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

from jobs.gate import measurement
from jobs.gate.checks import decide
from jobs.gate.results import ChallengerResult, ChampionResult
from jobs.monitor import performance
from jobs.monitor.performance import WorthOfDay
from jobs.monitor.scored_rows import ScoredRows
from jobs.train import threshold
from lakehouse.declaration import UseCase
from lakehouse.declaration.metric_catalogue import Rows
from lakehouse.errors import DeclarationError
from lakehouse.evaluation import day_bootstrap, metrics, slices
from lakehouse.evaluation.day_bootstrap import Draws
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.evaluation.realised_worth import RealisedWorth
from lakehouse.models.class_decision import ClassRule
from tests.jobs import appointments, cards
from tests.jobs.shelf import day

AMOUNTS = {"currency": "EUR", "true_positive": 5, "false_positive": -2, "true_negative": 0.5, "false_negative": -10}

# Of the cards, but without costs: decisions follow from their worth.
MULTICLASS = {"costs": {}}


def declare(root: Path, **amounts: Any) -> UseCase:
    return appointments.declare(root, worth={**AMOUNTS, **amounts})


def rows(seed: int, count: int = 500) -> tuple[Any, Any]:
    dice = np.random.default_rng(seed)
    score = np.round(dice.random(count), 2)
    return (dice.random(count) < score).astype(float), score


@pytest.mark.parametrize("seed", range(5))
def test_the_worth_is_the_sum_of_what_each_decision_brings(tmp_path: Path, seed: int) -> None:
    worth = RealisedWorth.of(declare(tmp_path))
    assert worth is not None
    label, score = rows(seed)
    decided = score >= 0.4
    names = {
        (1, True): "true_positive",
        (0, True): "false_positive",
        (0, False): "true_negative",
        (1, False): "false_negative",
    }
    by_hand = sum(float(AMOUNTS[names[int(l), bool(d)]]) for l, d in zip(label, decided, strict=True))  # noqa: E741
    found = worth.beside(label, score, decided, [label.mean()])
    assert found["worth"] == pytest.approx(by_hand) and found["worth_per_row"] == pytest.approx(by_hand / len(label))
    came = label.mean()
    assert found["worth_per_row_nobody"] == pytest.approx(came * -10 + (1 - came) * 0.5)
    assert found["worth_per_row_everybody"] == pytest.approx(came * 5 + (1 - came) * -2)
    assert found["worth_per_row_baseline"] == max(found["worth_per_row_nobody"], found["worth_per_row_everybody"])
    assert worth.beside(label[:0], score[:0], decided[:0], None)["worth_per_row_everybody"] is None
    # Drawn days: each once is the plain metric, and a difference of two models has an interval.
    days = np.repeat(np.arange("2024-01-01", "2024-01-11", dtype="datetime64[D]"), len(label) // 10)
    measured = Rows(label, score, decided, worth.of_rows(label, score, decided))
    for metric in ("worth", "worth_per_row"):
        assert day_bootstrap.value(metric, measured) == pytest.approx(found[metric])
        span = day_bootstrap.interval(Draws.of(days, 1, 400).values(metric, measured), 10)
        assert span is not None and span[0] < found[metric] < span[1]
    assert metrics.better_by("worth", 3.0, 2.0) == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_the_threshold_that_follows_is_worth_most(tmp_path: Path, seed: int) -> None:
    use_case = declare(tmp_path, true_positive=random.Random(seed).uniform(1, 20))
    worth = RealisedWorth.of(use_case)
    assert worth is not None
    label, score = rows(seed)
    model = use_case.costed_model
    cut = threshold.cheapest(label, score, model.cost_of_miss, model.cost_of_false_alarm)
    every = [np.nextafter(score.max(), 2), *np.unique(score)]
    best = max(worth.measured(label, score, score >= one)["worth"] or 0.0 for one in every)
    assert worth.measured(label, score, score >= cut)["worth"] == pytest.approx(best)


def test_of_several_classes_the_decision_of_greatest_worth_is_made(tmp_path: Path) -> None:
    names = cards.CLASSES
    dice = random.Random(1)
    amounts = {
        str(true): {str(one): 9.0 + place if one == true else dice.uniform(-5, 5) for one in names}
        for place, true in enumerate(names)
    }
    use_case = cards.declare(tmp_path, worth={"currency": "EUR", "decisions": amounts}, model=MULTICLASS)
    rule, worth = ClassRule.declared(use_case), RealisedWorth.of(use_case)
    assert rule is not None and worth is not None
    chances = np.random.default_rng(2).dirichlet(np.ones(len(names)), 200)
    table = np.array([[amounts[str(true)][str(one)] for one in names] for true in names])
    assert rule.decide(chances).tolist() == np.argmax(chances @ table, axis=1).tolist()
    label = np.arange(200) % len(names)
    found = worth.beside(label.astype(float), chances, rule.decide(chances), chances[0])
    assert found["worth"] == pytest.approx(table[label, rule.decide(chances)].sum())
    assert len([name for name in found if name.startswith("worth_per_row_all_")]) == len(names)


def test_of_a_value_each_unit_of_error_costs() -> None:
    worth = RealisedWorth(None, over=-1.0, under=-3.0)
    found = worth.beside(np.array([2.0, 5.0]), np.array([3.5, 3.0]), None, [4.0])
    assert found == {"worth": -7.5, "worth_per_row": -3.75, "worth_per_row_baseline": -2.5}


def test_performance_has_it_by_slice_and_of_what_was_decided(tmp_path: Path) -> None:
    worth = RealisedWorth.of(declare(tmp_path))
    assert worth is not None
    label, score = rows(3, 60)
    label[:5] = np.nan
    mine = ScoredRows(day(0), "champion", 1, score, (score >= 0.5).astype(int), label, {})
    found = {line["metric"]: line for line in performance.of_rows(mine, "classification", WorthOfDay(worth, (0.3,)))}
    known = ~np.isnan(label)
    assert found["worth"]["value"] == pytest.approx(
        worth.measured(label[known], score[known], score[known] >= 0.5)["worth"]
    )
    assert found["worth"]["labelled_rows"] == 55 and found["worth_per_row_baseline"]["value"] is not None
    kinds = np.where(np.arange(60) % 2 == 0, "rule", "model").astype(object)
    withheld = np.arange(60) % 10 == 0
    final = ScoredRows(
        *(day(0), "champion", 1, score, np.ones(60, dtype=int), label, {}), deciders=kinds, withheld=withheld
    )
    found = {line["metric"]: line for line in performance.of_rows(final, "classification", WorthOfDay(worth, None))}
    stands = known & ~withheld
    assert found["final_worth"]["value"] == pytest.approx((label[stands] * 7 - 2).sum())
    assert found["rows_by_rule"]["value"] == 30 and "worth" not in found


def test_the_gate_measures_both_models_by_it_beyond_noise(tmp_path: Path) -> None:
    use_case = appointments.declare(tmp_path, worth=AMOUNTS, gate={"metric": "worth_per_row", "min_improvement": 0.1})
    names = use_case.feature_names
    dice = np.random.default_rng(5)
    matrix = dice.random((1000, len(names)))
    label = (matrix[:, 0] + dice.normal(0, 0.2, 1000) > 0.5).astype(float)
    days = np.repeat(np.arange("2024-01-01", "2024-01-11", dtype="datetime64[D]"), 100)
    held_out = TrainingSet(names, matrix, label, days, {"clinic": np.array(["a", "b"] * 500)})
    measured = []
    for looks_at in (0, 1):
        seen = np.where(np.arange(len(names)) == looks_at, matrix, 0.5)
        rows = xgboost.DMatrix(seen, label, feature_names=list(names))
        booster = xgboost.train({"objective": "binary:logistic", "max_depth": 2, "nthread": 1}, rows, 10)
        measured.append(measurement.of_model(booster, 0.3, held_out, use_case, "a model"))
    good, blind = measured
    found = measurement.metrics_of(use_case, good)
    assert found["worth_per_row"] > max(found["worth_per_row_nobody"], found["worth_per_row_everybody"])
    gain, by_slice = measurement.gains(use_case, good, blind)
    champion = measurement.metrics_of(use_case, blind)
    assert gain is not None and gain.value == pytest.approx(found["worth_per_row"] - champion["worth_per_row"])
    result = ChampionResult(1, champion, gain, by_slice)
    decision = decide(use_case.gate, ChallengerResult({**found, "roc_auc": 0.9}), result)
    assert decision.verdict == "promoted" and "worth per row" in decision.reasons[0]
    worse = ChampionResult(1, found, measurement.gains(use_case, blind, good)[0])
    assert decide(use_case.gate, ChallengerResult({**champion, "roc_auc": 0.9}), worse).verdict == "held"
    lines = slices.measured(use_case, held_out, good.predictions.score, good.predictions.decided)
    assert {line["metric"] for line in lines} == {"worth_per_row"} and all(line["low"] is not None for line in lines)


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"worth": {"currency": "EUR", "true_positive": 1}}, "missing: true_negative, false_positive, false_negative"),
        ({"worth": {**AMOUNTS, "per_unit_over": -1}}, "per_unit_over is not for a classification"),
        ({"worth": {**AMOUNTS, "true_positive": -10}}, "worth.true_positive: expected more than false_negative (-10)"),
        ({"worth": AMOUNTS, "model": {"cost_of_miss": 3}}, "model.cost_of_miss say otherwise what a decision costs"),
        ({"gate": {"metric": "worth"}}, "gate.metric: unknown worth"),
        ({"worth": {**AMOUNTS, "currency": "a b"}}, "worth.currency"),
    ],
)
def test_amounts_that_do_not_fit_are_told(tmp_path: Path, sections: dict[str, Any], expected: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        appointments.declare(tmp_path, **sections)
    assert expected in str(raised.value)
