"""The gate as a job: what a person says, what a record lacks, and two promotions at once."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

from jobs.gate import job as gate
from jobs.gate import promotion_decision, provenance
from jobs.gate.arguments import GateArguments
from jobs.gate.promotion_decision import PromotionDecision
from lakehouse.declaration import UseCase
from lakehouse.errors import BadArguments
from lakehouse.models import champion_record, registry
from lakehouse.ops import model_events
from tests.jobs import appointments
from tests.jobs.trained import FIRST_DAY, NEXT_DAY, audit_log, run_gate, run_train


def asked(use_case: UseCase, root: Path) -> UseCase:
    """The same use case, in which a person has the last word."""
    return appointments.declare(root, use_case.name, gate={"approval": {"hours": 2}})


def test_a_proposed_promotion_waits_for_its_answer(
    trained_clinic: UseCase, lakehouse_root: Path, mlflow_uri: str
) -> None:
    asked(trained_clinic, lakehouse_root.parent / "use_cases")
    run_train(trained_clinic)
    with pytest.raises(BadArguments, match="it was not judged yet; run the gate without --answer first"):
        run_gate(trained_clinic, answer="approved")
    for _ in range(2):
        proposed = run_gate(trained_clinic)
        assert (proposed["status"], proposed["verdict"]) == ("proposed", "proposed")
        assert proposed["evidence"]["challenger"]["roc_auc"] > 0.55
        assert (
            proposed["run_url"].startswith(mlflow_uri)
            and registry.version(trained_clinic.name, 1).run_id in proposed["run_url"]
        )
    assert champion_record.current(trained_clinic.name) is None and audit_log(trained_clinic) == [
        (1, "registered", None)
    ]

    done = gate.run(
        GateArguments(use_case=trained_clinic.name, partition=FIRST_DAY, answer="approved", actor="airflow:ada")
    ).as_json()
    assert (done["status"], done["verdict"]) == ("judged", "promoted")
    line = model_events.of_model(trained_clinic.name)[-1]
    assert (line.event, line.actor) == ("promoted", "airflow:ada")
    assert line.reason.startswith("approved by airflow:ada; there is no champion yet")
    assert line.evidence["approval"] == {
        "answer": "approved",
        "by": "airflow:ada",
        "proposed_by": "tests",
        "proposed_at": line.evidence["approval"]["proposed_at"],
    }
    assert champion_record.champion(trained_clinic.name).version == 1
    again = gate.run(
        GateArguments(use_case=trained_clinic.name, partition=FIRST_DAY, answer="approved", actor="airflow:bob")
    ).as_json()
    assert again == {**done, "status": "unchanged"} and run_gate(trained_clinic)["status"] == "unchanged"
    with pytest.raises(BadArguments, match="it was answered approved by airflow:ada; nothing is changed"):
        run_gate(trained_clinic, answer="rejected")
    assert len(audit_log(trained_clinic)) == 2


def test_a_rejected_promotion_is_held(trained_clinic: UseCase, lakehouse_root: Path) -> None:
    asked(trained_clinic, lakehouse_root.parent / "use_cases")
    run_train(trained_clinic)
    run_gate(trained_clinic)
    assert run_gate(trained_clinic, answer="rejected")["verdict"] == "held"
    assert model_events.of_model(trained_clinic.name)[-1].reason.startswith(
        "rejected by tests; there is no champion yet"
    )
    assert champion_record.current(trained_clinic.name) is None and audit_log(trained_clinic)[-1] == (1, "held", None)


def test_nobody_answered_is_a_reason_to_hold() -> None:
    proposed = PromotionDecision("promoted", ("better",), {"rows": 9}, 1, "airflow", "2024-05-01T00:00:00+00:00")
    said = proposed.answered(promotion_decision.TIMEOUT, "airflow", hours=2)
    assert (said.verdict, said.reasons) == ("held", ("nobody approved it within 2 hours", "better"))
    assert said.evidence["rows"] == 9 and said.judged_at > proposed.judged_at


def test_a_version_whose_record_has_gaps_is_held(trained_clinic: UseCase, mlflow_uri: str) -> None:
    run_train(trained_clinic)
    model = registry.version(trained_clinic.name, 1)
    assert provenance.missing(trained_clinic, model) == ()
    (said,) = provenance.missing(trained_clinic, replace(model, tags={**model.tags, registry.TAG_SHA256: "0" * 64}))
    assert "expected a file with SHA-256 0000" in said
    (said,) = provenance.missing(trained_clinic, replace(model, run_id="0" * 32))
    assert said == f"the run {'0' * 32} is not there"

    client = MlflowClient(tracking_uri=mlflow_uri)
    client.delete_model_version_tag(trained_clinic.name, "1", registry.TAG_FINGERPRINT)
    client.set_model_version_tag(trained_clinic.name, "1", registry.TAG_FEATURES_VERSION, "77")
    judged = run_gate(trained_clinic)
    assert judged["verdict"] == "held" and judged["metrics"] == {"challenger": None, "champion": None}
    assert judged["reasons"] == [
        "lineage is incomplete: the tag training_fingerprint is not there",
        f"lineage is incomplete: the run read version 1 of gold.{trained_clinic.name}_features, the tag says 77",
    ]
    assert judged["evidence"]["lineage"]["missing"] == [said.partition(": ")[2] for said in judged["reasons"]]
    with pytest.raises(BadArguments, match="that waits for an answer, it was held by the gate"):
        run_gate(trained_clinic, answer="approved")
    assert champion_record.current(trained_clinic.name) is None


def test_two_promotions_at_once_one_wins_and_one_is_told(clinic: UseCase, mlflow_uri: str) -> None:
    """Two processes carry out the promotion of two versions, both judged when there was no champion."""
    for day in (FIRST_DAY, NEXT_DAY):
        run_train(clinic, day)
    models = [registry.version(clinic.name, number) for number in (1, 2)]
    for model in models:
        promotion_decision.save(model, gate.measure_and_decide(clinic, model, "tests"))
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as rivals:
        ended = list(
            rivals.map(gate.run, [GateArguments(use_case=clinic.name, partition=d) for d in (FIRST_DAY, NEXT_DAY)])
        )
    verdicts = {result.model_version: result.verdict for result in ended}
    assert sorted(verdicts.values()) == ["held", "promoted"]
    (winner,) = [number for number, verdict in verdicts.items() if verdict == "promoted"]
    told = next(result for result in ended if result.verdict == "held")
    assert told.reasons[0].startswith("champion changed meanwhile: this version was judged against no champion")
    assert f"version {winner} was promoted on" in told.reasons[0]
    aliased = registry.by_alias(clinic.name, registry.CHAMPION)
    assert aliased is not None and aliased.version == winner == champion_record.champion(clinic.name).version
    assert sorted(audit_log(clinic)[2:]) == sorted([(winner, "promoted", None), (3 - winner, "held", winner)])
    # Who lost has lost: running it again changes nothing.
    assert run_gate(clinic, model_version=3 - winner)["status"] == "unchanged"
    assert registry.version(clinic.name, 3 - winner).tags[promotion_decision.TAG_VERDICT] == "held"
