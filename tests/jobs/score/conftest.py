"""What the tests of scoring share."""

from __future__ import annotations

import pytest

from lakehouse.staleness import report


@pytest.fixture
def patch(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Features of these tests were built by no transform, and are not asked."""
    monkeypatch.setattr(report, "_features", lambda *_: {})
    return monkeypatch
