"""A champion that the registry has lost, or has another model for, is not compared with, and prevents no promotion."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from jobs.gate.checks import decide
from jobs.gate.eligibility import check_champion
from jobs.gate.results import ChallengerResult
from jobs.train import job as train
from lakehouse.declaration import Gate, UseCase
from lakehouse.models import registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def _promoted(lakehouse_root: Path) -> None:
    for kind in (model_events.REGISTERED, model_events.PROMOTED):
        model_events.record(Event("m", 1, kind, None, "tests", "better", {}, "recorded", NOON))


@pytest.mark.usefixtures("_promoted")
@pytest.mark.parametrize(("run", "found"), [("other", "run other"), ("", "no such version")])
def test_the_challenger_is_held_against_the_limits_alone(run: str, found: str) -> None:
    champion = ModelVersion("m", 1, run, {registry.TAG_FEATURES: "a"})
    eligible = check_champion(cast(UseCase, None), champion, cast(Any, None))
    assert eligible.rows is None
    gate = Gate(metric="log_loss", min_improvement=0.001)
    decision = decide(gate, ChallengerResult({"log_loss": 0.4}), eligible.result)
    assert decision.verdict == model_events.PROMOTED
    assert decision.reasons[0] == (
        "champion version 1 can't score any more (expected run recorded (promoted at 2024-05-01 12:00 UTC in "
        f"ops.model_events), the registry has {found}): judged on the limits alone"
    )


@pytest.mark.usefixtures("_promoted")
def test_a_training_is_not_taken_for_done_by_a_version_under_another_runs_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    versions = [ModelVersion("m", number, "new", {registry.TAG_FINGERPRINT: "f"}) for number in (1, 2)]
    use_case, snapshot = cast(UseCase, SimpleNamespace(name="m")), cast(Any, SimpleNamespace(fingerprint="f"))
    monkeypatch.setattr(registry, "versions", lambda name: versions[:1])
    assert train.registered(use_case, snapshot) is None
    monkeypatch.setattr(registry, "versions", lambda name: versions)
    found = train.registered(use_case, snapshot)
    assert found is not None and found.version == 2
