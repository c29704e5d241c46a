"""A topic: its offsets, and its messages from some offsets to others."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from lakehouse.connections import kafka as connections
from lakehouse.connections.service import Service
from lakehouse.errors import ConnectionWrong
from lakehouse.extraction.kafka_failures import PASSED_OVER
from lakehouse.extraction.kafka_lines import Message
from lakehouse.extraction.kafka_offsets import Offsets

# How long a question may take, in s, and how long nothing may come before the broker is asked whether it is there.
ANSWER_SECONDS = 20
SILENT_SECONDS = 20
# So often it may be there and give nothing: what was aborted, which is passed over, can be long.
SILENCES = 30
BATCH = 2_000
# Names of topics that a message lists.
SHOWN = 10
# So long a batch is waited for until it is full.
FILL_SECONDS = 0.05
# What the client hears when the login is refused, or the broker's certificate; it would try again for ever.
NO_ENTRY = frozenset({KafkaError._AUTHENTICATION, KafkaError._SSL})
# Settings that only a consumer has.
OF_CONSUMERS = frozenset(
    {
        *(
            "group.id",
            "fetch.wait.max.ms",
            "queued.max.messages.kbytes",
            "fetch.max.bytes",
            "isolation.level",
            "check.crcs",
        ),
        *("enable.auto.commit", "enable.auto.offset.store", "auto.offset.reset", "enable.partition.eof"),
    }
)


class Topic:
    """A topic of a broker. No group of consumers is joined and no offset committed: the ledger alone says what was read.

    Every method may raise KafkaException.

    Raises:
        ConnectionWrong: the connection names no broker, or has what is no setting.
    """

    def __init__(self, service: Service, name: str, heard: list[KafkaError]) -> None:
        """Make the clients and ask which topic it is; ``heard`` gets what the clients say on their own."""
        self._heard = heard
        self._name = name
        settings = {**connections.settings_of(service), "error_cb": heard.append}
        try:
            self._consumer = Consumer(settings)
        except (TypeError, ValueError) as error:
            # Not its words: they quote the setting.
            raise ConnectionWrong(
                f"connection {service.name}: expected settings of librdkafka in its extra, found one that its client does not take "
                f"({type(error).__name__}); it is not shown"
            ) from None
        try:
            self._admin = AdminClient({name: value for name, value in settings.items() if name not in OF_CONSUMERS})
            asked = self._admin.describe_topics(TopicCollection([name]), request_timeout=ANSWER_SECONDS)
            found = self._answer(asked[name])
        except BaseException as error:
            there = self._topics() if _is_unknown(error) else ""
            self._consumer.close()
            if there:
                raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, f"Unknown topic; {there}")) from None
            raise
        self.id = str(found.topic_id)
        self._partitions = sorted(partition.id for partition in found.partitions)

    def close(self) -> None:
        """End the client."""
        self._consumer.close()

    def oldest(self) -> dict[int, int]:
        """The offset of the oldest message of each partition; of an empty one that of the next."""
        answers = self._offsets(OffsetSpec.earliest())  # type: ignore[no-untyped-call]
        return {number: found.offset for number, found in answers.items()}

    def stable(self) -> dict[int, int]:
        """Of each partition the offset before which every transaction is over; without transactions its end."""
        answers = self._offsets(OffsetSpec.latest())  # type: ignore[no-untyped-call]
        return {number: found.offset for number, found in answers.items()}

    def as_late(
        self, instant: dt.datetime, latest: dt.datetime, begin: Offsets, stable: Offsets
    ) -> dict[int, int | None]:
        """The first message of each partition, from ``begin`` on, whose timestamp is as late as an instant; None: there is none.

        The broker knows the first such message of all. Where that is not to be believed, because it is before ``begin``, or later
        than ``latest``, as a clock that is wrong writes it, the messages are read to find the next: else one of them would hold
        back all that follow.
        """
        answers = self._offsets(OffsetSpec.for_timestamp(_milliseconds(instant)))
        found: dict[int, int | None] = {}
        for number, answer in answers.items():
            first = begin.get(number, 0)
            if answer.offset < 0:
                found[number] = None
            elif answer.offset >= first and answer.timestamp <= _milliseconds(latest):
                found[number] = answer.offset
            else:
                found[number] = self._look(number, max(first, answer.offset), stable[number], instant, latest)
        return found

    def messages(self, begin: Offsets, end: Offsets) -> Iterator[Message]:
        """The messages of each partition from ``begin`` to before ``end``; those of one partition in their order.

        What was aborted or compacted away is no message. Partitions come as the broker gives them.
        """
        left = {number: last for number, last in end.items() if begin.get(number, 0) < last}
        if not left:
            return
        self._consumer.assign([TopicPartition(self._name, number, begin.get(number, 0)) for number in sorted(left)])
        try:
            while left:
                yield from self._batch(left)
        finally:
            self._consumer.unassign()

    def _batch(self, left: dict[int, int]) -> Iterator[Message]:
        """Some messages; a partition that is read to its end is no longer ``left``."""
        for found in self._given():
            number, error = found.partition(), found.error()
            last = left.get(number) if number is not None else None
            if error is not None and error.code() in PASSED_OVER:
                continue
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            if number is None or last is None:
                continue
            offset = found.offset()
            if error is None and offset < last:
                yield Message(number, offset, found.timestamp()[1], found.key(), found.value())
            if offset >= (last if error is not None else last - 1):
                del left[number]
                self._consumer.incremental_unassign([TopicPartition(self._name, number)])

    def _given(self) -> list[Any]:
        """What the broker gives next: messages, the ends of partitions, or errors."""
        for _ in range(SILENCES):
            until = time.monotonic() + SILENT_SECONDS
            while time.monotonic() < until:
                if found := self._consumer.consume(BATCH, FILL_SECONDS):
                    return found
            # Is it there?
            self.oldest()
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"no message in {SILENCES * SILENT_SECONDS} s"))

    def _look(self, number: int, begin: int, end: int, instant: dt.datetime, latest: dt.datetime) -> int | None:
        first, last = _milliseconds(instant), _milliseconds(latest)
        for message in self.messages({number: begin}, {number: end}):
            if first <= message.timestamp <= last:
                return message.offset
        return None

    def _offsets(self, which: OffsetSpec) -> dict[int, Any]:
        asked = self._admin.list_offsets(
            {TopicPartition(self._name, number): which for number in self._partitions},
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=ANSWER_SECONDS,
        )
        return {place.partition: self._answer(future) for place, future in asked.items()}

    def _topics(self) -> str:
        """Which topics there are, in words; empty when the broker does not say."""
        try:
            found = sorted(name for name in self._admin.list_topics(timeout=ANSWER_SECONDS).topics if name[:2] != "__")
        except KafkaException:
            return ""
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        return f"there are {', '.join(found[:SHOWN]) or 'none'}{more}"

    def _answer(self, future: Any) -> Any:
        """An answer, waited for until it is there, or the client hears that it is not let in."""
        while not future.done():
            self._admin.poll(0.01)
            if refused := next((one for one in self._heard if one.code() in NO_ENTRY), None):
                raise KafkaException(refused)
        return future.result()


def _is_unknown(error: BaseException) -> bool:
    return isinstance(error, KafkaException) and error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART


def _milliseconds(instant: dt.datetime) -> int:
    return -(-(instant - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(milliseconds=1))
