"""Train and gate, one after the other, on a real MLflow server and real Delta tables."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from jobs.gate import promotion_decision
from jobs.gate.measurement import score
from jobs.train.search.objective import Objective
from jobs.train.tracking import training_log
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import ModelMissing
from lakehouse.evaluation import labelled_rows
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.models import artifacts, champion_record, registry
from lakehouse.ops import model_events
from lakehouse.storage import delta_log
from tests.jobs import appointments
from tests.jobs.trained import FIRST_DAY, NEXT_DAY, audit_log, run_gate, run_train


def test_a_first_model_is_registered_and_promoted_once(clinic: UseCase, mlflow_uri: str, spark: SparkSession) -> None:
    made = run_train(clinic)
    assert (made["status"], made["model_version"]) == ("registered", 1)
    assert made["rows"] == {"train": 625, "validation": 150, "holdout": 175, "unlabelled": 190}
    assert made["metrics"]["model"]["log_loss"] < made["metrics"]["baseline_constant"]["log_loss"]
    model = registry.by_alias(clinic.name, registry.CHALLENGER)
    assert model is not None and model.version == 1
    _version_is_described(model, made)
    _run_is_complete(model, mlflow_uri, clinic)
    _slices_are_measured(made)
    _mlflow_serves_what_scoring_scores(model, clinic, spark)

    again = run_train(clinic)
    assert again == {**made, "status": "unchanged", "seconds": {}}

    judged = run_gate(clinic)
    assert (judged["status"], judged["verdict"], judged["champion_version"]) == ("judged", "promoted", None)
    assert champion_record.champion(clinic.name).version == 1
    assert registry.by_alias(clinic.name, registry.CHALLENGER) is None
    # Training's holdout metrics and the gate's are the same numbers, found on two ways.
    assert judged["metrics"]["challenger"] == pytest.approx(made["metrics"]["model"])

    version = delta_log.version(tables.MODEL_EVENTS)
    assert run_train(clinic)["status"] == "unchanged"
    assert run_gate(clinic) == {**judged, "status": "unchanged"}
    assert delta_log.version(tables.MODEL_EVENTS) == version
    assert registry.by_alias(clinic.name, registry.CHALLENGER) is None
    assert audit_log(clinic) == [(1, "registered", None), (1, "promoted", None)]


def _version_is_described(model: registry.ModelVersion, made: dict[str, Any]) -> None:
    assert model.tags[registry.TAG_TRAINED_FOR] == "2024-02-10"
    assert model.tags[registry.TAG_TRAINED_THROUGH] == "2024-02-01"
    assert model.tags[registry.TAG_HOLDOUT_FIRST] == "2024-02-03"
    assert model.tags[registry.TAG_HOLDOUT_LAST] == "2024-02-09"
    assert model.tags[registry.TAG_FEATURES] == ",".join(appointments.FEATURES)
    assert model.threshold == made["threshold"]


def _run_is_complete(model: registry.ModelVersion, uri: str, use_case: UseCase) -> None:
    """What people and monitoring look for under the run is there and can be read."""
    import pandas as pd

    client = MlflowClient(tracking_uri=uri)
    run = client.get_run(model.run_id)
    assert run.info.status == "FINISHED"
    assert {"holdout_log_loss", "validation_log_loss", "baseline_linear_roc_auc"} <= set(run.data.metrics)
    assert {item.dataset.name: item.dataset.digest[:10] for item in run.inputs.dataset_inputs} == {
        f"gold.{use_case.name}_features": "version-1-",
        "silver.visits": "version-1-",
    }
    plots = {Path(item.path).stem for item in client.list_artifacts(model.run_id, "plots")}
    assert {"tuning_history", "feature_importance", "calibration", "roc_and_precision_recall"} <= plots
    assert {"confusion_matrix", "cost_by_threshold", "slices"} <= plots
    assert [item.path for item in client.list_artifacts(model.run_id, "evaluation")] == ["evaluation/slices.json"]
    nested = client.search_runs([run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{model.run_id}'")
    assert len(nested) == use_case.model.trials and all(item.info.status == "FINISHED" for item in nested)
    profile = Profile.from_json(artifacts.local_copy(model, artifacts.PROFILE).read_text(encoding="utf-8"))
    assert set(profile.features) == set(use_case.feature_names) and profile.rows == (25 + 6) * 30
    reference = pd.read_parquet(artifacts.local_copy(model, artifacts.REFERENCE))
    assert list(reference.columns) == ["partition", *use_case.feature_names, "score"]


def _slices_are_measured(made: dict[str, Any]) -> None:
    lines, metrics = made["slices"], made["metrics"]["model"]
    assert [(line["slice"], line["value"], line["rows"]) for line in lines] == [
        ("clinic", "north", 105),
        ("clinic", "null", 14),
        ("clinic", "south", 56),
    ]
    for line in lines:
        assert line["metric"] == "log_loss" and line["low"] < line["value_of_metric"] < line["high"]
    assert sum(line["positives"] for line in lines) == metrics["true_positives"] + metrics["false_negatives"]
    assert {"calibration_intercept", "calibration_slope"} == set(made["recalibration"])


def _mlflow_serves_what_scoring_scores(model: registry.ModelVersion, use_case: UseCase, spark: SparkSession) -> None:
    import mlflow
    import pandas as pd

    rows = labelled_rows.read(spark, use_case, FIRST_DAY, FIRST_DAY, 1, 1)
    loaded = mlflow.pyfunc.load_model(f"models:/{use_case.name}/1")
    served = loaded.predict(pd.DataFrame(rows.features, columns=list(rows.names)))
    assert np.array_equal(np.asarray(served, dtype=np.float64), score(model, rows))


def test_a_challenger_is_compared_with_the_champion_on_its_own_holdout(clinic: UseCase) -> None:
    run_train(clinic)
    run_train(clinic, NEXT_DAY)
    # A version that is asked for is judged, and no other.
    assert run_gate(clinic, NEXT_DAY, model_version=1)["model_version"] == 1
    assert promotion_decision.saved(registry.version(clinic.name, 2)) is None
    judged = run_gate(clinic, NEXT_DAY)
    assert judged["status"] == "judged" and judged["champion_version"] == 1
    evidence = judged["evidence"]
    assert evidence["judged_days"] == evidence["holdout"] == ["2024-02-11", "2024-02-17"]
    improvement = evidence["improvement"]
    gain = judged["metrics"]["champion"]["log_loss"] - judged["metrics"]["challenger"]["log_loss"]
    assert improvement["value"] == pytest.approx(gain)
    assert improvement["low"] < gain < improvement["high"] and improvement["days"] == 7
    assert (judged["verdict"] == "promoted") == (improvement["low"] >= clinic.gate.min_improvement)
    assert audit_log(clinic)[-1] == (2, judged["verdict"], 1)
    # The first day's run, cleared and run again, judges its own version and changes nothing.
    champion = champion_record.champion(clinic.name).version
    assert run_gate(clinic)["model_version"] == 1
    assert champion_record.champion(clinic.name).version == champion


def test_days_that_the_champion_was_trained_on_do_not_count(clinic: UseCase) -> None:
    run_train(clinic, NEXT_DAY)
    run_gate(clinic, NEXT_DAY)
    # Trained through February 9: the older challenger's whole holdout (3rd to 9th) is known to the champion.
    run_train(clinic, FIRST_DAY)
    judged = run_gate(clinic, FIRST_DAY)
    assert judged["verdict"] == "held" and judged["metrics"]["champion"] is None
    assert "was trained on every day of the holdout" in judged["reasons"][0]
    # Three days later three days of the holdout are new to both.
    run_train(clinic, NEXT_DAY - dt.timedelta(days=5))
    partly = run_gate(clinic, NEXT_DAY - dt.timedelta(days=5))
    assert partly["evidence"]["holdout"] == ["2024-02-06", "2024-02-12"]
    assert partly["evidence"]["judged_days"] == ["2024-02-10", "2024-02-12"]
    assert "compared on its later days alone" in "; ".join(partly["reasons"])


def test_a_gate_that_died_half_way_again_and_again_is_completed(
    trained_clinic: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_train(trained_clinic)

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    # Each goes on where the one before it died: before the audit log's line, after it, at one alias, at the other.
    for room, step, lines in (
        (champion_record, "change", 1),
        (champion_record, "sync_alias", 2),
        (registry, "point", 2),
        (registry, "drop", 2),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(room, step, die)
            with pytest.raises(KeyboardInterrupt):
                run_gate(trained_clinic)
        assert len(audit_log(trained_clinic)) == lines, step
    assert run_gate(trained_clinic)["verdict"] == "promoted"
    assert registry.by_alias(trained_clinic.name, registry.CHALLENGER) is None
    assert registry.version(trained_clinic.name, 1).tags[promotion_decision.TAG_VERDICT] == "promoted"
    assert champion_record.champion(trained_clinic.name).version == 1
    assert audit_log(trained_clinic) == [(1, "registered", None), (1, "promoted", None)]
    assert run_gate(trained_clinic)["status"] == "unchanged"


def test_a_rerun_of_the_gate_does_not_undo_what_came_since(clinic: UseCase) -> None:
    run_train(clinic)
    run_gate(clinic)
    run_id, now = run_train(clinic, NEXT_DAY)["run_id"], dt.datetime.now(dt.UTC)
    assert champion_record.change(
        model_events.Event(clinic.name, 2, model_events.PROMOTED, 1, "tests", "by hand", {}, run_id, now)
    )
    assert run_gate(clinic)["status"] == "unchanged"
    assert champion_record.champion(clinic.name).version == 2


def test_restated_labels_are_trained_on_again(clinic: UseCase) -> None:
    run_train(clinic)
    appointments.fill(clinic, appointments.START, days=1, rows_a_day=30, batch="b")
    assert (made := run_train(clinic))["status"] == "registered" and made["model_version"] == 2
    # A day that no window holds makes no difference.
    appointments.fill(clinic, FIRST_DAY, days=1, rows_a_day=30, batch="b")
    assert run_train(clinic)["status"] == "unchanged"


def test_a_training_that_died_has_no_version_and_is_gone_on_with(
    clinic: UseCase, mlflow_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any, **__: Any) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(training_log, "measure_profile", die)
        with pytest.raises(RuntimeError):
            run_train(clinic)
    assert registry.versions(clinic.name) == []
    client = MlflowClient(tracking_uri=mlflow_uri)
    experiment = client.get_experiment_by_name(clinic.name).experiment_id
    failed = client.search_runs([experiment], "attributes.status = 'FAILED'")
    assert len(failed) == 1
    # One that was killed could not even say so. The next training of the same goes on with it, and has no trial to do again.
    client.update_run(failed[0].info.run_id, status="RUNNING")
    monkeypatch.setattr(Objective, "search", lambda *_: pytest.fail("the search was done"))
    assert run_train(clinic)["run_id"] == failed[0].info.run_id
    runs = client.search_runs([experiment])
    assert len(runs) == 1 + clinic.model.trials and {run.info.status for run in runs} == {"FINISHED"}


def test_of_two_trainings_at_once_the_second_finds_the_version(clinic: UseCase) -> None:
    with ThreadPoolExecutor(2) as both:
        made = list(both.map(run_train, [clinic, clinic]))
    assert sorted(one["status"] for one in made) == ["registered", "unchanged"]
    assert {one["model_version"] for one in made} == {1} and len(registry.versions(clinic.name)) == 1


def test_without_a_version_the_gate_says_how_to_train_one(clinic: UseCase) -> None:
    with pytest.raises(ModelMissing, match="python -m jobs train --use-case"):
        run_gate(clinic)


def test_a_regression_is_trained_and_judged(
    spark: SparkSession, lakehouse_root: Path, mlflow_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lakehouse_root.parent / "use_cases"
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    content = appointments.declaration()
    label = {key: value for key, value in content["label"].items() if key != "at_least"}
    sections = {"model": {**content["model"], "task": "regression"}, "gate": {"metric": "rmse", "floors": {"rmse": 40}}}
    monkeypatch.setattr(
        appointments, "declaration", lambda **changed: {**content, **sections, "label": label, **changed}
    )
    sections["gate"]["min_improvement"] = 0.0
    use_case = appointments.declare(root, "minutes_late")
    appointments.fill(use_case, appointments.START, days=40, rows_a_day=30)
    made = run_train(use_case)
    assert made["threshold"] is None and registry.version(use_case.name, 1).threshold is None
    assert made["metrics"]["model"]["rmse"] < made["metrics"]["baseline_constant"]["rmse"]
    assert run_gate(use_case)["verdict"] == "promoted"
