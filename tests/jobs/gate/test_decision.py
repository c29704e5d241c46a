"""The gate's decision, as a table."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from jobs.gate.decision import Rival, decide
from lakehouse.declaration import Gate

LOSS = Gate(metric="log_loss", min_improvement=0.01, floors={"roc_auc": 0.6, "brier": 0.2})
GOOD: dict[str, float | None] = {"log_loss": 0.50, "roc_auc": 0.70, "brier": 0.15}
Metrics = Mapping[str, float | None]


def rival(log_loss: float | None = 0.52, note: str = "") -> Rival:
    return Rival(4, {"log_loss": log_loss, "roc_auc": 0.7, "brier": 0.15}, note=note)


@pytest.mark.parametrize(
    ("challenger", "champion", "verdict", "said"),
    [
        (GOOD, None, "promoted", "there is no champion yet"),
        (GOOD, rival(0.52), "promoted", "log loss 0.5000 against 0.5200 of champion version 4: 0.0200 better"),
        (GOOD, rival(0.51), "promoted", "0.0100 better"),
        (GOOD, rival(0.509), "held", "0.0090 better, expected at least 0.01 better"),
        (GOOD, rival(0.49), "held", "0.0100 worse, expected at least 0.01 better"),
        (GOOD, rival(None), "held", "log loss can't be computed"),
        ({**GOOD, "log_loss": None}, rival(), "held", "log loss can't be computed"),
        ({**GOOD, "roc_auc": 0.59}, None, "held", "roc auc 0.5900 is below the floor 0.6"),
        ({**GOOD, "roc_auc": 0.6}, None, "promoted", "roc auc 0.6000 keeps the floor 0.6"),
        ({**GOOD, "brier": 0.21}, rival(), "held", "brier 0.2100 is above the ceiling 0.2"),
        ({**GOOD, "roc_auc": None}, None, "held", "roc auc can't be computed"),
        (
            GOOD,
            Rival(4, None, unseen=False, note="Trained through May 9."),
            "held",
            "trained on every day of the holdout",
        ),
        (GOOD, Rival(4, None, unusable="it wants wind"), "promoted", "can't score any more (it wants wind)"),
        ({**GOOD, "roc_auc": 0.5}, Rival(4, None, unusable="it wants wind"), "held", "below the floor"),
        (GOOD, rival(0.6, note="Compared on 2 days."), "promoted", "Compared on 2 days."),
    ],
)
def test_the_verdict_and_its_reasons(challenger: Metrics, champion: Rival | None, verdict: str, said: str) -> None:
    decision = decide(LOSS, challenger, champion)
    assert decision.verdict == verdict
    assert said in "; ".join(decision.reasons)


def test_every_broken_limit_is_named() -> None:
    reasons = decide(LOSS, {**GOOD, "roc_auc": 0.5, "brier": 0.3}, rival()).reasons
    assert any("roc auc" in reason for reason in reasons) and any("brier" in reason for reason in reasons)


def test_an_equal_challenger_is_held_even_without_a_margin() -> None:
    gate = Gate(metric="log_loss", min_improvement=0, floors={})
    assert decide(gate, GOOD, rival(0.50)).verdict == "held"
    assert decide(gate, GOOD, rival(0.5001)).verdict == "promoted"


def test_greater_is_better_where_it_is() -> None:
    gate = Gate(metric="roc_auc", min_improvement=0.01)
    champion = Rival(1, {"roc_auc": 0.68})
    assert decide(gate, {"roc_auc": 0.70}, champion).verdict == "promoted"
    assert decide(gate, {"roc_auc": 0.66}, champion).verdict == "held"
