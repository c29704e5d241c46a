"""A message as a line of the landed file: its value as it came, with what else the declaration wants of it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from lakehouse.declaration import KafkaFields

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
BLANKS = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Message:
    """A message. ``timestamp`` is in milliseconds since 1970, negative where it has none; without a value it is a tombstone."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


def line_of(message: Message, fields: KafkaFields) -> bytes:
    """The line, without line end. What is no JSON object is a line that ingest rejects, with the text that came.

    The value keeps its text, but for line breaks between the parts of a JSON text, which become blanks.
    """
    if message.value is None:
        return _tombstone(message, fields)
    try:
        text = message.value.decode()
    except UnicodeDecodeError:
        return _as_text(message.value.decode(errors="surrogateescape"))
    if "\n" in text or "\r" in text:
        if not _is_json(text):
            return _as_text(text)
        text = text.replace("\n", " ").replace("\r", " ")
    text = text.strip(BLANKS)
    # What any reader takes for a blank line would not be counted.
    if not text.strip():
        return _as_text(message.value.decode())
    if not text.startswith("{") or not fields.names:
        return text.encode()
    body = text[1:].lstrip(BLANKS)
    return f"{_added(message, fields)[:-1]}{'' if body.startswith('}') else ','}{body}".encode()


def _added(message: Message, fields: KafkaFields, deleted: bool = False) -> str:
    """A JSON object of what the message has besides its value."""
    found: dict[str, str | int | bool | None] = {}
    if fields.key is not None:
        found[fields.key] = None if message.key is None else message.key.decode(errors="surrogateescape")
    if fields.timestamp is not None:
        found[fields.timestamp] = _instant(message.timestamp)
    if fields.partition is not None:
        found[fields.partition] = message.partition
    if fields.offset is not None:
        found[fields.offset] = message.offset
    if fields.deleted is not None:
        found[fields.deleted] = deleted
    # Bytes that are no UTF-8 are escaped: ingest rejects their row with its reason.
    return json.dumps(found, separators=(",", ":"))


def _tombstone(message: Message, fields: KafkaFields) -> bytes:
    if fields.deleted is not None:
        return _added(message, fields, deleted=True).encode()
    # Not its key, which may be of an erased document.
    return _as_text(
        f"a message without a value (a tombstone), at offset {message.offset} of partition {message.partition}"
    )


def _instant(milliseconds: int) -> str | None:
    if milliseconds < 0:
        return None
    try:
        instant = EPOCH + dt.timedelta(milliseconds=milliseconds)
    except OverflowError:
        return str(milliseconds)
    return f"{instant.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _is_json(text: str) -> bool:
    """Whether line breaks in it stand between the parts of a JSON text, and not within one."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _as_text(text: str) -> bytes:
    """A JSON text, which is no object: so it is one line, whatever it says, and a reject."""
    return json.dumps(text).encode()
