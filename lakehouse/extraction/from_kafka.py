"""From a window of a topic to a landed file."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

from confluent_kafka import KafkaError, KafkaException

from lakehouse.connections.service import Service
from lakehouse.declaration import Kafka, Owner, Source
from lakehouse.errors import KafkaGap, NightjarError
from lakehouse.extraction import (
    kafka_failures,
    kafka_lines,
    kafka_offsets,
    kafka_windows,
    landing_file,
    message_order,
)
from lakehouse.extraction.extraction_window import ExtractionWindow
from lakehouse.extraction.kafka_offsets import Offsets, OffsetWindow
from lakehouse.extraction.kafka_topic import Topic
from lakehouse.extraction.kafka_windows import Known
from lakehouse.extraction.kept_out_lines import without_erased
from lakehouse.extraction.landed import Landed, file_of

log = logging.getLogger(__name__)

# A timestamp that is so much later than now is a mistake of its producer's clock.
CLOCKS = dt.timedelta(hours=1)
GO_ON = "go on by extract with --any-gap"


def land(
    owner: Owner,
    source: Source,
    kafka: Kafka,
    windows: Iterable[ExtractionWindow],
    now: dt.datetime,
    connect: Callable[[str], Service],
    any_gap: bool = False,
) -> Iterator[Landed]:
    """Land the messages of each window.

    A window that has been read is known by its offsets, from the ledger or from the file that landed, and is read again from the
    same to the same. Another one begins where the windows that were ingested for earlier days end, and ends with the first
    message that is as late as its end, or with the topic.

    Args:
        owner: whose source it is.
        source: the source.
        kafka: its section.
        windows: the days of each, and the instant by which its delivery is due.
        now: the present instant.
        connect: gives the connection of a name.
        any_gap: go on behind messages that were deleted before they were read; the origin says which.

    Raises:
        ConnectionWrong: the connection is not set, or is none of Kafka. SourceUnavailable: the broker did not answer, or the
            connection broke. SourceRefused: it refuses the login, or has no such topic. KafkaGap: messages were deleted before
            they were read. ServiceUnavailable: the landing or the temporary folder can't be written to.
    """
    service = connect(kafka.connection)
    what = f"source {source.name}, topic {kafka.topic} of connection {kafka.connection}"
    heard: list[KafkaError] = []
    failure: NightjarError | None = None
    try:
        with closing(Topic(service, kafka.topic, heard)) as topic:
            reading = _Reading(owner, source, kafka, topic, what, now, any_gap)
            for window in windows:
                yield reading.land(window)
    except KafkaException as error:
        failure = kafka_failures.named(what, service, error.args[0], heard)
    if failure is not None:
        raise failure


class _Reading:
    """The windows of a run, in their order: each begins where the one before ends."""

    def __init__(
        self, owner: Owner, source: Source, kafka: Kafka, topic: Topic, what: str, now: dt.datetime, any_gap: bool
    ) -> None:
        self._owner, self._source, self._kafka, self._topic = owner, source, kafka, topic
        self._what, self._latest, self._any_gap = what, now + CLOCKS, any_gap
        self._start = kafka_offsets.BEGINNING if kafka.since is None else kafka.since.isoformat()
        self._mark: Mapping[int, int] | None = None
        self._begun = False

    def land(self, window: ExtractionWindow) -> Landed:
        if not self._begun:
            self._mark, self._begun = self._watermark(window.first_day), True
        file = file_of(self._source, window)
        oldest, stable = self._topic.oldest(), self._topic.stable()
        known = kafka_windows.of_day(self._source, window.last_day) or kafka_windows.of_file(
            self._source, file, self._mark, self._start
        )
        offsets = self._new(window, oldest, stable) if known is None else known.window
        mark = self._mark or {}
        self._mark = {number: max(mark.get(number, 0), last) for number, last in offsets.end.items()}
        if known is not None and (why := self._gone(known.window, oldest, stable)):
            return self._as_it_landed(file, known, why)
        origin = f"{window.origin} {offsets.text}"
        count = landing_file.write(file, origin, without_erased(self._source, self._lines(offsets)))
        return Landed(origin, file, count, what="message")

    def _lines(self, offsets: OffsetWindow) -> Iterator[bytes]:
        messages = self._topic.messages(offsets.read_from, offsets.end)
        if sum(offsets.read_from[number] < last for number, last in offsets.end.items()) > 1:
            messages = message_order.by_time(messages)
        return (kafka_lines.line_of(message, self._kafka.fields) for message in messages)

    def _watermark(self, day: dt.date) -> Mapping[int, int] | None:
        """Where the windows of earlier days end; None when there are none of this topic."""
        windows = kafka_windows.before(self._source, day)
        if windows and windows[-1].topic_id != self._topic.id and not self._any_gap:
            raise KafkaGap(
                f"{self._what}: expected the topic {windows[-1].topic_id}, of which messages were ingested until now, found "
                f"{self._topic.id}: it was deleted and made anew, or the connection leads to another broker; nothing has landed: "
                f"correct the connection, or {GO_ON} to read the new one from {self._start}"
            )
        return kafka_offsets.watermark(one for one in windows if one.topic_id == self._topic.id)

    def _new(self, window: ExtractionWindow, oldest: Offsets, stable: Offsets) -> OffsetWindow:
        """The offsets of a window that has not been read."""
        start = self._start if self._mark is None else None
        begin = {number: (self._mark or {}).get(number, 0) for number in stable}
        if self._mark is None:
            begin = self._first(oldest, stable)
        if short := [number for number, first in begin.items() if first > stable[number]]:
            raise KafkaGap(
                f"{self._what}: expected partition {short[0]} to have the messages before offset {begin[short[0]]}, which were "
                f"read, found its end at {stable[short[0]]}: the broker has lost messages, and gives their offsets to others; "
                "nothing has landed: to read the topic as it is now, declare it with a connection of another name"
            )
        end = kafka_offsets.ends(begin, self._topic.as_late(window.until, self._latest, begin, stable), stable)
        missing = kafka_offsets.deleted(begin, end, oldest)
        if missing and not self._any_gap:
            number, (first, last) = min(missing.items())
            raise KafkaGap(
                f"{self._what}: expected the messages of partition {number} from offset {first} on, where the last window ended, "
                f"found none before {last + 1}: they were deleted before they were read{_others(missing)}; nothing has landed: let "
                f"the topic keep them longer, and {GO_ON}; the ledger then says which are missing"
            )
        by = window.until.isoformat().replace("+00:00", "Z")
        return OffsetWindow(self._topic.id, begin, end, by, start, missing)

    def _first(self, oldest: Offsets, stable: Offsets) -> dict[int, int]:
        """Where a first window begins."""
        if self._kafka.since is None:
            return dict(oldest)
        midnight = dt.datetime.combine(self._kafka.since, dt.time(), ZoneInfo(self._owner.calendar.timezone))
        return kafka_offsets.ends(
            oldest, self._topic.as_late(midnight.astimezone(dt.UTC), self._latest, oldest, stable), stable
        )

    def _gone(self, window: OffsetWindow, oldest: Offsets, stable: Offsets) -> str:
        """Why a window can't be read again; empty when it can."""
        if window.topic_id != self._topic.id:
            return f"they are of the topic {window.topic_id}, and there is {self._topic.id} now"
        if missing := kafka_offsets.deleted(window.read_from, window.end, oldest):
            number, (first, last) = min(missing.items())
            return f"those of partition {number} from offset {first} to {last} were deleted{_others(missing)}"
        short = [number for number, last in window.end.items() if last > stable.get(number, 0)]
        return f"partition {short[0]} ends before offset {window.end[short[0]]}" if short else ""

    def _as_it_landed(self, file: Path, known: Known, why: str) -> Landed:
        """The window's file, which is whole: the topic does not have its messages any more.

        Raises:
            KafkaGap: when there is no such file.
        """
        count = kafka_windows.messages_of(file, known)
        if count is None:
            do = (
                "bronze has them: to take them in again, replay the day"
                if known.ingested
                else f"remove {file} to read what is left"
            )
            raise KafkaGap(
                f"{self._what}: expected the messages of {known.origin} once more, found that {why}; nothing has landed: {do}"
            )
        log.warning("%s: %s can't be read again, %s: its file stays as it landed", self._what, known.origin, why)
        return Landed(known.origin, file, count, what="message")


def _others(missing: Mapping[int, tuple[int, int]]) -> str:
    return f", and so in {len(missing) - 1} other partition(s)" if len(missing) > 1 else ""
