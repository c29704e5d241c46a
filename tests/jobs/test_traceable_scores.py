"""From a stored score back to everything that made it, and the same score from the registered model elsewhere."""

from __future__ import annotations

import datetime as dt
import json
import os
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from jobs.gate import job as gate
from jobs.gate.arguments import GateArguments
from jobs.score import job as score
from jobs.score.arguments import ScoreArguments
from jobs.train import job as train
from jobs.train.arguments import TrainArguments
from lakehouse import code_version, settings, tables
from lakehouse.__main__ import main
from lakehouse.analyst import query
from lakehouse.declaration import UseCase
from lakehouse.errors import ModelRefused
from lakehouse.models import artifacts, champion_record, registry
from lakehouse.ops import builds, model_events
from lakehouse.storage import delta_log
from tests import mlflow_server
from tests.jobs import appointments

DAY = appointments.START + dt.timedelta(days=40)
NAME = "traceable"


@dataclass(frozen=True)
class Clinic:
    use_case: UseCase
    root: str
    uri: str

    def ask(self, sql: str) -> list[dict[str, Any]]:
        answer = query.ask(self.root, sql)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


@pytest.fixture(scope="module")
def clinic(spark: SparkSession, mlflow_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """Trained, promoted and scored once, as three nights would; with reasons for what is decided."""
    folder = tmp_path_factory.mktemp("traceable")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_ROOT", str(folder / "warehouse"))
        environment.setenv("NIGHTJAR_HOME", str(folder / "state"))
        environment.setenv("USE_CASE_ROOTS", str(folder / "use_cases"))
        environment.setenv("MLFLOW_TRACKING_URI", mlflow_server)
        appointments.declare(folder / "use_cases", NAME)
        file = folder / "use_cases" / NAME / "use_case.yaml"
        file.write_text(file.read_text() + "reasons: {above_threshold: true, each: 2}\n")
        from lakehouse.declaration import loader

        use_case = loader.load(file)
        appointments.fill(use_case, appointments.START, days=41, rows_a_day=30)
        train.run(TrainArguments(use_case=NAME, partition=DAY, actor="tests"))
        gate.run(GateArguments(use_case=NAME, partition=DAY, actor="tests"))
        score.run(ScoreArguments(use_case=NAME, partition=DAY)).as_json()
        yield Clinic(use_case, str(folder / "warehouse"), mlflow_server)


def outside(script: str, clinic: Clinic, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a script as somebody who has no copy of this code: elsewhere, with no PYTHONPATH, and our packages barred."""
    barred = """
        import importlib.abc, sys
        class Barred(importlib.abc.MetaPathFinder):
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("lakehouse", "jobs", "include", "stack", "tests"):
                    raise ModuleNotFoundError(name)
        sys.meta_path.insert(0, Barred())
    """
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "MLFLOW_TRACKING_URI": clinic.uri, **more}
    text = textwrap.dedent(barred) + textwrap.dedent(script)
    command = [sys.executable, "-c", text]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def test_every_score_leads_to_its_model_features_code_and_run(clinic: Clinic) -> None:
    (said,) = clinic.ask(
        "select distinct model_name, model_version, features_version, code_version, run_id, inputs_fingerprint, "
        f"partition from gold.{NAME}_scores"
    )
    model = registry.version(said["model_name"], said["model_version"])
    assert model.run_id == said["run_id"]
    run = MlflowClient(tracking_uri=clinic.uri).get_run(said["run_id"])
    assert run.info.status == "FINISHED" and run.data.tags["code_version"] == model.tags["code_version"]
    assert said["code_version"] == code_version.version()
    features = tables.features(clinic.use_case)
    as_read = DeltaTable(delta_log.location(features), version=said["features_version"]).to_pyarrow_table()
    assert {row["appointment"] for row in as_read.to_pylist() if row["partition"] == DAY} == set(range(30))
    scores = tables.scores(clinic.use_case)
    inputs = builds.inputs_behind(scores, {DAY: said["inputs_fingerprint"]})[DAY]
    assert inputs["model version"] == str(said["model_version"])
    assert model.tags[registry.TAG_SHA256].startswith(inputs["model file"])
    assert {row["inputs_fingerprint"] for row in as_read.to_pylist() if row["partition"] == DAY} == {inputs["features"]}
    told = [event.event for event in model_events.of_model(said["model_name"], said["model_version"])]
    assert sorted(told) == [model_events.PROMOTED, model_events.REGISTERED]


def test_every_version_has_a_card_on_its_run(clinic: Clinic, tmp_path: Path) -> None:
    model = champion_record.champion(NAME)
    client = MlflowClient(tracking_uri=clinic.uri)
    pages = {}
    for name in ("html", "md"):
        pages[name] = text = Path(
            client.download_artifacts(model.run_id, f"card/model_card.{name}", str(tmp_path))
        ).read_text()
        for words in (model.run_id, model.tags[registry.TAG_SHA256], f"gold.{NAME}_features", "lead_days", "625"):
            assert words in text
    assert "data:image/png;base64" in pages["html"]


def test_a_score_is_explained_from_what_is_stored(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    decided, other = (
        clinic.ask(f"select appointment, score from gold.{NAME}_scores where decision = {yes} order by all limit 1")[0]
        for yes in (True, False)
    )
    for row, stored in ((decided, True), (other, False)):
        key = f"appointment={row['appointment']}"
        assert main(["explain", "--use-case", NAME, "--key", key, "--partition", str(DAY), "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["reasoned"]["stored"] is stored and told["missing"] == []
        assert told["model"]["rows"]["train"] == 625 and told["model"]["trained_for"] == str(DAY)
        assert [event["event"] for event in told["history"]] == ["registered", "promoted"]
    # Computed on the spot and stored are the same reasons.
    assert (
        main(["explain", "--use-case", NAME, "--key", f"appointment={decided['appointment']}", "--partition", str(DAY)])
        == 0
    )
    assert "stored with the score" in capsys.readouterr().out


def test_the_registered_model_scores_the_same_rows_elsewhere(clinic: Clinic, tmp_path: Path) -> None:
    features = DeltaTable(delta_log.location(tables.features(clinic.use_case))).to_pyarrow_table()
    pq.write_table(features, tmp_path / "features.parquet")
    done = outside(
        f"""
        import datetime, json, sys
        import mlflow.pyfunc, pandas as pd
        rows = pd.read_parquet("features.parquet")
        rows = rows[rows["partition"] == datetime.date.fromisoformat("{DAY}")]
        assert rows.isna().any().any()
        model = mlflow.pyfunc.load_model("models:/{NAME}@champion")
        # As a caller would send them: every column there is, in an order of its own.
        answer = model.predict(rows[sorted(rows.columns, reverse=True)])
        json.dump(dict(zip(map(str, rows["appointment"]), map(float, answer))), open("answer.json", "w"))
        assert not {{"lakehouse", "jobs"}} & set(sys.modules)
        """,
        clinic,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads((tmp_path / "answer.json").read_text())
    stored = clinic.ask(f"select appointment, score from gold.{NAME}_scores where partition = '{DAY}'")
    assert len(stored) == len(answer) == 30
    for row in stored:
        assert answer[str(row["appointment"])] == pytest.approx(row["score"], abs=1e-6)


def test_the_scoring_servers_json_gives_the_same_too(clinic: Clinic, tmp_path: Path) -> None:
    """What `mlflow models serve` does with a request, without the port: its own parser, null and all."""
    rows = clinic.ask(
        f"select * exclude (partition, prediction_time) from gold.{NAME}_features where partition = '{DAY}'"
    )
    # A feature that no row of the request knows has no type of its own in JSON.
    rows = [{**row, "age": None} for row in rows]
    (tmp_path / "request.json").write_text(json.dumps({"dataframe_records": rows}))
    done = outside(
        f"""
        import json
        from fastapi.testclient import TestClient
        import mlflow.pyfunc
        from mlflow.pyfunc import scoring_server
        app = scoring_server.init(mlflow.pyfunc.load_model("models:/{NAME}@champion"))
        said, kind = open("request.json").read(), {{"content-type": "application/json"}}
        answer = TestClient(app).post("/invocations", content=said, headers=kind)
        assert answer.status_code == 200, answer.text
        open("answer.json", "w").write(answer.text)
        """,
        clinic,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    served = json.loads((tmp_path / "answer.json").read_text())["predictions"]
    import numpy as np

    from lakehouse.models import xgboost_model

    matrix = np.array(
        [[np.nan if row[name] is None else row[name] for name in clinic.use_case.feature_names] for row in rows],
        dtype=np.float32,
    )
    expected = xgboost_model.load(artifacts.model_bytes(champion_record.champion(NAME))).inplace_predict(matrix)
    assert served == pytest.approx(expected.tolist(), abs=1e-6)


UNPICKLING_FAILS = """
    import sys
    def refuse(event, details):
        if event == "pickle.find_class" and not loading:
            raise AssertionError(f"{event}: {details}")
    loading = True
    import numpy, pyarrow, pandas, requests, xgboost, scipy.sparse, mlflow.artifacts
    from lakehouse.models import artifacts, champion_record
    from lakehouse.models import xgboost_model
    from jobs.score.explainer import lines_of
    from jobs.score.predict import predict
    sys.addaudithook(refuse)
    import cloudpickle, joblib, pickle
    pickle.loads = pickle.load = pickle.Unpickler = cloudpickle.loads = cloudpickle.load = joblib.load = None
    rows = pyarrow.table({"lead_days": [0.9], "missed_before": pyarrow.array([None], "double"), "age": [0.5]})
    names = ("lead_days", "missed_before", "age")
    loading = False
    content = artifacts.model_bytes(champion_record.champion(sys.argv[1]))
    scored = predict(xgboost_model.load(content), rows, names)
    why = lines_of(content, rows, (), names, 2)
    print(len(scored), why.num_rows)
    try:
        __import__("_pickle").loads(b"cos\\nsystem\\n.")
    except AssertionError:
        print("watched")
"""


def test_scoring_and_explaining_unpickle_nothing(clinic: Clinic) -> None:
    # Python reports every class that an unpickler asks for: none may be asked for once the model is loaded and used.
    command = [sys.executable, "-c", textwrap.dedent(UNPICKLING_FAILS), NAME]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=settings.PROJECT_ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["1", "3", "watched"]


class Bomb:
    def __reduce__(self) -> Any:
        return (open, (os.environ["BOMB"], "w"))


def test_a_pickle_in_a_models_place_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Even one that was registered with its right hash.
    import xgboost

    from lakehouse.models import xgboost_model

    monkeypatch.setenv("BOMB", str(tmp_path / "exploded"))
    bomb = pickle.dumps(Bomb())
    with pytest.raises(xgboost.core.XGBoostError):
        xgboost_model.load(bomb)
    assert not (tmp_path / "exploded").exists()


def test_a_poisoned_copy_on_this_machine_is_fetched_anew(clinic: Clinic) -> None:
    model = champion_record.champion(NAME)
    right = artifacts.model_bytes(model)
    cached = artifacts.local_copy(model, artifacts.MODEL)
    cached.write_bytes(pickle.dumps("poison"))
    assert artifacts.model_bytes(model) == right and cached.read_bytes() == right


def test_a_model_that_was_changed_in_the_store_scores_nothing(clinic: Clinic, tmp_path: Path) -> None:
    model = champion_record.champion(NAME)
    right = artifacts.model_bytes(model)
    client = MlflowClient(tracking_uri=clinic.uri)
    cached = artifacts.local_copy(model, artifacts.MODEL)
    before = delta_log.version(tables.scores(clinic.use_case))
    poisoned = tmp_path / Path(artifacts.MODEL).name
    try:
        poisoned.write_bytes(right[:-1] + b"!")
        client.log_artifact(model.run_id, str(poisoned), str(Path(artifacts.MODEL).parent))
        cached.unlink()
        for _ in range(2):
            with pytest.raises(ModelRefused, match="expected a file with SHA-256"):
                score.run(ScoreArguments(use_case=NAME, partition=DAY, force=True)).as_json()
            assert not cached.exists()
        assert delta_log.version(tables.scores(clinic.use_case)) == before
    finally:
        poisoned.write_bytes(right)
        client.log_artifact(model.run_id, str(poisoned), str(Path(artifacts.MODEL).parent))
    assert artifacts.model_bytes(model) == right


@pytest.mark.parametrize("run_id", ["../../../etc", "a/b", "", "a\0b", "é"])
def test_a_run_id_from_the_registry_leads_out_of_no_folder(lakehouse_root: Path, run_id: str) -> None:
    with pytest.raises(ModelRefused, match="letters and digits"):
        artifacts.local_copy(registry.ModelVersion(NAME, 1, run_id, {}), artifacts.PROFILE)


def test_restored_elsewhere_everything_answers_as_before_and_the_next_night_is_scored(
    clinic: Clinic,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path_factory.getbasetemp().resolve()
    home = (run.parent if "PYTEST_XDIST_WORKER" in os.environ else run) / "mlflow" / "mlflow"
    monkeypatch.setenv("MLFLOW_BACKEND_STORE_URI", f"sqlite:///{home / 'mlflow.db'}?timeout=60")
    monkeypatch.setenv("MLFLOW_ARTIFACTS_DESTINATION", str(home / "artifacts"))
    assert main(["backup", str(tmp_path / "backups")]) == 0
    key, following = "appointment=3", DAY + dt.timedelta(days=1)
    questions = [
        ["tables", "--format", "csv"],
        ["sql", f"select * from gold.{NAME}_scores order by all", "--format", "csv"],
        ["sql", "select * from ops.model_events order by all", "--format", "csv"],
        ["sql", f"select * from gold.{NAME}_reasons order by all", "--format", "csv"],
        ["explain", "--use-case", NAME, "--key", key, "--partition", str(DAY), "--format", "json"],
    ]

    def answers() -> list[str]:
        capsys.readouterr()
        said = []
        for question in questions:
            assert main(question) == 0
            said.append(capsys.readouterr().out)
        return said

    def next_night() -> list[dict[str, Any]]:
        appointments.fill(clinic.use_case, following, days=1, rows_a_day=30)
        score.run(ScoreArguments(use_case=NAME, partition=following))
        columns = "appointment, score, decision, threshold, model_version, run_id, inputs_fingerprint"
        asked = f"select {columns} from gold.{NAME}_scores where partition = date '{following}' order by all"
        answer = query.ask(settings.load().lakehouse_root, asked)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]

    before = answers()
    for name in ("MLFLOW_BACKEND_STORE_URI", "MLFLOW_ARTIFACTS_DESTINATION"):
        monkeypatch.delenv(name)
    new = tmp_path / "another machine"
    assert main(["restore", str(tmp_path / "backups"), "--into", str(new)]) == 0
    with monkeypatch.context() as elsewhere, mlflow_server.running(new / ".nightjar" / "mlflow") as address:
        elsewhere.setenv("LAKEHOUSE_ROOT", str(new / "warehouse"))
        elsewhere.setenv("LANDING_ROOT", str(new / "landing"))
        elsewhere.setenv("NIGHTJAR_HOME", str(new / ".nightjar"))
        elsewhere.setenv("MLFLOW_TRACKING_URI", address)
        # The address of MLflow is part of an explanation, and another one here.
        assert [text.replace(address, clinic.uri) for text in answers()] == before
        restored = next_night()
    assert restored == next_night()
    assert len(restored) == 30
