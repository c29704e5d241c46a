"""The way to a broker: lines that break, logins, certificates, and what nobody has set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from lakehouse.connections.service import Service
from lakehouse.errors import ConnectionWrong, SourceRefused, SourceUnavailable
from lakehouse.extraction import kafka_topic
from tests.kafka_server import PASSWORD, USER, Kafka
from tests.lakehouse.extraction.kafka_source import (
    landed,
    read,
    shops,
    source,
)


def test_no_group_is_made_and_no_offset_is_committed(events: Kafka) -> None:
    topic = events.topic()
    events.send(topic, shops("ab"))
    read(source(topic))
    consumer = Consumer({"bootstrap.servers": events.address, "group.id": "nightjar", "log_level": 0})
    try:
        (found,) = consumer.committed([TopicPartition(topic, 0)], 20)
        assert found.offset < 0
    finally:
        consumer.close()


def test_a_kill_before_the_file_is_whole_leaves_nothing_and_the_next_run_lands_it(
    events: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = events.topic()
    events.send(topic, shops("ab"))
    one = source(topic)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            read(one)
    assert landed(one) == ["a", "b"]


def test_a_broker_that_is_gone_is_named_and_lands_nothing_and_the_rerun_is_complete(
    events: Kafka, landing_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_topic, "SILENT_SECONDS", 1)
    monkeypatch.setattr(kafka_topic, "ANSWER_SECONDS", 1)
    topic = events.topic()
    events.send(topic, shops(f"shop{number}" for number in range(5000)))
    one = source(topic)
    really = kafka_topic.Topic.messages

    def cut(self: Any, *given: Any) -> Any:
        for number, message in enumerate(really(self, *given)):
            if number == 3:
                events.lose()
            yield message
        # What the client had fetched already is all of a small topic.
        self.oldest()

    monkeypatch.setattr(kafka_topic.Topic, "messages", cut)
    with pytest.raises(
        SourceUnavailable, match=r"source kafka_shops, topic .* expected an answer from Kafka"
    ) as caught:
        read(one)
    assert caught.value.retryable
    assert list((landing_root / "kafka_shops").iterdir()) == []
    with pytest.raises(SourceUnavailable, match=r"Connect to .* failed"):
        read(one)
    monkeypatch.setattr(kafka_topic, "ANSWER_SECONDS", 20)
    monkeypatch.setattr(kafka_topic.Topic, "messages", really)
    events.start()
    assert len(landed(one)) == 5000


def test_a_connection_that_breaks_is_taken_up_where_it_broke(events: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = events.topic()
    events.send(topic, shops(f"shop{number}" for number in range(20_000)))
    really = kafka_topic.Topic._given
    asked = []

    def breaking(self: Any) -> Any:
        asked.append(1)
        if len(asked) == 2:
            events.lose()
            events.start()
        return really(self)

    monkeypatch.setattr(kafka_topic, "BATCH", 100)
    monkeypatch.setattr(kafka_topic.Topic, "_given", breaking)
    assert landed(source(topic)) == [f"shop{number}" for number in range(20_000)]


def test_a_topic_that_is_not_there_is_named_with_those_that_are(events: Kafka) -> None:
    events.topic(name="a-topic")
    told = r"topic nowhere of connection events: .* Unknown topic; there are a-topic, .*; nothing has landed"
    with pytest.raises(SourceRefused, match=told) as caught:
        read(source("nowhere"))
    assert not caught.value.retryable


def test_a_login_is_taken_and_a_wrong_one_is_refused_without_its_password(
    events: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = events.topic()
    events.send(topic, shops("a"))
    one = source(topic)
    monkeypatch.setenv("NIGHTJAR_CONNECTION_EVENTS", events.closed_url)
    assert landed(one) == ["a"]

    def connect(password: str) -> Any:
        protocol = {"security.protocol": "SASL_PLAINTEXT"}
        return lambda name: Service(name, "kafka", "127.0.0.1", events.closed_port, USER, password, extra=protocol)

    assert landed(one, connect=connect(PASSWORD)) == ["a"]
    with pytest.raises(SourceRefused, match="Authentication failed") as caught:
        read(one, connect=connect("wr0ng-password"))
    told: BaseException | None = caught.value
    while told is not None:
        assert "wr0ng" not in f"{told!r}"
        told = told.__cause__ or told.__context__


def test_a_login_crosses_an_encrypted_line_and_a_certificate_that_nobody_signed_is_refused(
    events: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = events.topic()
    events.send(topic, shops("a"))
    monkeypatch.setenv("NIGHTJAR_CONNECTION_EVENTS", events.tls_url)
    assert landed(source(topic)) == ["a"]
    monkeypatch.setenv("NIGHTJAR_CONNECTION_EVENTS", events.tls_url.partition("?")[0])
    with pytest.raises(SourceRefused, match="certificate"):
        read(source(topic))


def test_a_connection_that_is_not_set_or_has_settings_that_there_are_not_is_named(
    events: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_EVENTS", f"{events.url}?no.such=s3cret")
    with pytest.raises(SourceRefused, match="No such configuration property"):
        read(source("any"))
    monkeypatch.setenv("NIGHTJAR_CONNECTION_EVENTS", f"{events.url}?security.protocol=s3cret")
    with pytest.raises(SourceRefused, match=r"Invalid value .\*\*\*. for configuration property"):
        read(source("any"))
    strange = Service("events", "kafka", "127.0.0.1", extra={"oauth_cb": "s3cret"})
    with pytest.raises(ConnectionWrong, match="expected settings of librdkafka in its extra"):
        read(source("any"), connect=lambda _: strange)
    monkeypatch.delenv("NIGHTJAR_CONNECTION_EVENTS")
    with pytest.raises(ConnectionWrong, match="NIGHTJAR_CONNECTION_EVENTS"):
        read(source("any"))
