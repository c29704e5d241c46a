"""Messages of several partitions, put in one order."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import ServiceUnavailable
from lakehouse.extraction import message_order
from lakehouse.extraction.kafka_lines import Message
from lakehouse.extraction.message_order import by_time

BYTES = st.none() | st.binary(max_size=5)
PARTITIONS = st.lists(st.lists(st.tuples(st.integers(-1, 20), BYTES, BYTES), max_size=8), max_size=4)


def logs(drawn: list[list[tuple[int, bytes | None, bytes | None]]]) -> list[list[Message]]:
    return [
        [Message(number, offset, *parts) for offset, parts in enumerate(messages)]
        for number, messages in enumerate(drawn)
    ]


@given(PARTITIONS, st.randoms(use_true_random=False), st.sampled_from([1, 40, 1 << 16]))
def test_they_come_by_their_time_each_partition_in_its_order_however_the_broker_mixed_them(
    drawn: list[list[tuple[int, bytes | None, bytes | None]]], random: object, block: int
) -> None:
    by_partition = logs(drawn)
    mixed, left = [], [list(messages) for messages in by_partition]
    while any(left):
        mixed.append(random.choice([one for one in left if one]).pop(0))  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(message_order, "BLOCK", block)
        found = list(by_time(mixed))
        assert found == list(by_time(message for messages in by_partition for message in messages))
    assert [[one for one in found if one.partition == number] for number in range(len(drawn))] == by_partition
    if all(one == sorted(one, key=lambda message: message.timestamp) for one in by_partition):
        assert [one.timestamp for one in found] == sorted(one.timestamp for one in found)


def test_a_temporary_folder_that_can_not_be_written_to_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(ServiceUnavailable, match=r"nowhere: expected to keep a topic's messages .* TMPDIR"):
        list(by_time([]))
