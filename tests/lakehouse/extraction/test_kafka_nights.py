"""A topic read night after night: each message lands once, whatever came since. The broker is real."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lakehouse.errors import WindowOpen
from tests.kafka_server import Kafka
from tests.lakehouse.extraction.kafka_source import (
    NOW,
    day,
    landed,
    night,
    read,
    rows,
    shops,
    source,
    taken_in,
)


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


def test_a_day_whose_window_is_not_over_is_refused_before_anything_is_read(events: Kafka) -> None:
    with pytest.raises(WindowOpen):
        read(source("any"), now=NOW - dt.timedelta(days=100))


def test_the_file_is_the_days(events: Kafka, landing_root: Path) -> None:
    topic = events.topic()
    events.send(topic, shops("a"))
    assert read(source(topic))["file"] == str(landing_root / "kafka_shops" / "2024-03-05.jsonl.gz")
