"""What messages are, and what of them lands: of transactions, of wrong clocks, no JSON, tombstones."""

from __future__ import annotations

import time
from typing import Any

from tests.kafka_server import Kafka
from tests.lakehouse.extraction.kafka_source import (
    at,
    landed,
    lines,
    night,
    read,
    shops,
    source,
)


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
