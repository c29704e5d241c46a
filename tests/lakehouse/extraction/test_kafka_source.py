"""Windows of a topic, on a real broker: nothing is lost, nothing comes twice, and a window that was read stays as it is."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from lakehouse.connections.service import Service
from lakehouse.errors import ConnectionWrong, KafkaGap, ServiceUnavailable, SourceRefused, SourceUnavailable, WindowOpen
from lakehouse.extraction import kafka_topic
from tests.kafka_server import PASSWORD, USER, Kafka
from tests.lakehouse.extraction.kafka_source import (
    NOW,
    at,
    day,
    landed,
    lines,
    night,
    read,
    rows,
    shops,
    source,
    taken_in,
)


@pytest.fixture
def events(kafka: Kafka, landing_root: Path, monkeypatch: pytest.MonkeyPatch) -> Kafka:
    """The broker, at the connection ``events``."""
    monkeypatch.setenv("NIGHTJAR_CONNECTION_EVENTS", kafka.url)
    return kafka


def test_night_after_night_every_message_lands_once_in_the_order_of_its_partition(events: Kafka) -> None:
    topic = events.topic(3)
    one, sent, found = source(topic), [], []
    for number in range(3):
        for partition in range(3):
            names = [f"{number}-{partition}-{position}" for position in range(4)]
            events.send(topic, shops(names, number), partition)
            sent += names
    for number in range(3):
        today = night(one, number)
        for partition in range(3):
            assert [name for name in today if name[2] == str(partition)] == [
                f"{number}-{partition}-{position}" for position in range(4)
            ]
        found += today
    assert sorted(found) == sorted(sent)
    assert night(one, 3) == []


def test_messages_of_several_partitions_come_by_their_time(events: Kafka) -> None:
    topic = events.topic(2)
    for hours, partition in ((1, 1), (2, 0), (3, 1), (4, 0)):
        events.send(topic, shops([f"hour{hours}"], 0, hours), partition)
    # Earlier by its clock, and later by its offset, which decides.
    events.send(topic, shops(["late"], 0, 0.5), 1)
    assert landed(source(topic)) == ["hour1", "hour2", "hour3", "late", "hour4"]


def test_a_message_that_is_late_lands_with_the_next_window_and_one_behind_the_end_waits(events: Kafka) -> None:
    topic = events.topic()
    events.send(topic, [*shops(["a"]), *shops(["next"], 1), *shops(["late"])])
    one = source(topic)
    assert night(one, 0) == ["a"]
    events.send(topic, shops(["very late"]))
    assert night(one, 1) == ["next", "late", "very late"]


def test_a_window_again_is_the_same_bytes_whatever_came_since(events: Kafka) -> None:
    topic = events.topic(2)
    events.send(topic, shops("abc"))
    events.send(topic, shops("xyz"), 1)
    one = source(topic)
    result = read(one)
    file = Path(result["file"])
    before = file.read_bytes()
    # Late ones, of the same day: the topic's end was the window's.
    events.send(topic, shops(["late"]))
    events.add_partitions(topic, 3)
    assert read(one)["origin"] == result["origin"]
    assert file.read_bytes() == before
    taken_in(0, result["origin"])
    file.unlink()
    assert read(one)["origin"] == result["origin"]
    assert file.read_bytes() == before
    assert night(one, 1) == ["late"]


def test_a_range_is_a_window_a_day_each_from_where_the_one_before_ends(events: Kafka) -> None:
    topic = events.topic()
    for number in range(4):
        events.send(topic, shops([f"day{number}"], number))
    result = read(source(topic), 0, 2)
    assert [rows(file)[0]["shop"] for file in result["files"]] == ["day0", "day1", "day2"]
    assert result["documents"] == 3


def test_a_window_that_was_refused_or_never_ingested_is_read_with_the_next(events: Kafka) -> None:
    topic = events.topic()
    one = source(topic)
    events.send(topic, shops("a"))
    taken_in(0, read(one)["origin"], "refused")
    events.send(topic, shops("b", 1))
    assert night(one, 1) == ["a", "b"]
    events.send(topic, shops("c", 2))
    assert landed(one, 2) == ["c"]


def test_an_empty_window_lands_nothing_and_says_so(events: Kafka, landing_root: Path) -> None:
    topic = events.topic(2)
    result = read(source(topic))
    assert result["status"] == "none"
    assert result["message"].startswith(f"no message in kafka events {topic} ")
    assert " from the beginning at 0,0 until 0,0 by 2024-03-05T23:00:00Z" in result["origin"]
    assert list((landing_root / "kafka_shops").iterdir()) == []


def test_the_first_window_of_an_old_topic_begins_with_its_oldest_message_or_with_the_declared_day(
    events: Kafka,
) -> None:
    topic = events.topic()
    for number in range(-5, 1):
        events.send(topic, shops([f"day{number}"], number))
    events.expire(topic, {0: 1})
    assert landed(source(topic)) == [f"day{number}" for number in range(-4, 1)]
    one = source(topic, since=str(day(-2)))
    result = read(one)
    assert [row["shop"] for row in rows(result["file"])] == ["day-2", "day-1", "day0"]
    assert " from 2024-03-03 at 3 until 6 by " in result["origin"]
    taken_in(0, result["origin"])
    events.send(topic, shops(["day1"], 1))
    assert night(one, 1) == ["day1"]


def test_partitions_that_are_added_are_read_from_their_beginning(events: Kafka) -> None:
    topic = events.topic()
    one = source(topic)
    events.send(topic, shops("a"))
    assert night(one, 0) == ["a"]
    events.add_partitions(topic, 3)
    events.send(topic, shops("b", 1), 2)
    events.send(topic, shops("c", 1, 13), 0)
    assert night(one, 1) == ["b", "c"]


def test_an_aborted_message_does_not_land_and_an_open_transaction_ends_the_window(events: Kafka) -> None:
    topic = events.topic()
    one = source(topic)
    events.transaction(topic, shops(["aborted"]), commit=False)
    events.transaction(topic, shops(["committed"]), commit=True)
    producer = events.begin(topic, shops(["open"]))
    events.send(topic, shops(["behind"]))
    assert night(one, 0) == ["committed"]
    producer.commit_transaction(20)
    assert night(one, 1) == ["open", "behind"]


def test_a_window_of_nothing_but_aborted_messages_is_empty(events: Kafka) -> None:
    topic = events.topic()
    events.transaction(topic, shops(["aborted"] * 50), commit=False)
    assert read(source(topic))["status"] == "none"


def test_a_message_from_a_clock_that_is_wrong_does_not_hold_back_those_behind_it(events: Kafka) -> None:
    topic = events.topic(message_timestamp_after_max_ms=str(2**62))
    one = source(topic)
    events.send(topic, [*shops("a"), ("x", {"shop": "wrong"}, at(40_000)), *shops("b"), *shops("c", 1)])
    assert night(one, 0) == ["a", "wrong", "b"]
    events.send(topic, shops("d", 2))
    assert night(one, 1) == ["c"]
    assert night(one, 2) == ["d"]


def test_messages_that_were_deleted_before_they_were_read_are_an_error_and_going_on_is_written_down(
    events: Kafka,
) -> None:
    topic = events.topic(2)
    one = source(topic)
    events.send(topic, shops("ab"))
    assert night(one, 0) == ["a", "b"]
    events.send(topic, shops("cdefg", 1))
    events.send(topic, shops("x", 1), 1)
    events.expire(topic, {0: 5})
    with pytest.raises(KafkaGap, match=r"partition 0 from offset 2 on, .* found none before 5: .* --any-gap") as caught:
        read(one, 1)
    assert (caught.value.exit_code, caught.value.retryable) == (72, False)
    result = read(one, 1, any_gap=True)
    assert sorted(row["shop"] for row in rows(result["file"])) == ["f", "g", "x"]
    assert " from 2,0 until 7,1 by 2024-03-06T23:00:00Z without 0:2-4" in result["origin"]
    # Known from its file, and then from the ledger: no switch is needed again.
    assert read(one, 1)["origin"] == result["origin"]
    taken_in(1, result["origin"])
    assert read(one, 1)["origin"] == result["origin"]
    events.send(topic, shops("h", 2))
    assert night(one, 2) == ["h"]


def test_a_window_whose_messages_are_gone_stays_as_it_landed(events: Kafka, caplog: pytest.LogCaptureFixture) -> None:
    topic = events.topic()
    one = source(topic)
    events.send(topic, shops("abc"))
    result = read(one)
    file = Path(result["file"])
    before = file.read_bytes()
    events.expire(topic, {0: 2})
    assert read(one) == result
    assert file.read_bytes() == before
    assert "can't be read again, those of partition 0 from offset 0 to 1 were deleted" in caplog.text
    taken_in(0, result["origin"])
    file.unlink()
    with pytest.raises(KafkaGap, match="bronze has them: to take them in again, replay the day"):
        read(one)


def test_a_file_that_is_damaged_is_written_again_and_one_that_can_not_be_read_is_an_error(events: Kafka) -> None:
    topic = events.topic()
    one = source(topic)
    events.send(topic, shops("abc"))
    file = Path(read(one)["file"])
    whole = file.read_bytes()
    for damaged in (b"", b"no gzip", whole[:10], whole[:-9], b"\x1f\x8b" + b"\0" * 30):
        file.write_bytes(damaged)
        read(one)
        assert file.read_bytes() == whole
    file.unlink()
    file.mkdir()
    with pytest.raises(ServiceUnavailable, match="expected to read what has landed, found: Is a directory"):
        read(one)


def test_a_topic_that_was_made_anew_is_an_error_and_is_read_from_its_beginning_when_somebody_says_so(
    events: Kafka,
) -> None:
    topic = events.topic()
    one = source(topic)
    events.send(topic, shops("ab"))
    assert night(one, 0) == ["a", "b"]
    events.delete(topic)
    events.topic(name=topic)
    events.send(topic, shops("cde", 1))
    with pytest.raises(KafkaGap, match="it was deleted and made anew"):
        read(one, 1)
    assert night(one, 1, any_gap=True) == ["c", "d", "e"]
    events.send(topic, shops("f", 2))
    assert night(one, 2) == ["f"]


def test_what_is_no_json_lands_as_a_line_and_the_others_as_they_came(events: Kafka) -> None:
    topic = events.topic()
    poison = [b"no json", b"", b"\xff\xfe", b'{"shop":', b'{"shop": "a\nb"}', b"two\nlines", b" \xc2\xa0 "]
    events.send(topic, [*((None, text, at(0)) for text in poison), ("a", b'{"shop": "a", "rent": 1.10}', at(0))])
    events.send(topic, [("k", None, at(0))])
    assert lines(read(source(topic))["file"]) == [
        "no json",
        '""',
        '"\\udcff\\udcfe"',
        '{"shop":',
        '"{\\"shop\\": \\"a\\nb\\"}"',
        '"two\\nlines"',
        '" \\u00a0 "',
        '{"shop": "a", "rent": 1.10}',
        '"a message without a value (a tombstone), at offset 8 of partition 0"',
    ]


def test_the_key_the_time_the_place_and_tombstones_are_fields_where_they_are_declared(events: Kafka) -> None:
    topic = events.topic(2)
    columns: list[dict[str, Any]] = [
        {"name": "shop", "type": "string", "field": "k"},
        *(
            {"name": name, "type": kind, "nullable": True}
            for name, kind in (("sent", "timestamp"), ("gone", "boolean"))
        ),
        *({"name": name, "type": "long", "nullable": True} for name in ("part", "position")),
    ]
    fields = {"key": "k", "timestamp": "sent", "partition": "part", "offset": "position", "deleted": "gone"}
    events.send(topic, [("a", b' {"x":1}\n', at(0)), ("b", b"{ }", at(0)), ("a", None, at(0))], 1)
    place = '"sent":"2024-03-05T11:00:00.000Z","part":1,"position"'
    assert lines(read(source(topic, columns, fields=fields))["file"]) == [
        f'{{"k":"a",{place}:0,"gone":false,"x":1}}',
        f'{{"k":"b",{place}:1,"gone":false}}',
        f'{{"k":"a",{place}:2,"gone":true}}',
    ]


def test_what_was_compacted_away_is_no_gap_and_the_last_of_each_key_lands(events: Kafka) -> None:
    topic = events.topic(
        cleanup_policy="compact", segment_ms="100", min_cleanable_dirty_ratio="0.001", max_compaction_lag_ms="100"
    )
    one = source(topic)
    # The last message is of the segment that is still written, which is never compacted.
    events.send(topic, [("k", {"shop": f"v{number}"}, at(0)) for number in range(20)])
    events.send(topic, [("end", {"shop": "end"}, at(0, 13))])
    result = read(one)
    deadline = time.monotonic() + 30
    while len(found := landed(one)) > 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert found == ["v19", "end"]
    assert read(one)["origin"] == result["origin"]


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


def test_a_day_whose_window_is_not_over_is_refused_before_anything_is_read(events: Kafka) -> None:
    with pytest.raises(WindowOpen):
        read(source("any"), now=NOW - dt.timedelta(days=100))


def test_the_file_is_the_days(events: Kafka, landing_root: Path) -> None:
    topic = events.topic()
    events.send(topic, shops("a"))
    assert read(source(topic))["file"] == str(landing_root / "kafka_shops" / "2024-03-05.jsonl.gz")
