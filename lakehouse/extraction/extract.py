"""From the windows of some days to landed files: the function that the job and the Airflow task call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from pymongo import MongoClient

from lakehouse.connections import service
from lakehouse.connections.service import Service
from lakehouse.declaration import Owner, Source
from lakehouse.errors import BadArguments
from lakehouse.extraction import extraction_window
from lakehouse.extraction.documents import Document
from lakehouse.extraction.landed import Landed, result

Mongo = Callable[[], AbstractContextManager[MongoClient[Document]]]


def extract(
    owner: Owner,
    source: Source,
    first: dt.date,
    last: dt.date,
    now: dt.datetime,
    mongo: Mongo,
    connect: Callable[[str], Service] = service.named,
    any_gap: bool = False,
) -> dict[str, Any]:
    """Land what belongs to the deliveries of these days, whole or not at all.

    Args:
        owner: whose source it is.
        source: a source with a section ``mongo``, ``sql``, ``kafka`` or ``fetch``.
        first: the first day; windows of earlier days count as read.
        last: the last day.
        now: the present instant.
        mongo: gives the client of the MongoDB server, where one is needed.
        connect: gives the named connection of a source with a section ``kafka`` or ``fetch``.
        any_gap: of a topic: go on behind messages that were deleted before they were read.

    Returns:
        What :func:`lakehouse.extraction.landed.result` says.

    Raises:
        BadArguments: the source has none of these sections. WindowOpen: a window is not over. ConnectionWrong: the named
            connection is not set. SourceUnavailable: the server did not answer, or the connection broke. SourceRefused: it
            refuses the login, or has nothing of that name. KafkaGap: messages were deleted before they were read. ExtractBroken:
            the use case's ``fetch`` failed. ServiceUnavailable: the landing folder can't be written to.
    """
    if not source.extracted:
        raise BadArguments(
            f"source {source.name}: expected a section mongo, sql, kafka or fetch in its declaration, there is none"
        )
    return result(list(_land(owner, source, first, last, now, mongo, connect, any_gap)))


def _land(
    owner: Owner,
    source: Source,
    first: dt.date,
    last: dt.date,
    now: dt.datetime,
    mongo: Mongo,
    connect: Callable[[str], Service],
    any_gap: bool,
) -> Iterator[Landed]:
    if source.sql is not None:
        from lakehouse.extraction import from_sql

        if source.sql.partition_column is not None:
            windows = list(extraction_window.of_days(owner, source, first, last, now))
        elif source.sql.updated_at is not None:
            windows = list(extraction_window.of_changes(owner, source, first, last, now))
        else:
            windows = [extraction_window.of_all_rows(owner, source, last, now)]
        yield from from_sql.land(owner, source, source.sql, windows)
        return
    if source.kafka is not None:
        from lakehouse.extraction import from_kafka

        windows = list(extraction_window.due(owner, source, first, last, now))
        yield from from_kafka.land(owner, source, source.kafka, windows, now, connect, any_gap)
        return
    windows = list(extraction_window.of_changes(owner, source, first, last, now))
    if source.mongo is not None:
        from lakehouse.extraction import from_mongo

        with mongo() as client:
            for window in windows:
                yield from_mongo.land(client, source, source.mongo, window)
    elif source.fetch is not None:
        from lakehouse.extraction import fetch

        for window in windows:
            yield fetch.land(owner, source, source.fetch, window, connect)
