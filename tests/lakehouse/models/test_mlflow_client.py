"""MLflow's client: one that is named when its server does not answer."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

# Here, and not in the first test that asks for it: it loads Spark's session module, which the quick lane refuses.
import mlflow
import pytest

from lakehouse.errors import ExperimentDeleted, ModelMissing, ServiceUnavailable
from lakehouse.models import artifacts, mlflow_client, registry
from lakehouse.models.registry import ModelVersion

RUN = "0" * 32


def through_tracking() -> None:
    with mlflow_client.tracking():
        mlflow.get_run(RUN)


QUESTIONS: list[Callable[[], object]] = [
    lambda: mlflow_client.client().get_run(RUN),
    lambda: mlflow_client.client().log_artifact(RUN, __file__),
    lambda: mlflow_client.run(RUN),
    lambda: mlflow_client.experiment("any"),
    lambda: mlflow_client.download(RUN, "training/record.json", Path("unused")),
    lambda: artifacts.local_copy(ModelVersion("any", 1, RUN, {}), artifacts.RESULT),
    through_tracking,
]


@pytest.fixture(autouse=True)
def _one_attempt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    return address


@pytest.fixture
def overloaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that says 503 to everything."""

    class Overloaded(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(503)

        do_POST = do_PUT = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Overloaded) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        yield address
        server.shutdown()


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_server_that_does_not_answer_is_named_whatever_is_asked(nobody: str, question: Callable[[], object]) -> None:
    with pytest.raises(
        ServiceUnavailable, match=rf"MLflow at {nobody}: expected an answer, found ConnectionError; is the stack up\?"
    ):
        question()


@pytest.mark.server
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_server_that_is_overloaded_does_not_answer_either(overloaded: str, question: Callable[[], object]) -> None:
    with pytest.raises(ServiceUnavailable, match=f"MLflow at {overloaded}: expected an answer"):
        question()


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture
def store(made_once: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a store of MLflow's: not a server, but making one takes as long, so the tests share it."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", made_once)
    return made_once


@pytest.mark.server
def test_what_the_server_answers_is_not_taken_for_silence(tmp_path: Path, store: str) -> None:
    assert mlflow_client.run(RUN) is None
    experiment = mlflow_client.experiment("appointments")
    assert mlflow_client.experiment("appointments") == experiment
    client = mlflow_client.client()
    run_id = client.create_run(experiment).info.run_id
    (tmp_path / "record.json").write_text("{}")
    client.log_artifact(run_id, str(tmp_path / "record.json"), "training")
    found = mlflow_client.run(run_id)
    assert found is not None and found.info.experiment_id == experiment
    assert mlflow_client.download(run_id, "training/record.json", tmp_path / "copy").read_text() == "{}"
    with pytest.raises(FileNotFoundError, match=f"run {run_id} has no artifact training/result.json"):
        mlflow_client.download(run_id, "training/result.json", tmp_path / "copy")
    with pytest.raises(ModelMissing, match=f"model appointments version 1: run {run_id} has no artifact"):
        artifacts.local_copy(ModelVersion("appointments", 1, run_id, {}), artifacts.RESULT)


@pytest.mark.server
def test_an_experiment_that_was_deleted_is_named_with_the_commands_that_bring_it_back(
    store: str,
) -> None:
    experiment, client = mlflow_client.experiment("deleted"), mlflow_client.client()
    run_id = client.create_run(experiment).info.run_id
    client.delete_experiment(experiment)
    with pytest.raises(ExperimentDeleted) as deleted:
        mlflow_client.experiment("deleted")
    said = str(deleted.value)
    assert f"MLflow at {store}: expected the experiment deleted to be active, found it deleted" in said
    assert f"MLFLOW_TRACKING_URI={store} mlflow experiments restore --experiment-id {experiment}" in said
    assert f"mlflow experiments rename --experiment-id {experiment} --new-name deleted_before" in said
    # A training that has its experiment already, and then writes.
    for write in (lambda: client.create_run(experiment), lambda: client.log_param(run_id, "eta", 0.1)):
        with pytest.raises(
            ExperimentDeleted, match=r"expected an active run and experiment, found: The (run|experiment)"
        ):
            write()
    # As the message says.
    client.restore_experiment(experiment)
    assert mlflow_client.experiment("deleted") == experiment
    client.rename_experiment(experiment, "deleted_before")
    assert mlflow_client.experiment("deleted") != experiment


@pytest.mark.server
def test_the_files_of_a_deleted_run_are_read_while_they_are_there_and_its_name_is_told_when_they_are_not(
    tmp_path: Path, store: str
) -> None:
    client = mlflow_client.client()
    run_id = client.create_run(mlflow_client.experiment("deleted_run")).info.run_id
    (tmp_path / "model.ubj").write_bytes(b"trees")
    client.log_artifact(run_id, str(tmp_path / "model.ubj"), "booster")
    client.delete_run(run_id)
    digest = hashlib.sha256(b"trees").hexdigest()
    model = ModelVersion("deleted_run", 1, run_id, {registry.TAG_SHA256: digest})
    assert artifacts.model_bytes(model) == b"trees"
    restore = f"the run is deleted, restore it: MLFLOW_TRACKING_URI={store} mlflow runs restore --run-id {run_id}"
    with pytest.raises(ModelMissing, match=re.escape(restore)):
        artifacts.local_copy(model, artifacts.PROFILE)
    with pytest.raises(ModelMissing, match="the server has no such run any more, restore a backup of MLflow"):
        artifacts.local_copy(ModelVersion("deleted_run", 1, RUN, {}), artifacts.PROFILE)
