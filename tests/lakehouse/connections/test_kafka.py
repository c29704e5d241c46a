"""From a connection to the settings of Kafka's client."""

from __future__ import annotations

from typing import Any

import pytest

from lakehouse.connections import kafka, service
from lakehouse.errors import ConnectionWrong


def settings(address: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_EVENTS", address)
    return kafka.settings_of(service.named("events"))


def test_an_address_may_have_several_brokers_with_and_without_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings("kafka://one", monkeypatch)["bootstrap.servers"] == "one:9092"
    assert settings("kafka://one:9093", monkeypatch)["bootstrap.servers"] == "one:9093"
    found = settings("kafka://ann:s3%2Fcret@one:9093,two,three:9095?client.id=mine", monkeypatch)
    assert found["bootstrap.servers"] == "one:9093,two:9092,three:9095"
    assert (found["sasl.username"], found["sasl.password"], found["client.id"]) == ("ann", "s3/cret", "mine")


def test_a_password_crosses_no_network_in_the_clear_unless_somebody_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings("kafka://ann:s3cret@one", monkeypatch)
    assert (found["security.protocol"], found["sasl.mechanism"]) == ("SASL_SSL", "PLAIN")
    found = settings(
        "kafka://ann:s3cret@one?security.protocol=SASL_PLAINTEXT&sasl.mechanisms=SCRAM-SHA-256", monkeypatch
    )
    assert found["security.protocol"] == "SASL_PLAINTEXT"
    assert found["sasl.mechanisms"] == "SCRAM-SHA-256" and "sasl.mechanism" not in found
    assert "security.protocol" not in settings("kafka://one", monkeypatch)


def test_what_the_offsets_rest_on_is_not_the_connections() -> None:
    extra = {
        "bootstrap.servers": "one:1",
        "group.id": "mine",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": True,
    }
    found = kafka.settings_of(
        service.Service("events", "kafka", extra={**extra, "isolation.level": "read_uncommitted"})
    )
    assert (found["bootstrap.servers"], found["group.id"]) == ("one:1", "mine")
    assert kafka.OURS.items() <= found.items()


def test_a_connection_without_a_broker_or_with_settings_of_settings_is_named() -> None:
    with pytest.raises(ConnectionWrong, match="connection events: expected the address of a Kafka broker"):
        kafka.settings_of(service.Service("events", "kafka", ""))
    with pytest.raises(
        ConnectionWrong, match=r"found something else for default\.topic\.config; its value is not shown"
    ):
        kafka.settings_of(service.Service("events", "kafka", "one", extra={"default.topic.config": {"a": "s3cret"}}))
