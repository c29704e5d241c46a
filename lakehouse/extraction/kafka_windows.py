"""The windows of a topic that have been read: those of the ledger, and the one of a file that has landed."""

from __future__ import annotations

import datetime as dt
import gzip
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse.declaration import Source
from lakehouse.errors import ServiceUnavailable
from lakehouse.extraction import envelope, extraction_window, kafka_offsets
from lakehouse.extraction.kafka_offsets import OffsetWindow
from lakehouse.ops import deliveries


@dataclass(frozen=True)
class Known:
    """A window that has been read.

    Attributes:
        origin: its words, with those of the topic.
        window: its offsets.
        ingested: whether the ledger has it; else a file has landed.
    """

    origin: str
    window: OffsetWindow
    ingested: bool


def before(source: Source, day: dt.date) -> list[OffsetWindow]:
    """The windows that were ingested for earlier days, in the order of these days."""
    last = day - dt.timedelta(days=1)
    return [found.window for found in _of_ledger(source, None, last)]


def of_day(source: Source, day: dt.date) -> Known | None:
    """The window that was ingested for a day, the last one if it was read again; None when there is none."""
    return next(reversed(list(_of_ledger(source, day, day))), None)


def of_file(source: Source, file: Path, mark: Mapping[int, int] | None, start: str) -> Known | None:
    """The window of a file that has landed, if it begins where one would begin now; None otherwise.

    Args:
        source: the source.
        file: where the day's delivery lands.
        mark: where the windows before end; None: there are none.
        start: where a first window begins, in words.
    """
    origin = _origin(file)
    window = None if origin is None else _parsed(source, origin)
    if origin is None or window is None:
        return None
    if mark is None:
        follows = window.start == start
    else:
        follows = window.start is None and all(window.begin.get(one, 0) == mark.get(one, 0) for one in window.end)
    return Known(origin, window, ingested=False) if follows else None


def messages_of(file: Path, known: Known) -> int | None:
    """The number of messages of the whole file of this window; None when there is no such file.

    Raises:
        ServiceUnavailable: when it is there and can't be read.
    """
    if _origin(file) != known.origin:
        return None
    last = deque(_lines(file), maxlen=1)
    return envelope.documents(last[0].rstrip("\n")) if last else None


def _of_ledger(source: Source, first: dt.date | None, last: dt.date) -> Iterator[Known]:
    lines = deliveries.lines_of([source.name], first, last)
    for line in sorted(lines, key=lambda one: (one.partition, one.ingested_at)):
        window = _parsed(source, line.origin) if line.status == deliveries.INGESTED else None
        if window is not None:
            yield Known(line.origin, window, ingested=True)


def _parsed(source: Source, origin: str) -> OffsetWindow | None:
    topic = f"{extraction_window.words(source)} "
    return kafka_offsets.parsed(origin.removeprefix(topic)) if origin.startswith(topic) else None


def _origin(file: Path) -> str | None:
    return envelope.origin(next(_lines(file), ""))


def _lines(file: Path) -> Iterator[str]:
    """The lines of a landed file, great ones in pieces; those before where it is damaged, and none where there is no file."""
    try:
        with file.open("rb") as packed, gzip.open(packed, "rt", encoding="utf-8", newline="\n") as lines:
            while line := lines.readline(envelope.LONGEST):
                yield line
    except (FileNotFoundError, NotADirectoryError, gzip.BadGzipFile, EOFError, UnicodeDecodeError, zlib.error):
        return
    except OSError as error:
        raise ServiceUnavailable(
            f"{file}: expected to read what has landed, found: {error.strerror or error}; nothing has landed: make it readable, "
            "and run again"
        ) from error
