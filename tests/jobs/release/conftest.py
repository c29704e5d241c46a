"""What the tests of releases share: the notes' dataset, and a tracking server that is a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.release import mlflow_record
from lakehouse.declaration import Dataset
from tests import hub_server as hub_module
from tests.hub_server import Hub
from tests.jobs import notes

Declare = Callable[..., Dataset]


@pytest.fixture
def declare(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Declares the notes' dataset with some sections replaced, in an empty lakehouse."""

    def declared(**sections: Any) -> Dataset:
        return notes.declare(lakehouse_root.parent / "declared", monkeypatch, **sections)

    return declared


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """The runs that a tracking server would have, in its place: version and digest of each."""
    runs: list[tuple[int, str]] = []

    def log(dataset: Dataset, experiment: str, said: dict[str, Any], folder: Path, hub_commit: str | None) -> str:
        run = said["version"], said["content_digest"]
        if run not in runs:
            runs.append(run)
        return f"run {runs.index(run)}"

    monkeypatch.setattr(mlflow_record, "reach", lambda dataset: "1")
    monkeypatch.setattr(mlflow_record, "log", log)
    return runs


@pytest.fixture(scope="session")
def hub_server() -> Iterator[Hub]:
    """A Hub on loopback (tests/hub_server.py)."""
    server = Hub()
    yield server
    server.close()


@pytest.fixture
def hub(hub_server: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hub:
    """The Hub, empty, and the token in the environment."""
    hub_server.clear()
    monkeypatch.setenv("THE_TOKEN", hub_module.TOKEN)
    return hub_server
