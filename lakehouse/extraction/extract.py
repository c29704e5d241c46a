"""A window of a collection to a landed file: what the job and the Airflow task both call."""

from __future__ import annotations

import datetime as dt
from itertools import chain
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection

from lakehouse import settings
from lakehouse.declaration import Mongo, Source, UseCase
from lakehouse.errors import BadArguments, SourceRefused
from lakehouse.extraction import documents, extraction_window, failures, landing_file
from lakehouse.extraction.documents import Document, Documents


def extract(
    client: MongoClient[Document], use_case: UseCase, source: Source, first: dt.date, last: dt.date, now: dt.datetime
) -> dict[str, Any]:
    """Land what changed in the source's collection, as the delivery of ``last``.

    Documents without a date of their change come first and in every window: they are seen, and any dated document of the
    same key is later in the file and wins.

    Args:
        client: of the server; whoever made it closes it.
        use_case: the one that declares the source.
        source: a source with a ``mongo`` section.
        first: the first day that the delivery takes in; windows of days before it are taken for read.
        last: the last day, whose delivery it is.
        now: the present instant.

    Returns:
        ``status`` extracted, with ``file``, ``origin`` (the window in words), ``documents`` and, counted among them,
        ``undated_documents``; or none, with a ``message``, when the window is empty.

    Raises:
        WindowOpen: the window is not over. SourceUnavailable: the server did not answer or went away. SourceRefused: it
            does not let us in, or has no such collection. ServiceUnavailable: the landing folder can't be written to.
    """
    mongo = source.mongo
    if mongo is None:
        raise BadArguments(f"source {source.name}: expected a section mongo in its declaration, there is none")
    asked = extraction_window.of_delivery(use_case, source, mongo, first, last, now)
    file = Path(settings.load().landing_root) / source.name / f"{last}.jsonl.gz"
    with failures.named(f"source {source.name}, collection {mongo.database}.{mongo.collection}"):
        collection = _collection(client, source, mongo)
        undated = Documents(collection, documents.undated(asked), ("_id",), mongo.batch_rows)
        dated = Documents(collection, documents.dated(asked), (mongo.updated_at, "_id"), mongo.batch_rows)
        count = landing_file.write(file, asked.origin, map(documents.as_line, chain(undated, dated)))
    if not count:
        return {"status": "none", "message": f"no document in {asked.origin}", "origin": asked.origin, "documents": 0}
    return {
        "status": "extracted",
        "file": str(file),
        "origin": asked.origin,
        "documents": count,
        "undated_documents": undated.count,
    }


def _collection(client: MongoClient[Document], source: Source, mongo: Mongo) -> Collection[Document]:
    """The collection. Without asking, one that does not exist would look like one that is empty."""
    database = client[mongo.database]
    # Only those that we may read: it needs no privilege of its own.
    there = sorted(database.list_collection_names(authorizedCollections=True))
    if mongo.collection not in there:
        shown = ", ".join(there[:10]) + (f" and {len(there) - 10} more" if len(there) > 10 else "")
        raise SourceRefused(
            f"source {source.name}: expected a collection {mongo.collection} in the MongoDB database {mongo.database}, "
            f"found {shown or 'none'}; mend the section mongo of its declaration, or the user's role"
        )
    return database[mongo.collection]
