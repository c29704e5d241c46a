"""MLflow as the cluster has it: its accounts, what each may do, and whom its clients know."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import mlflow
import pytest
import requests

from lakehouse.errors import CertificateRefused, ServiceUnavailable
from lakehouse.models import mlflow_client, mlflow_rest
from lakehouse.settings import PROJECT_ROOT
from stack.cluster import mlflow_accounts, mlflow_server, topology
from stack.cluster.authority import Authority
from stack.errors import StackError
from stack.ports import free_ports

pytestmark = pytest.mark.process

NOW = dt.datetime.now(dt.UTC)
SECONDS = 90
PASSWORDS = {name: f"password-of-{name}" for name in ("admin", "nightjar", "viewer", "newcomer")}


@dataclass(frozen=True)
class Server:
    """A running one."""

    url: str
    trust: str
    experiment: str
    run: str

    def status(self, user: str | None, method: str, path: str, content: dict[str, Any] | None = None) -> int:
        """What it answers to somebody; None: without a login."""
        login = None if user is None else (user, PASSWORDS[user])
        how = {"params": content} if method == "GET" else {"json": content or {}}
        return requests.request(method, self.url + path, auth=login, verify=self.trust, timeout=30, **how).status_code


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("mlflow")
    authority = Authority.made("ours", NOW)
    trust, pair = folder / "ca.pem", folder / "server.pem"
    trust.write_bytes(authority.pem)
    pair.write_bytes(authority.issue(["localhost"], NOW))
    accounts = {
        "MLFLOW_ACCOUNTS_URI": f"sqlite:///{folder}/accounts.db",
        "MLFLOW_AUTH_ADMIN_USERNAME": "admin",
        "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORDS["admin"],
        "MLFLOW_PASSWORD": PASSWORDS["nightjar"],
        "MLFLOW_VIEWER_PASSWORD": PASSWORDS["viewer"],
    }
    mlflow_accounts.ensure(accounts)
    # Again, as a deployment that is started again does.
    mlflow_accounts.ensure(accounts)
    with pytest.raises(StackError, match="MLflow's accounts: expected its roles and users to be made"):
        mlflow_accounts.ensure({**accounts, "MLFLOW_PASSWORD": "short"})
    file = folder / "accounts.ini"
    file.write_text(mlflow_server.accounts_file(accounts["MLFLOW_ACCOUNTS_URI"]), encoding="utf-8")
    (port,) = free_ports(1)
    of_host = {
        name: value
        for name, value in topology.named("mlflow").variables.items()
        if name.lstrip("_").startswith("MLFLOW")
    }
    store = f"sqlite:///{folder}/mlflow.db"
    stores = (
        "_MLFLOW_SERVER_FILE_STORE",
        "_MLFLOW_SERVER_REGISTRY_STORE",
        "MLFLOW_TRACKING_URI",
        "MLFLOW_REGISTRY_URI",
    )
    environ = {
        **os.environ,
        **of_host,
        **accounts,
        **dict.fromkeys(stores, store),
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "artifacts"),
        "MLFLOW_SERVER_ALLOWED_HOSTS": f"localhost:{port}",
        "MLFLOW_AUTH_CONFIG_PATH": str(file),
        "PYTHONPATH": str(PROJECT_ROOT),
        "PATH": f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            mlflow_server.command("127.0.0.1", port, str(pair)), stdout=log, stderr=log, env=environ, cwd=folder
        )
    url = f"https://localhost:{port}"
    try:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                requests.get(f"{url}/health", verify=str(trust), timeout=2).raise_for_status()
                break
            except requests.RequestException:
                assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()[-3000:]
                time.sleep(0.2)
        api, login = f"{url}/api/2.0/mlflow", ("nightjar", PASSWORDS["nightjar"])

        def post(call: str, content: dict[str, str]) -> Any:
            return requests.post(f"{api}/{call}", json=content, auth=login, verify=str(trust), timeout=30).json()

        experiment = post("experiments/create", {"name": "first"})["experiment_id"]
        run = post("runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
        post("registered-models/create", {"name": "first"})
        yield Server(url, str(trust), experiment, run)
    finally:
        process.kill()
        process.wait(timeout=30)


# What is asked, and who of all may; anyone who has no login is asked for one.
EVERYBODY, WORKING, ADMIN = ("admin", "nightjar", "viewer"), ("admin", "nightjar"), ("admin",)
API = "/api/2.0/mlflow"
ASKED = [
    ("GET", f"{API}/experiments/get", {"experiment_id": "EXPERIMENT"}, EVERYBODY),
    ("POST", f"{API}/runs/search", {"experiment_ids": ["EXPERIMENT"]}, EVERYBODY),
    ("GET", f"{API}/registered-models/get", {"name": "first"}, EVERYBODY),
    ("GET", f"{API}/runs/get", {"run_id": "RUN"}, EVERYBODY),
    ("POST", f"{API}/experiments/create", {"name": "of USER"}, WORKING),
    ("POST", f"{API}/registered-models/create", {"name": "of USER"}, WORKING),
    ("POST", f"{API}/runs/create", {"experiment_id": "EXPERIMENT"}, WORKING),
    ("POST", f"{API}/runs/log-parameter", {"run_id": "RUN", "key": "USER", "value": "1"}, WORKING),
    ("POST", f"{API}/registered-models/set-tag", {"name": "first", "key": "a", "value": "b"}, WORKING),
    ("PATCH", f"{API}/registered-models/update", {"name": "first", "description": "x"}, WORKING),
    ("PUT", "/api/2.0/mlflow-artifacts/artifacts/EXPERIMENT/RUN/artifacts/a.txt", {}, WORKING),
    ("POST", f"{API}/users/create", {"username": "by-USER", "password": "twelve letters"}, ADMIN),
    ("PATCH", f"{API}/users/update-admin", {"username": "viewer", "is_admin": False}, ADMIN),
    ("GET", "/api/3.0/mlflow/roles/list", {}, ADMIN),
]


@pytest.mark.parametrize(
    ("method", "path", "content", "may"), ASKED, ids=lambda one: one if isinstance(one, str) else ""
)
def test_each_call_is_answered_to_those_who_may_alone(
    method: str, path: str, content: dict[str, Any], may: tuple[str, ...], server: Server
) -> None:
    for user in (None, *EVERYBODY):
        text = json.dumps([path, content]).replace("EXPERIMENT", server.experiment).replace("RUN", server.run)
        there, asked = json.loads(text.replace("USER", str(user)))
        expected = {401} if user is None else {200} if user in may else {403, 400}
        assert server.status(user, method, there, asked) in expected, f"{user}: {path}"


@pytest.mark.parametrize("user", ["admin", "nightjar", "viewer"])
def test_what_is_not_there_is_said_not_to_be_there(user: str, server: Server) -> None:
    asked = {"name": f"none-of-{user}", "alias": "champion"}
    for _ in range(2):
        assert server.status(user, "GET", f"{API}/registered-models/alias", asked) == 404
    assert server.status(user, "GET", f"{API}/model-versions/get", {"name": asked["name"], "version": "1"}) == 404
    if user == "nightjar":
        assert server.status(user, "POST", f"{API}/registered-models/create", {"name": asked["name"]}) == 200
        assert server.status(user, "GET", f"{API}/registered-models/get", {"name": asked["name"]}) == 200


def test_whether_it_lives_is_told_without_a_password(server: Server) -> None:
    assert server.status(None, "GET", "/health") == 200
    assert server.status(None, "GET", "/") == 401


def test_somebody_new_sees_nothing_before_a_role_is_given(server: Server) -> None:
    new = {"username": "newcomer", "password": PASSWORDS["newcomer"]}
    assert server.status("admin", "POST", f"{API}/users/create", new) == 200
    get = ("GET", f"{API}/experiments/get", {"experiment_id": server.experiment})
    assert server.status("newcomer", *get) == 403
    # Nor which there are.
    for name in ("first", "none"):
        assert server.status("newcomer", "GET", f"{API}/registered-models/get", {"name": name}) == 403
    assert server.status("newcomer", "POST", f"{API}/experiments/create", {"name": "new"}) == 403


def test_jobs_and_mlflows_own_client_know_the_authority_and_nobody_else(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(partial(mlflow.set_tracking_uri, mlflow.get_tracking_uri()))
    mlflow.set_tracking_uri(server.url)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "nightjar")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORDS["nightjar"])
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", server.trust)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    client = mlflow_client.client()
    assert mlflow_rest.send("GET", "runs/get", {"run_id": server.run})["run"]["info"]["run_id"] == server.run
    client.log_text(server.run, "hello", "folder/a.txt")
    place = client.get_run(server.run).info.artifact_uri
    assert mlflow.artifacts.load_text(f"{place}/folder/a.txt") == "hello"
    mlflow_rest.put_artifact(f"{place.removeprefix('mlflow-artifacts:/')}/folder/b.txt", b"hello")
    assert {file.path for file in client.list_artifacts(server.run, "folder")} == {"folder/a.txt", "folder/b.txt"}

    other = tmp_path / "other.pem"
    other.write_bytes(Authority.made("ours", NOW).pem)
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(other))
    for question in (
        lambda: mlflow_rest.send("GET", "runs/get", {}),
        lambda: mlflow_client.client().get_run(server.run),
    ):
        with pytest.raises(
            CertificateRefused, match=r"other\.pem \(MLFLOW_TRACKING_SERVER_CERT_PATH\), .*one that is refused"
        ):
            question()
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(tmp_path / "none.pem"))
    with pytest.raises(CertificateRefused, match="expected a file of certificates in PEM"):
        mlflow_rest.send("GET", "runs/get", {})
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", server.trust)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wrong")
    with pytest.raises(ServiceUnavailable, match="HTTP 401; set MLFLOW_TRACKING_USERNAME"):
        mlflow_rest.send("GET", "runs/get", {"run_id": server.run})
