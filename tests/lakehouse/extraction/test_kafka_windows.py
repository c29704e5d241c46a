"""Drawn nights of a topic in memory: each message is in exactly one window that was ingested, or the ledger has it as missing.

The topic answers as a broker does (test_kafka_nights.py beside it has a real one).
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.errors import KafkaGap
from lakehouse.extraction import from_kafka, kafka_offsets
from lakehouse.extraction.kafka_lines import Message
from lakehouse.extraction.kafka_offsets import Offsets, OffsetWindow
from lakehouse.extraction.kafka_topic import Topic
from lakehouse.ops import deliveries
from tests.lakehouse.extraction.kafka_source import NOW, at, read, rows, source, taken_in

HOURS = st.sampled_from([-30.0, -2.0, 1.0, 12.0, 23.0, 25.0, 50.0, 9e5])
NIGHT = st.fixed_dictionaries(
    {
        "written": st.lists(st.tuples(st.integers(0, 3), HOURS), max_size=6),
        "late": st.lists(st.tuples(st.integers(0, 3), HOURS), max_size=2),
        "partitions": st.integers(1, 4),
        "open": st.booleans(),
        "deleted": st.lists(st.integers(0, 4), max_size=2),
        "how": st.sampled_from(["ingested", "ingested", "ingested", "refused", "landed", "missed"]),
    }
)


class InMemory(Topic):
    """A topic of messages that are names and timestamps; what is behind ``held`` is of a transaction that is open."""

    def __init__(self) -> None:
        self.id = "in-memory"
        self.log: dict[int, list[tuple[str, int]]] = {0: []}
        self.first: dict[int, int] = {}
        self.held: dict[int, int] = {}

    def close(self) -> None:
        pass

    def write(self, number: int, partition: int, hours: float) -> None:
        log = self.log[partition % len(self.log)]
        log.append((f"{partition % len(self.log)}:{len(log)}", at(number, hours)))

    def messages(self, begin: Offsets, end: Offsets) -> Iterator[Message]:
        for number, last in end.items():
            assert begin.get(number, 0) >= min(self.first.get(number, 0), last)
            for offset in range(begin.get(number, 0), last):
                name, timestamp = self.log[number][offset]
                yield Message(number, offset, timestamp, None, json.dumps({"shop": name}).encode())

    def _offsets(self, which: Any) -> dict[int, Any]:
        return {number: SimpleNamespace(**self._offset(number, int(which._value))) for number in self.log}

    def _offset(self, number: int, asked: int) -> dict[str, int]:
        log, first = self.log[number], self.first.get(number, 0)
        stable = max(first, min(self.held.get(number, len(log)), len(log)))
        if asked < 0:
            return {"offset": first if asked == -2 else stable, "timestamp": -1}
        found = ((offset, log[offset][1]) for offset in range(first, stable) if log[offset][1] >= asked)
        offset, timestamp = next(found, (-1, -1))
        return {"offset": offset, "timestamp": timestamp}


def windows() -> list[OffsetWindow]:
    """Those of the ledger that were ingested."""
    lines = [line for line in deliveries.lines_of(["kafka_shops"]) if line.status == deliveries.INGESTED]
    found = [kafka_offsets.parsed(line.origin.removeprefix("kafka events topic ")) for line in lines]
    assert None not in found
    return [window for window in found if window is not None]


def night(topic: InMemory, number: int, drawn: dict[str, Any]) -> None:
    """Write, delete and read as drawn."""
    one = source("topic")
    for added in range(len(topic.log), max(len(topic.log), drawn["partitions"])):
        topic.log[added] = []
    # A transaction of tonight.
    topic.held = {0: len(topic.log[0])} if drawn["open"] else {}
    for partition, hours in drawn["written"]:
        topic.write(number, partition, hours)
    if drawn["how"] == "missed":
        return
    for partition in drawn["deleted"]:
        if (log := topic.log.get(partition)) is not None:
            topic.first[partition] = max(topic.first.get(partition, 0), len(log) // 2)
    try:
        result = read(one, number)
    except KafkaGap:
        result = read(one, number, any_gap=True)
        assert result["status"] == "none" or " without " in result["origin"]
    if result["status"] == "none":
        return
    file = Path(result["file"])
    content = file.read_bytes()
    window = kafka_offsets.parsed(result["origin"].removeprefix("kafka events topic "))
    assert window is not None
    wanted = [f"{one}:{offset}" for one, end in window.end.items() for offset in range(window.read_from[one], end)]
    assert sorted(row["shop"] for row in rows(file)) == sorted(wanted)
    # Whatever comes meanwhile, the window is what it was.
    for partition, hours in drawn["late"]:
        topic.write(number, partition, hours)
    topic.held = {}
    assert read(one, number) == result
    assert file.read_bytes() == content
    if drawn["how"] != "landed":
        taken_in(number, result["origin"], drawn["how"])
        file.unlink()
        if drawn["how"] == "ingested":
            assert read(one, number) == result
            assert file.read_bytes() == content


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(NIGHT, min_size=1, max_size=5))
def test_every_message_is_in_one_ingested_window_or_is_said_to_be_missing(nights: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder, patch.dict(os.environ, _roots(folder)):
        topic = InMemory()
        with patch.object(from_kafka, "Topic", lambda *_: topic):
            for number, drawn in enumerate(nights):
                night(topic, number, drawn)
            found = windows()
            mark = kafka_offsets.watermark(found) or {}
            began = next((one.begin for one in found if one.start is not None), {})
            for partition, log in topic.log.items():
                for offset in range(len(log)):
                    having = [one for one in found if one.begin.get(partition, 0) <= offset < one.end.get(partition, 0)]
                    wanted = began.get(partition, 0) <= offset < mark.get(partition, 0)
                    assert len(having) == int(wanted)


def _roots(folder: str) -> dict[str, str]:
    cases = str(Path(__file__).parents[2] / "use_cases")
    places = {"LAKEHOUSE_ROOT": f"{folder}/warehouse", "LANDING_ROOT": f"{folder}/landing", "USE_CASE_ROOTS": cases}
    return {**places, "NIGHTJAR_CONNECTION_EVENTS": "kafka://nowhere"}


OFFSETS = st.dictionaries(st.integers(0, 4), st.integers(0, 10**12))


@given(st.lists(st.tuples(st.integers(0, 2**63), st.integers(0, 2**63)), min_size=1, max_size=300), st.data())
def test_the_words_of_a_window_say_all_of_it(pairs: list[tuple[int, int]], data: st.DataObject) -> None:
    begin = {number: min(pair) for number, pair in enumerate(pairs)}
    end = {number: max(pair) for number, pair in enumerate(pairs)}
    start = data.draw(st.sampled_from([None, kafka_offsets.BEGINNING, "2024-01-01"]))
    gaps = data.draw(st.dictionaries(st.integers(0, len(pairs) - 1), st.just((1, 5)), max_size=3))
    window = OffsetWindow("a+b/c==", begin, end, "2024-03-05T23:00:00Z", start, gaps)
    assert kafka_offsets.parsed(window.text) == window


@pytest.mark.parametrize(
    "text", ["", "x from 1 until 2", "x from 1 until 2 by z and more", "x from the end at 1 until 2 by z"]
)
def test_other_words_are_no_window(text: str) -> None:
    assert kafka_offsets.parsed(text) is None


def window(begin: Offsets, end: Offsets, start: str | None = None) -> OffsetWindow:
    return OffsetWindow("id", begin, end, "2024-03-05T23:00:00Z", start)


def test_a_window_behind_a_gap_does_not_move_the_watermark_and_each_partition_counts_by_itself() -> None:
    first = window({0: 5, 1: 0}, {0: 10, 1: 3}, kafka_offsets.BEGINNING)
    behind = window({0: 12, 1: 3}, {0: 20, 1: 6, 2: 4})
    assert kafka_offsets.watermark([]) is None
    assert kafka_offsets.watermark([behind, first]) == {0: 10, 1: 6, 2: 4}
    assert kafka_offsets.watermark([window({0: 10}, {0: 12}), behind, first]) == {0: 20, 1: 6, 2: 4}


@given(OFFSETS, OFFSETS, st.dictionaries(st.integers(0, 4), st.none() | st.integers(0, 10**12)))
def test_a_window_ends_before_the_first_late_message_and_never_before_it_begins(
    begin: dict[int, int], stable: dict[int, int], late: dict[int, int | None]
) -> None:
    found = kafka_offsets.ends(begin, late, stable)
    assert found.keys() == stable.keys()
    for number, end in found.items():
        assert end >= begin.get(number, 0)
        if end > begin.get(number, 0):
            first = late.get(number)
            assert end == (stable[number] if first is None else min(first, stable[number]))


@given(OFFSETS, OFFSETS, OFFSETS)
def test_what_is_deleted_lies_between_the_begin_and_the_oldest_that_is_left(
    begin: dict[int, int], length: dict[int, int], oldest: dict[int, int]
) -> None:
    end = {number: begin.get(number, 0) + more for number, more in length.items()}
    missing = kafka_offsets.deleted(begin, end, oldest)
    one = OffsetWindow("id", begin, end, "z", None, missing)
    for number, last in end.items():
        first = begin.get(number, 0)
        assert one.read_from[number] == max(first, min(last, oldest.get(number, 0)))
        assert (number in missing) == (one.read_from[number] > first)


def test_now_is_the_limit_of_what_a_clock_may_say() -> None:
    topic = InMemory()
    topic.write(0, 0, 9e5)
    topic.write(0, 0, 12)
    topic.write(1, 0, 12)
    until = dt.datetime(2024, 3, 5, 23, tzinfo=dt.UTC)
    assert topic.as_late(until, NOW, {}, {0: 3}) == {0: 2}
    assert topic.as_late(until, NOW, {}, {0: 2}) == {0: None}
