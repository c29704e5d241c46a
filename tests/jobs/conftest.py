"""What the tests of jobs share: an MLflow server, met over HTTP as jobs meet it, and a bakery that was taken in."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from pyspark.sql import SparkSession

from lakehouse.declaration import UseCase
from tests.jobs import appointments
from tests.jobs.bakery_days import DAY, START, copy, ingest, prepared
from tests.use_cases import bakery


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that lives as long as the tests."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        f"{folder}/artifacts",
    ]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as output:
        server = subprocess.Popen(
            command, stdout=output, stderr=output, env=environment, cwd=folder, start_new_session=True
        )
    try:
        _wait(address, server, folder / "log")
        yield address
    finally:
        # The server has children; the group is its own.
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if requests.get(f"{address}/health", timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.3)
    raise AssertionError(f"mlflow server did not come up:\n{log.read_text()[-2000:]}")


@pytest.fixture
def mlflow_uri(mlflow_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server, named to the jobs by the environment. All tests share it: use a model name of the test's own."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    return mlflow_server


@pytest.fixture(scope="session")
def ingested(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that DAY may read, and some days that it may not: ingested once, for every test to copy."""
    with prepared(tmp_path_factory.mktemp("ingested")) as root:
        bakery.deliver(root / "landing", START, DAY + dt.timedelta(days=3))
        ingest(START, DAY + dt.timedelta(days=3))
    return root


@pytest.fixture
def arrived(ingested: Path, lakehouse_root: Path, landing_root: Path) -> Path:
    """A lakehouse of the test's own with what was ingested."""
    return copy(ingested, lakehouse_root, landing_root)


@pytest.fixture(scope="session")
def filled(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lakehouse with 48 days of appointments."""
    folder = tmp_path_factory.mktemp("filled")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_ROOT", str(folder))
        use_case = appointments.declare(folder / "use_cases")
        appointments.fill(use_case, appointments.START, days=48, rows_a_day=30)
    return folder


@pytest.fixture
def clinic(
    request: pytest.FixtureRequest,
    filled: Path,
    lakehouse_root: Path,
    mlflow_uri: str,
    monkeypatch: pytest.MonkeyPatch,
) -> UseCase:
    """The filled lakehouse's appointments, under a name that no other test uses: all share one registry."""
    root = lakehouse_root.parent / "use_cases"
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    use_case = appointments.declare(root, re.sub(r"\W", "_", request.node.name.removeprefix("test_")))
    shutil.copytree(filled, lakehouse_root)
    (lakehouse_root / "gold/appointments_features").rename(lakehouse_root / f"gold/{use_case.name}_features")
    return use_case
