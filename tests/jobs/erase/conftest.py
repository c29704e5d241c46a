"""What the tests of this room share: worlds that were made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kept_places import KeptPlaces


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> KeptPlaces:
    """Use cases and datasets that have lived, to be erased from."""
    return KeptPlaces(tmp_path_factory.mktemp("worlds").resolve())


@pytest.fixture
def lakehouse_root(worlds: KeptPlaces, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty lakehouse, where a world can be laid out."""
    return worlds.empty(monkeypatch) / "warehouse"
