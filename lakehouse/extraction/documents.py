"""Reading documents in an order that can be resumed: by ``updated_at`` and ``_id``, a batch at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice
from typing import Any

from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.json_util import RELAXED_JSON_OPTIONS
from pymongo import ASCENDING
from pymongo.collection import Collection
from pymongo.cursor import Cursor
from pymongo.errors import AutoReconnect, CursorNotFound, PyMongoError, ServerSelectionTimeoutError
from tenacity import Retrying, before_sleep_log, retry_if_exception, stop_after_attempt, wait_random_exponential

from lakehouse.extraction.extraction_window import ExtractionWindow

log = logging.getLogger(__name__)

TRIES = 5

Document = dict[str, Any]
Query = dict[str, Any]

# No document may end the read: dates out of Python's range stay numbers, and bytes that are not UTF-8 become lone surrogates,
# which ingest rejects with a reason.
CODEC: CodecOptions[Document] = CodecOptions(
    tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="surrogateescape"
)


class Documents:
    """The documents that satisfy a query, in order; ``count`` says how many were read.

    One sorted cursor gives batch after batch, so that the server sorts once, and one batch is in memory. When a batch is lost,
    a new cursor starts after the last document of the previous batch, after a pause that grows.

    Args:
        collection: of the documents.
        query: which documents to read.
        order: the fields to order by; the last is ``_id``.
        batch_rows: documents in a batch.
    """

    def __init__(self, collection: Collection[Document], query: Query, order: tuple[str, ...], batch_rows: int) -> None:
        self._collection = collection.with_options(codec_options=CODEC)
        self._query = query
        self._order = order
        self._batch_rows = batch_rows
        self._cursor: Cursor[Document] | None = None
        self._last: Document | None = None
        self.count = 0

    def __iter__(self) -> Iterator[Document]:
        retrying = Retrying(
            retry=retry_if_exception(_is_passing),
            wait=wait_random_exponential(multiplier=0.2, max=5),
            stop=stop_after_attempt(TRIES),
            before_sleep=before_sleep_log(log, logging.WARNING),
            reraise=True,
        )
        while batch := retrying(self._batch):
            self._last = batch[-1]
            self.count += len(batch)
            yield from batch

    def _batch(self) -> list[Document]:
        try:
            if self._cursor is None:
                cursor = self._collection.find(self._remaining(), batch_size=self._batch_rows)
                self._cursor = cursor.sort([(name, ASCENDING) for name in self._order])
            return list(islice(self._cursor, self._batch_rows))
        except PyMongoError:
            self._cursor = None
            raise

    def _remaining(self) -> Query:
        """The query for the documents after the last one of the last whole batch."""
        if self._last is None:
            return self._query
        ways: list[Query] = []
        same: Query = {}
        for name in self._order[:-1]:
            ways.append({**same, name: {"$gt": self._last[name]}})
            same[name] = self._last[name]
        # In a query, $gt matches values of the same type only. In an expression it follows the order of all types, by which
        # the server sorts too, so that ids of several types with one date are all read.
        ways.append({**same, "$expr": {"$gt": ["$_id", {"$literal": self._last["_id"]}]}})
        return {"$and": [self._query, {"$or": ways}]}


def dated(field: str, window: ExtractionWindow) -> Query:
    """The query for the documents whose ``field`` lies in a window.

    A list of dates is no date, although MongoDB would compare its elements.
    """
    inside = {"$lt": window.until} if window.since is None else {"$gte": window.since, "$lt": window.until}
    return {field: {"$type": "date", "$not": {"$type": "array"}, **inside}}


def undated(field: str) -> Query:
    """The query for the documents whose ``updated_at`` is missing or no date, which no window has."""
    return {"$or": [{field: {"$not": {"$type": "date"}}}, {field: {"$type": "array"}}]}


def as_line(document: Document) -> bytes:
    """The document as a line of relaxed Extended JSON, without line end."""
    text = json_util.dumps(document, json_options=RELAXED_JSON_OPTIONS, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Lone surrogates have no UTF-8; escaped, they reach ingest.
        return json_util.dumps(document, json_options=RELAXED_JSON_OPTIONS, separators=(",", ":")).encode()


def _is_passing(error: BaseException) -> bool:
    """Whether another try can succeed. The driver has looked for a missing server long enough."""
    return isinstance(error, AutoReconnect | CursorNotFound) and not isinstance(error, ServerSelectionTimeoutError)
