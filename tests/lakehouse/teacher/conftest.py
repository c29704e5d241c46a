"""The service on loopback, and datasets that ask it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lakehouse.teacher.asking import Asking
from tests.teacher_server import Served


@pytest.fixture(scope="module")
def teacher_server() -> Iterator[Served]:
    served = Served()
    yield served
    served.close()


@pytest.fixture
def asking(teacher_server: Served, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Asking:
    """The service without faults, an empty lakehouse, and short waits."""
    monkeypatch.setattr("lakehouse.teacher.calling.FIRST_WAIT", 0.01)
    teacher_server.clear()
    return Asking(teacher_server)
