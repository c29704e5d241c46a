"""What the tests of jobs share: an MLflow server, met over HTTP as jobs meet it, and a bakery that was taken in."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.declaration import UseCase
from lakehouse.models import registry
from lakehouse.models.registry import ModelVersion
from tests.jobs import appointments
from tests.jobs.answers import Answering
from tests.jobs.bakery_days import DAY, START, copy, ingest, prepared
from tests.jobs.killed import KilledJobs
from tests.jobs.trained import run_train, without_pictures
from tests.teacher_server import Served
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
    return _opened(
        filled, lakehouse_root, root, re.sub(r"\W", "_", request.node.name.removeprefix("test_")), monkeypatch
    )


def _opened(filled: Path, warehouse: Path, root: Path, name: str, patch: pytest.MonkeyPatch) -> UseCase:
    without_pictures(patch)
    use_case = appointments.declare(root, name)
    shutil.copytree(filled, warehouse)
    (warehouse / "gold/appointments_features").rename(warehouse / f"gold/{use_case.name}_features")
    return use_case


@pytest.fixture(scope="session")
def trained(filled: Path, mlflow_server: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ModelVersion]:
    """A lakehouse whose appointments a model was trained with, and the version: done once, for tests of what comes after."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        for setting, value in (
            ("LAKEHOUSE_ROOT", folder / "warehouse"),
            ("NIGHTJAR_HOME", folder / "state"),
            ("USE_CASE_ROOTS", folder / "use_cases"),
            ("MLFLOW_TRACKING_URI", mlflow_server),
        ):
            patch.setenv(setting, str(value))
        # Each of xdist's workers has a version of its own.
        name = f"trained_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
        use_case = _opened(filled, folder / "warehouse", folder / "use_cases", name, patch)
        run_train(use_case)
        return folder, registry.version(name, 1)


@pytest.fixture
def trained_clinic(
    trained: tuple[Path, ModelVersion], lakehouse_root: Path, mlflow_uri: str, monkeypatch: pytest.MonkeyPatch
) -> UseCase:
    """The clinic with one version, trained and not judged: to train it again finds it. Tests make no further one."""
    folder, model = trained
    root = lakehouse_root.parent / "use_cases"
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    without_pictures(monkeypatch)
    for name in ("warehouse", "state"):
        shutil.copytree(folder / name, lakehouse_root.parent / name)
    # What earlier tests have made of it in the registry.
    found = registry.version(model.name, model.version)
    for key in found.tags.keys() - model.tags.keys():
        registry.untag(found, key)
    for key in [key for key, value in model.tags.items() if found.tags.get(key) != value]:
        registry.tag(found, key, model.tags[key])
    registry.drop(model.name, registry.CHAMPION)
    registry.point(model.name, registry.CHALLENGER, model.version)
    return appointments.declare(root, model.name)


@pytest.fixture(scope="session")
def teacher_server() -> Iterator[Served]:
    """A service that answers, in a thread."""
    served = Served()
    yield served
    served.close()


@pytest.fixture
def answering(
    teacher_server: Served, lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Answering:
    """The notes with a teacher that answers, an empty lakehouse, and short waits."""
    monkeypatch.setattr("lakehouse.teacher.calling.FIRST_WAIT", 0.01)
    teacher_server.clear()
    return Answering(teacher_server, tmp_path / "roots", monkeypatch)
