"""What the tests of ingestion share: a source whose contract a test writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.jobs.ingest.changing_contract import ChangingContract


@pytest.fixture
def stock(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> ChangingContract:
    contract = ChangingContract(lakehouse_root.parent)
    monkeypatch.setenv("USE_CASE_ROOTS", str(lakehouse_root.parent / "changed"))
    return contract
