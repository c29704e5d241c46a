"""What the tests of backups share: a platform that has lived."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kept_places import KeptPlaces
from tests.lakehouse.backup import platform


@pytest.fixture(scope="session")
def platforms(tmp_path_factory: pytest.TempPathFactory) -> KeptPlaces:
    return KeptPlaces(tmp_path_factory.mktemp("platforms").resolve())


@pytest.fixture
def root(platforms: KeptPlaces, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Other tests have an Airflow of their own.
    monkeypatch.delenv("AIRFLOW_HOME", raising=False)
    platforms.empty(monkeypatch)
    platforms.lay_out("lived", lambda: platform.make(platforms.root))
    return platforms.root
