"""Messages, files and topics that are gone: an error, until somebody says how it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.errors import KafkaGap, ServiceUnavailable
from tests.kafka_server import Kafka
from tests.lakehouse.extraction.kafka_source import (
    night,
    read,
    rows,
    shops,
    source,
    taken_in,
)


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
