"""Messages of several partitions in one order that is the same every time: by their time, and never against their offsets."""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterable, Iterator
from heapq import merge
from typing import BinaryIO

from lakehouse.errors import ServiceUnavailable
from lakehouse.extraction.kafka_lines import Message

# Bytes of a partition that wait in memory before they are written, and are read again at a time.
BLOCK = 1 << 16
HEAD = struct.Struct("<qqii")
NONE = -1


def by_time(messages: Iterable[Message]) -> Iterator[Message]:
    """The messages in the order of their timestamps.

    In a partition the offset decides: a message counts as late as the latest before it. So the later message of a key is behind
    the earlier one, also where its key moved to another partition. Of two as late the partition decides.

    They wait in a temporary file, a block of each partition in memory.

    Args:
        messages: those of a partition by offset; partitions as they come.

    Raises:
        ServiceUnavailable: when the temporary folder can't be written to.
    """
    try:
        with tempfile.TemporaryFile() as file:
            kept = _Kept(file)
            for message in messages:
                kept.add(message)
            kept.flush()
            for _, _, message in merge(*(kept.of(number) for number in sorted(kept.partitions))):
                yield message
    except OSError as error:
        raise ServiceUnavailable(
            f"{tempfile.gettempdir()}: expected to keep a topic's messages there while they are put in order, found: "
            f"{error.strerror or error}; nothing has landed: make room, or name another folder in TMPDIR, and run again"
        ) from error


class _Kept:
    """The messages of each partition, in blocks of one file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = 0
        self._open: dict[int, bytearray] = {}
        self._blocks: dict[int, list[tuple[int, int]]] = {}

    @property
    def partitions(self) -> Iterable[int]:
        return self._open

    def add(self, message: Message) -> None:
        key, value = message.key, message.value
        block = self._open.setdefault(message.partition, bytearray())
        sizes = NONE if key is None else len(key), NONE if value is None else len(value)
        block += HEAD.pack(message.offset, message.timestamp, *sizes)
        block += key or b""
        block += value or b""
        if len(block) >= BLOCK:
            self._write(message.partition)

    def flush(self) -> None:
        for number in self._open:
            self._write(number)
        self._file.flush()

    def of(self, number: int) -> Iterator[tuple[int, int, Message]]:
        """The messages of a partition, each with the time that it counts for, and the partition."""
        latest = NONE
        for start, size in self._blocks.get(number, []):
            block = os.pread(self._file.fileno(), size, start)
            at = 0
            while at < size:
                offset, timestamp, key_size, value_size = HEAD.unpack_from(block, at)
                at += HEAD.size
                key, at = _part(block, at, key_size)
                value, at = _part(block, at, value_size)
                latest = max(latest, timestamp)
                yield latest, number, Message(number, offset, timestamp, key, value)

    def _write(self, number: int) -> None:
        block = self._open[number]
        if block:
            self._file.write(block)
            self._blocks.setdefault(number, []).append((self._size, len(block)))
            self._size += len(block)
            self._open[number] = bytearray()


def _part(block: bytes, at: int, size: int) -> tuple[bytes | None, int]:
    return (None, at) if size == NONE else (block[at : at + size], at + size)
