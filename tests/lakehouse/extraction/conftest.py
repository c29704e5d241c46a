"""What the tests of extraction share: a topic of events."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kafka_server import Kafka


@pytest.fixture
def events(kafka: Kafka, landing_root: Path, monkeypatch: pytest.MonkeyPatch) -> Kafka:
    """The broker, at the connection ``events``."""
    monkeypatch.setenv("NIGHTJAR_CONNECTION_EVENTS", kafka.url)
    return kafka
