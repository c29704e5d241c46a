"""The early warning: rows that are harder for the model are told before labels come, and ordinary ones are not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pytest

from jobs.monitor import estimates, retraining, verdict
from jobs.monitor.alarms import budget, of_estimates
from jobs.monitor.scored_rows import ScoredRows
from jobs.train import estimator
from lakehouse.declaration import Drift, Rhythm
from lakehouse.evaluation.quality_estimator import QualityEstimator
from tests.jobs.train.test_estimator import judged

LATER = dt.date(2024, 3, 1)
WINDOW = [LATER + dt.timedelta(days=number) for number in range(7)]


@pytest.fixture(scope="module")
def made() -> QualityEstimator:
    found = estimator.fit("isotonic", judged(30, 200, 0.1, 1), Rhythm())
    assert found is not None
    return found


def window(made: QualityEstimator, spread: float, seed: int, days: int = 7) -> estimates.Daily:
    """Estimates of days whose scores lie ``spread`` times as far from the middle as they did."""
    dice, lines = np.random.default_rng(seed), []
    for day in WINDOW[:days]:
        score = 1 / (1 + np.exp(-spread * dice.normal(-1, 1.5, 200)))
        rows = ScoredRows(day, "champion", 3, score, (score >= 0.4).astype(np.int8), np.full(200, np.nan), {})
        lines += estimates.of_rows(rows, made)
    return estimates.by_day(lines, "champion", 3)


def told(made: QualityEstimator, daily: estimates.Daily) -> list[verdict.DriftCheck]:
    return of_estimates.told(made, daily, WINDOW, 365)


def test_no_change_is_told_hardly_ever(made: QualityEstimator) -> None:
    found = [one for seed in range(40) for one in told(made, window(made, 1.0, seed))]
    assert len(found) == 80 and sum(one.excess > 1 for one in found) <= 1
    assert not any(one.violated for one in found)


def test_rows_that_the_model_is_unsure_of_are_told_and_sure_ones_are_not(made: QualityEstimator) -> None:
    unsure = told(made, window(made, 0.4, 5))
    assert {(one.kind, one.feature, one.statistic) for one in unsure} == {
        ("estimate", "log_loss", "estimated_rise"),
        ("estimate", "roc_auc", "estimated_fall"),
    }
    assert all(one.excess > 1 and not one.violated for one in unsure)
    said = str(unsure[0].reason)
    assert "estimated log_loss: 0.6" in said and "over the" in said and "only matured labels can show" in said
    sure = told(made, window(made, 2.0, 6))
    assert not any(one.excess > 1 for one in sure) and all((one.value or 0) < 0 for one in sure)


def test_a_fact_is_in_the_verdict_and_does_not_violate_it(made: QualityEstimator) -> None:
    facts, ordinary = told(made, window(made, 0.4, 5)), told(made, window(made, 1.0, 5))
    found = verdict.day_verdict(facts, Drift())
    assert not found.violated and [str(one.reason) for one in facts] == list(found.reasons[1:])
    gone = verdict.DriftCheck("performance", "log_loss", "loss_rise", 1.0, 0.5, True, "worse")
    assert verdict.day_verdict([gone, *facts], Drift()).reasons == ("worse", *(str(one.reason) for one in facts))
    assert verdict.day_verdict([gone, *ordinary], Drift()).reasons == ("worse",)


def test_with_measured_alarms_it_takes_its_part_of_the_rate_of_scores(made: QualityEstimator) -> None:
    findings: dict[int, Sequence[float | None]] = {}
    for others in (0, 10):
        tally = budget.Tally()
        of_estimates.add(made, window(made, 0.4, 5), WINDOW, tally)
        assert set(tally.tests) == {"scores"} and tally.tests["scores"] == 6
        tally.add("scores", others, [])
        found = list(tally.findings(365))
        assert others or all(one.violated and one.advice for one in found)
        findings[others] = [one.once_in_days for one in found]
    # More tests of the scores make each stricter: the whole keeps its rate.
    assert all((few or 0) > (many or 0) for few, many in zip(*findings.values(), strict=True))


def test_a_violated_estimate_is_drift_among_the_triggers_also_beside_matured_quality() -> None:
    def row(kind: str, violated: bool) -> dict[str, object]:
        about = {"feature": "log_loss", "statistic": "s", "value": 1.0, "limit": 0.5, "reason": "worse"}
        return {"partition": LATER, "kind": kind, "violated": violated, **about}

    given, estimate, matured = row("verdict", True), row("estimate", True), row("performance", True)
    assert retraining.violated_by([given, estimate], Drift()) == {LATER: {"drift"}}
    assert retraining.violated_by([given, estimate, matured], Drift()) == {LATER: {"drift", "performance"}}
    # A fact asks for nothing.
    fact = row("estimate", False)
    assert retraining.violated_by([given, fact, matured], Drift()) == {LATER: {"performance"}}
    assert retraining.violated_by([row("verdict", False), fact], Drift()) == {LATER: set()}


def test_too_few_days_and_versions_from_before_are_said_to_be_unmeasured(made: QualityEstimator) -> None:
    (few,) = told(made, window(made, 0.4, 5, days=2))
    assert few.value is None and "2 of the 7 days to 2024-03-07 have estimates, 3 are needed" in str(few.reason)
    (before,) = of_estimates.without(2)
    assert "version 2 was trained before drift.estimate was declared" in str(before.reason)


def test_a_class_that_was_declared_since_is_left_out_and_one_that_is_gone_gives_nothing() -> None:
    kept = estimator.fit("platt", judged(12, 100, 0.0, 3, classes=3), Rhythm())
    assert kept is not None
    dice = np.random.default_rng(1)
    score = dice.dirichlet((1, 2, 3), 50)
    rows = ScoredRows(LATER, "champion", 1, score, score.argmax(axis=1), np.full(50, np.nan), {}, ("a", "b", "c"))
    expected = list(estimates.of_rows(rows, kept))
    wider = np.column_stack([score[:, 2], np.zeros(50), score[:, 0], score[:, 1]])
    names = ("c", "new", "a", "b")
    more = ScoredRows(LATER, "champion", 1, wider, wider.argmax(axis=1), np.full(50, np.nan), {}, names)
    assert list(estimates.of_rows(more, kept)) == expected and len(expected) == 3
    less = ScoredRows(
        LATER, "champion", 1, score[:, :2], score[:, :2].argmax(axis=1), np.full(50, np.nan), {}, ("a", "b")
    )
    assert list(estimates.of_rows(less, kept)) == []
