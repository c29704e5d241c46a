"""The gate's decision, as a version carries it."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.gate import promotion_decision
from jobs.gate.promotion_decision import TAG_DECISION, PromotionDecision
from lakehouse.models import registry
from lakehouse.models.registry import ModelVersion

# As the release before pydantic wrote it, and as one before approvals did: without an answer.
OLDER = (
    '{"actor": "airflow", "answer": "", "evidence": {"challenger": {"log_loss": 0.5123456789012345, "roc_auc": null}, '
    '"champion": null, "judged_days": ["2024-02-03", "2024-02-09"], "lineage": {"missing": []}}, "from_version": 3, '
    '"judged_at": "2024-02-10T01:02:03.456789+00:00", "reasons": ["log_loss 0.5123: \\u2265 the limit", "no champion"], '
    '"verdict": "held"}'
)
DECISION = PromotionDecision(
    verdict="held",
    reasons=("log_loss 0.5123: \u2265 the limit", "no champion"),
    evidence={
        "challenger": {"log_loss": 0.5123456789012345, "roc_auc": None},
        "champion": None,
        "judged_days": ["2024-02-03", "2024-02-09"],
        "lineage": {"missing": []},
    },
    from_version=3,
    actor="airflow",
    judged_at="2024-02-10T01:02:03.456789+00:00",
)


def version(**tags: str) -> ModelVersion:
    return ModelVersion("appointments", 4, "ab12", tags)


@pytest.mark.parametrize("text", [OLDER, OLDER.replace('"answer": "", ', "")])
def test_a_decision_of_an_older_release_is_read_to_the_last_digit(text: str) -> None:
    assert promotion_decision.saved(version(**{TAG_DECISION: text})) == DECISION


def test_a_version_without_a_decision_has_none() -> None:
    assert promotion_decision.saved(version()) is None


def test_a_decision_survives_the_tag_that_carries_it(monkeypatch: pytest.MonkeyPatch) -> None:
    tags: dict[str, Any] = {}
    monkeypatch.setattr(registry, "tag", lambda model, key, value: tags.update({key: value}))
    approved = DECISION.answered("approved", "Ada", 24)
    promotion_decision.save(version(), approved)
    assert promotion_decision.saved(version(**tags)) == approved
