"""The gate on pairs of models whose true difference is known. `make bench-gate` measures the same on more seeds."""

from __future__ import annotations

import pytest

from tests.jobs.gate.pairs import Holdout, Model, judge, promoted, use_case

GOOD, POOR = Model(), Model(row=0.7, day=0.4)
# Excellent for most, and hardly better than chance for the passengers of one carrier.
HARMFUL = Model(row=0.1, day=0.1, harmed={"MQ": 1.7})
STRICT = use_case(min_improvement=0.001, max_slice_worsening=0.02, max_calibration_error=0.15)


@pytest.mark.parametrize(
    ("challenger", "champion", "least", "most"),
    [(GOOD, POOR, 0.9, 1.0), (GOOD, GOOD, 0.0, 0.05), (POOR, GOOD, 0.0, 0.0)],
    ids=["clearly better", "equal", "worse"],
)
def test_who_is_better_is_promoted_and_nobody_else(
    challenger: Model, champion: Model, least: float, most: float
) -> None:
    assert least <= promoted(STRICT, challenger, champion, range(40)) <= most


def test_without_a_margin_equal_models_are_still_held() -> None:
    assert promoted(use_case(), GOOD, GOOD, range(100, 200)) <= 0.05


def test_better_on_average_but_harmful_in_one_slice_is_held() -> None:
    careless = use_case(min_improvement=0.001)
    for seed in range(5):
        assert judge(careless, Holdout.of(seed), HARMFUL, POOR).verdict == "promoted"
        decision = judge(STRICT, Holdout.of(seed), HARMFUL, POOR)
        assert decision.verdict == "held"
        assert (
            decision.reasons[0].startswith("carrier MQ: log loss") and "at most 0.02 is allowed" in decision.reasons[0]
        )


def test_better_by_luck_on_a_small_holdout_is_held() -> None:
    """Of equal models some look better than the margin on a few rows of a few days; none is promoted for it."""
    lucky = 0
    for seed in range(30):
        decision = judge(STRICT, Holdout.of(seed, days=4, rows_a_day=40), GOOD, GOOD)
        assert decision.verdict == "held"
        lucky += " better, on 4 day(s); expected at least 5 days" in str(decision.reasons)
    assert lucky >= 10
    week = promoted(STRICT, GOOD, GOOD, range(60), days=7, rows_a_day=40)
    assert week <= 0.05


def test_better_but_not_calibrated_is_held() -> None:
    off = Model(row=0.1, day=0.1, shift=1.2)
    much_worse = Model(row=2.0, day=1.5)
    decision = judge(STRICT, Holdout.of(1), off, much_worse)
    assert decision.verdict == "held"
    assert "calibration error" in decision.reasons[0] and "is above the ceiling 0.15" in decision.reasons[0]
    assert len([reason for reason in decision.reasons if "above" in reason]) == 1


def test_a_carrier_that_is_called_late_far_too_often_is_unfair() -> None:
    limit = {"slice": "carrier", "metric": "false_alarm_rate", "max_gap": 0.1}
    case = use_case(fairness=[limit])
    decision = judge(case, Holdout.of(1), Model(row=0.1, day=0.1, biased={"EV": 0.8}), POOR)
    assert decision.verdict == "held"
    assert decision.reasons[0].startswith("carrier EV: false alarm rate")
    assert judge(case, Holdout.of(1), GOOD, POOR).verdict == "promoted"
