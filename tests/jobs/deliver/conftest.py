"""A lakehouse whose only use cases are those that a test declares."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def root(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of use cases."""
    folder = tmp_path / "declared"
    folder.mkdir()
    monkeypatch.setenv("USE_CASE_ROOTS", str(folder))
    return folder


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The SQLite file of the connection ``office``."""
    file = tmp_path / "office.db"
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", f"sqlite:///{file}")
    return file
