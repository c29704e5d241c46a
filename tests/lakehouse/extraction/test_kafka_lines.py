"""Whatever a message is, it is one line that ingest takes, or rejects with its text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.ingest import json_lines
from jobs.ingest.lines import EXTRA, MALFORMED, RAW, Layout
from lakehouse.declaration import KafkaFields
from lakehouse.extraction.kafka_lines import Message, line_of

NONE = KafkaFields()
EVERY = KafkaFields(key="k", timestamp="t", partition="p", offset="o", deleted="d")
LAYOUT = Layout({name: name for name in ("k", "t", "p", "o", "d")})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def parsed(message: Message, fields: KafkaFields) -> dict[str, Any]:
    """The row that ingest makes of a message's line."""
    line = line_of(message, fields)
    assert b"\n" not in line and b"\r" not in line
    (row,) = json_lines.parse(f"{line.decode()}\n", LAYOUT, 1, last=False)
    return row


@given(st.none() | st.binary(max_size=30), st.none() | st.binary(max_size=8), st.integers(-(2**63), 2**63 - 1))
@example(b'{"a":"x\ny"}', b"k", 0)
@example(b'{"a":1}\xc2\xa0', b"k", 0)
@example("\u00a0 \u2003".encode(), b"k", 0)
@example(b'{"\\\x80": 1}', b"k", 0)
@example(b"[" * 5000 + b"\n", b"k", 0)
def test_any_bytes_are_one_line_that_is_counted(value: bytes | None, key: bytes | None, timestamp: int) -> None:
    for fields in (NONE, EVERY):
        row = parsed(Message(0, 7, timestamp, key, value), fields)
        assert row[MALFORMED] or row[RAW].startswith("{")


@given(
    st.dictionaries(st.text().filter(lambda name: name not in "ktpod"), JSON, max_size=4), st.sampled_from([None, 0, 2])
)
def test_an_object_keeps_what_it_says(value: dict[str, Any], indent: int | None) -> None:
    content = json.dumps(value, indent=indent).encode()
    line = line_of(Message(3, 9, 1_709_640_000_000, b"key", content), NONE)
    assert json.loads(line) == value
    whole = json.loads(line_of(Message(3, 9, 1_709_640_000_000, b"key", content), EVERY))
    place = {"k": "key", "t": "2024-03-05T12:00:00.000Z", "p": 3, "o": 9, "d": False}
    assert whole == {**place, **value}


def test_numbers_keep_their_digits() -> None:
    line = line_of(Message(0, 0, 0, None, b'{"rent": 1.10, "id": 123456789012345678901234567890}'), EVERY)
    assert line.endswith(b',"rent": 1.10, "id": 123456789012345678901234567890}')


def test_a_tombstone_is_a_row_where_that_is_declared_and_a_reject_otherwise() -> None:
    tombstone = Message(1, 4, 0, b"5", None)
    row = parsed(tombstone, EVERY)
    assert (row["k"], row["d"], row[MALFORMED], row[EXTRA]) == ("5", "true", None, None)
    assert "expected a JSON object" in str(parsed(tombstone, NONE)[MALFORMED])
    assert "at offset 4 of partition 1" in str(parsed(tombstone, KafkaFields(key="k"))[RAW])


@pytest.mark.parametrize(("timestamp", "told"), [(-1, None), (0, "1970-01-01T00:00:00.000Z"), (2**62, str(2**62))])
def test_a_timestamp_that_no_calendar_has_is_its_number_and_none_is_none(timestamp: int, told: str | None) -> None:
    found = json.loads(line_of(Message(0, 0, timestamp, None, b"{}"), KafkaFields(timestamp="t")))
    assert found == {"t": told}
