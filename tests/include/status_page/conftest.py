"""A served status page: Airflow's login on a database of the tests' own, and situations to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import status_nights as nights
from tests.status_situations import SHOWN, SITUATIONS

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from sqlalchemy.orm import sessionmaker

STAGES = ("features", "score", "monitor", "train", "rollback", "restate")


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a lakehouse with a use case for each situation, which the environment names."""
    root = tmp_path_factory.mktemp("status")
    environ = {
        "LAKEHOUSE_ROOT": str(root / "warehouse"),
        "LANDING_ROOT": str(root / "landing"),
        "NIGHTJAR_HOME": str(root / "state"),
        "USE_CASE_ROOTS": str(root / "use_cases"),
        # Nothing listens there.
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
    }
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environ.items():
            patched.setenv(name, value)
        for name in SHOWN:
            situation = SITUATIONS[name]
            sections = {"drift": {"estimate": "platt"}, "worth": WORTH, **(situation.sections or {})}
            situation.make(nights.declare(root / "use_cases", name, **sections))
    yield root


WORTH = {"currency": "EUR", "true_positive": 10, "false_positive": -2, "true_negative": 0, "false_negative": -5}


@pytest.fixture(scope="session")
def airflow(place: Path) -> Iterator[sessionmaker[Any]]:
    """Airflow's database and login, with the DAGs of the situations and what failed and waits of them."""
    from tests import status_server

    with pytest.MonkeyPatch.context() as patched, status_server.airflow(place) as sessions:
        from airflow.configuration import conf

        if not conf.get("api_auth", "jwt_secret", fallback=""):
            patched.setenv(
                "AIRFLOW__API_AUTH__JWT_SECRET", "of these tests alone, and of nothing else, 64 bytes or more of it"
            )
        for name in SHOWN:
            situation = SITUATIONS[name]
            status_server.dag(sessions, *(f"{stage}__{name}" for stage in STAGES))
            status_server.dag(sessions, *(f"ingest__{name}_{source}" for source in ("bookings", "visits")))
            if situation.failed:
                stage, task = situation.failed
                status_server.failed_run(sessions, f"{stage}__{name}", task, str(nights.TODAY), nights.NOW)
            if situation.asked:
                stage, task = situation.asked
                asked = "Promote version 2 to champion?"
                status_server.failed_run(sessions, f"{stage}__{name}", task, None, nights.NOW - nights.A_DAY / 8, asked)
            if situation.paused:
                status_server.dag(sessions, f"{situation.paused}__{name}", paused=True)
        yield sessions


@pytest.fixture
def at_place(place: Path, airflow: sessionmaker[Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    """This test reads the situations, at their hour."""
    from include.status_page import clock

    monkeypatch.setenv("LAKEHOUSE_ROOT", str(place / "warehouse"))
    monkeypatch.setenv("NIGHTJAR_HOME", str(place / "state"))
    monkeypatch.setenv("USE_CASE_ROOTS", os.fspath(place / "use_cases"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setattr(clock, "now", lambda: nights.NOW)
    return place


@pytest.fixture
def page(at_place: Path) -> TestClient:
    """A client of the page, without a login."""
    from fastapi.testclient import TestClient

    from tests import status_server

    return TestClient(status_server.mounted(), raise_server_exceptions=False)


@pytest.fixture
def viewer(page: TestClient) -> TestClient:
    """The same with a viewer's login in Airflow's cookie."""
    from tests import status_server

    page.cookies.set(status_server.COOKIE, status_server.token())
    return page
