"""What the tests of jobs share: an MLflow server, met over HTTP as jobs meet it, and a bakery that was taken in."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.declaration import UseCase
from tests.jobs import appointments
from tests.jobs.bakery_days import DAY, START, copy, ingest, prepared
from tests.jobs.killed import KilledJobs
from tests.use_cases import bakery


@pytest.fixture
def mlflow_uri(mlflow_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server, named to the jobs by the environment. All tests share it: use a model name of the test's own."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    return mlflow_server


@pytest.fixture(scope="session")
def killed_jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KilledJobs]:
    """Runs jobs that are killed at a moment that a test chooses."""
    made = KilledJobs(tmp_path_factory.mktemp("killed") / "log")
    yield made
    made.close()


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
