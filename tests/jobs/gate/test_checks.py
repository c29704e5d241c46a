"""The gate's decision, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from jobs.gate.checks import GateDecision, decide
from jobs.gate.results import (
    BaselineGain,
    ChallengerResult,
    ChampionResult,
    IntervalEstimate,
    SliceGain,
    SliceGap,
)
from lakehouse.declaration import Fairness, Gate

LOSS = Gate(metric="log_loss", min_improvement=0.01, floors={"roc_auc": 0.6, "brier": 0.2})
GOOD: dict[str, float | None] = {"log_loss": 0.50, "roc_auc": 0.70, "brier": 0.15}
Metrics = Mapping[str, float | None]


def rival(log_loss: float | None = 0.52, note: str = "", spread: float = 0.001, days: int = 7) -> ChampionResult:
    """A champion of that loss, whose difference to ``GOOD`` is known to +-``spread``."""
    gain = None if log_loss is None else span(log_loss - 0.50, spread, days=days)
    return ChampionResult(4, {"log_loss": log_loss, "roc_auc": 0.7, "brier": 0.15}, gain, note=note)


def span(value: float, spread: float, rows: int = 6000, days: int = 7) -> IntervalEstimate:
    return IntervalEstimate(value, value - spread, value + spread, rows, days)


def judge(gate: Gate, metrics: Metrics, champion: ChampionResult | None) -> GateDecision:
    return decide(gate, ChallengerResult(metrics), champion)


@pytest.mark.parametrize(
    ("challenger", "champion", "verdict", "said"),
    [
        (GOOD, None, "promoted", "there is no champion yet"),
        (GOOD, rival(0.52), "promoted", "log loss 0.5000 against 0.5200 of champion version 4: 0.0200 better"),
        (GOOD, rival(0.512), "promoted", "0.0120 better, 97.5 % interval 0.0110 to 0.0130 over 7 days"),
        (GOOD, rival(0.5105), "held", "interval 0.0095 to 0.0115 over 7 days; expected a lower end of at least 0.01"),
        (GOOD, rival(0.49), "held", "0.0100 worse"),
        (GOOD, rival(0.60, spread=0.099), "held", "0.1000 better, 97.5 % interval 0.0010 to 0.1990"),
        (GOOD, rival(0.60, days=4), "held", "on 4 day(s); expected at least 5 days to tell a difference from noise"),
        (GOOD, rival(None), "held", "log loss can't be computed"),
        ({**GOOD, "log_loss": None}, rival(), "held", "log loss can't be computed"),
        ({**GOOD, "roc_auc": 0.59}, None, "held", "roc auc 0.5900 is below the floor 0.6"),
        ({**GOOD, "roc_auc": 0.6}, None, "promoted", "roc auc 0.6000 keeps the floor 0.6"),
        ({**GOOD, "brier": 0.21}, rival(), "held", "brier 0.2100 is above the ceiling 0.2"),
        ({**GOOD, "roc_auc": None}, None, "held", "roc auc can't be computed"),
        (
            GOOD,
            ChampionResult(4, None, unseen=False, note="Trained through May 9."),
            "held",
            "trained on every day of the holdout",
        ),
        (GOOD, ChampionResult(4, None, unusable="it needs wind"), "promoted", "can't score any more (it needs wind)"),
        ({**GOOD, "roc_auc": 0.5}, ChampionResult(4, None, unusable="it needs wind"), "held", "below the floor"),
        (GOOD, rival(0.6, note="Compared on 2 days."), "promoted", "Compared on 2 days."),
    ],
)
def test_the_verdict_and_its_reasons(
    challenger: Metrics, champion: ChampionResult | None, verdict: str, said: str
) -> None:
    decision = judge(LOSS, challenger, champion)
    assert decision.verdict == verdict
    assert said in "; ".join(decision.reasons)


def test_every_broken_limit_is_named() -> None:
    reasons = judge(LOSS, {**GOOD, "roc_auc": 0.5, "brier": 0.3}, rival()).reasons
    assert any("roc auc" in reason for reason in reasons) and any("brier" in reason for reason in reasons)


def test_an_equal_challenger_is_held_even_without_a_margin() -> None:
    gate = Gate(metric="log_loss", min_improvement=0, floors={})
    assert judge(gate, GOOD, rival(0.50, spread=0)).verdict == "held"
    assert judge(gate, GOOD, rival(0.5002, spread=0.0001)).verdict == "promoted"


def test_greater_is_better_where_it_is() -> None:
    gate = Gate(metric="roc_auc", min_improvement=0.01)
    for mine, verdict in ((0.70, "promoted"), (0.66, "held")):
        champion = ChampionResult(1, {"roc_auc": 0.68}, span(mine - 0.68, 0.005))
        assert judge(gate, {"roc_auc": mine}, champion).verdict == verdict


SLICED = Gate(metric="log_loss", min_improvement=0, max_slice_worsening=0.02, min_slice_rows=200)


@pytest.mark.parametrize(
    ("gain", "verdict", "said"),
    [
        (span(-0.03, 0.01, rows=400), "held", "carrier HA: log loss 0.0300 worse than champion version 4"),
        (span(-0.03, 0.01, rows=199), "promoted", "in none of 1 slices (1 have too few rows to tell)"),
        (span(-0.03, 0.04, rows=400), "promoted", "worse by more than 0.02 in none of 2 slices"),
        (span(-0.015, 0.01, rows=400), "promoted", "worse by more than 0.02 in none of 2 slices"),
        (IntervalEstimate(-0.03, None, None, 400, 1), "promoted", "(1 have too few rows to tell)"),
    ],
    ids=["harmed", "few rows", "noise", "allowed", "one day"],
)
def test_a_slice_is_harmed_when_it_is_worse_beyond_the_limit_and_noise(
    gain: IntervalEstimate, verdict: str, said: str
) -> None:
    champion = replace(rival(), slices=(SliceGain("carrier", "UA", span(0.03, 0.01)), SliceGain("carrier", "HA", gain)))
    decision = judge(SLICED, GOOD, champion)
    assert decision.verdict == verdict and said in "; ".join(decision.reasons)


@pytest.mark.parametrize(
    ("metric", "gap", "verdict", "said"),
    [
        ("recall", span(-0.3, 0.1), "held", "carrier HA: recall 0.3000 below that of all rows"),
        ("recall", span(0.3, 0.1), "held", "carrier HA: recall 0.3000 above that of all rows"),
        ("recall", span(-0.3, 0.4), "promoted", "recall of 1 slices of carrier within 0.2 of all rows'"),
        ("recall", span(-0.3, 0.1, rows=100), "promoted", "recall of 0 slices"),
        ("recall", span(-0.1, 0.05), "promoted", "within 0.2"),
        ("log_loss", span(0.3, 0.1), "held", "log loss 0.3000 above"),
        ("log_loss", span(-0.3, 0.1), "promoted", "log loss of 1 slices"),
    ],
)
def test_a_slice_may_not_lie_too_far_from_the_whole(
    metric: str, gap: IntervalEstimate, verdict: str, said: str
) -> None:
    limit = Fairness.model_validate({"slice": "carrier", "metric": metric, "max_gap": 0.2})
    gate = Gate(metric="log_loss", min_improvement=0, fairness=(limit,))
    decision = decide(gate, ChallengerResult(GOOD, (SliceGap(limit, "HA", gap),)), None)
    assert decision.verdict == verdict and said in "; ".join(decision.reasons)


def test_scores_that_are_not_calibrated_are_held() -> None:
    gate = Gate(metric="log_loss", min_improvement=0, max_calibration_error=0.05)
    for error, verdict in ((0.06, "held"), (0.05, "promoted"), (None, "held")):
        assert judge(gate, {**GOOD, "calibration_error": error}, rival()).verdict == verdict
    assert "calibration error 0.0600 is above the ceiling 0.05" in str(
        judge(gate, {**GOOD, "calibration_error": 0.06}, None).reasons
    )


def test_a_version_whose_record_has_gaps_is_held_whatever_its_numbers() -> None:
    decision = decide(LOSS, ChallengerResult({}, missing=("the tag model_sha256 is not there",)), None)
    assert decision.verdict == "held"
    assert decision.reasons == ("lineage is incomplete: the tag model_sha256 is not there",)


@pytest.mark.parametrize(
    ("gain", "verdict", "said"),
    [
        (
            span(-0.04, 0.01),
            "held",
            "log loss 0.5000 against 0.4600 of the baseline linear: 0.0400 worse, 97.5 % interval -0.0500",
        ),
        (
            span(-0.04, 0.05),
            "promoted",
            "0.0400 worse, 97.5 % interval -0.0900 to 0.0100 over 7 days; not worse beyond noise",
        ),
        (span(0.04, 0.01), "promoted", "0.0400 better"),
        (span(-0.04, 0.01, days=4), "promoted", "on 4 day(s): too few to tell it from noise"),
        (None, "promoted", "nothing to compare with the baseline linear"),
    ],
)
def test_a_simple_model_that_is_better_beyond_noise_holds_the_challenger(
    gain: IntervalEstimate | None, verdict: str, said: str
) -> None:
    baseline = None if gain is None else 0.50 + gain.value
    challenger = ChallengerResult(GOOD, baselines=(BaselineGain("baseline_linear", 0.50, baseline, gain),))
    compared = decide(LOSS.model_copy(update={"baselines": "compare"}), challenger, None)
    assert compared.verdict == verdict and any(said in reason for reason in compared.reasons)
    reported = decide(LOSS, challenger, None)
    assert reported.verdict == "promoted" and not any("baseline" in reason for reason in reported.reasons)


@pytest.mark.parametrize(
    ("champion", "verdict", "said"),
    [
        (rival(0.52), "promoted", "0.0200 better"),
        (rival(0.50, spread=0.01), "promoted", "not worse beyond noise, and newer"),
        (
            rival(0.495, spread=0.01),
            "promoted",
            "0.0050 worse, 97.5 % interval -0.0150 to 0.0050 over 7 days; not worse beyond",
        ),
        (
            rival(0.48, spread=0.01),
            "held",
            "0.0200 worse, 97.5 % interval -0.0300 to -0.0100 over 7 days; worse beyond noise",
        ),
        (rival(0.52, days=4), "held", "expected at least 5 days"),
    ],
)
def test_where_the_newer_of_equals_is_wanted_only_what_is_worse_beyond_noise_is_held(
    champion: ChampionResult, verdict: str, said: str
) -> None:
    decision = judge(LOSS.model_copy(update={"promote": "not_worse"}), GOOD, champion)
    assert decision.verdict == verdict and any(said in reason for reason in decision.reasons)
