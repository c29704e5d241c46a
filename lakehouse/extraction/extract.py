"""From a window of a collection to a landed file: the function that the job and the Airflow task call."""

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
    """Land the changed documents of the source's collection, as the delivery of ``last``.

    Documents without a date of change come first, in every window: so they are read, and a dated document of the same key is
    later in the file and wins.

    Args:
        client: of the server; the caller closes it.
        use_case: the one that declares the source.
        source: a source with a ``mongo`` section.
        first: the first day of the delivery; windows of earlier days count as read.
        last: the last day, whose delivery it is.
        now: the present instant.

    Returns:
        ``status`` extracted, with ``file``, ``origin`` (the window in words), ``documents`` and, counted among them,
        ``undated_documents``; or none, with a ``message``, when the window is empty.

    Raises:
        WindowOpen: the window is not over. SourceUnavailable: the server did not answer, or the connection broke.
            SourceRefused: it refuses the login, or has no such collection. ServiceUnavailable: the landing folder can't be
            written to.
    """
    mongo = source.mongo
    if mongo is None:
        raise BadArguments(f"source {source.name}: expected a section mongo or fetch in its declaration, there is none")
    window = extraction_window.of_delivery(use_case, source, prefix(mongo), first, last, now)
    file = Path(settings.load().landing_root) / source.name / f"{last}.jsonl.gz"
    with failures.named(f"source {source.name}, collection {mongo.database}.{mongo.collection}"):
        collection = _collection(client, source, mongo)
        undated = Documents(collection, documents.undated(mongo.updated_at), ("_id",), mongo.batch_rows)
        dated = Documents(
            collection, documents.dated(mongo.updated_at, window), (mongo.updated_at, "_id"), mongo.batch_rows
        )
        count = landing_file.write(file, window.origin, map(documents.as_line, chain(undated, dated)))
    if not count:
        return {"status": "none", "message": f"no document in {window.origin}", "origin": window.origin, "documents": 0}
    return {
        "status": "extracted",
        "file": str(file),
        "origin": window.origin,
        "documents": count,
        "undated_documents": undated.count,
    }


def prefix(mongo: Mongo) -> str:
    """What the origins of a collection's windows begin with."""
    return f"mongodb {mongo.database}.{mongo.collection} {mongo.updated_at} from "


def _collection(client: MongoClient[Document], source: Source, mongo: Mongo) -> Collection[Document]:
    """The collection. It is looked up, because one that does not exist would read like an empty one."""
    database = client[mongo.database]
    # Only those that the user may read, which needs no further privilege.
    present = sorted(database.list_collection_names(authorizedCollections=True))
    if mongo.collection not in present:
        shown = ", ".join(present[:10]) + (f" and {len(present) - 10} more" if len(present) > 10 else "")
        raise SourceRefused(
            f"source {source.name}: expected a collection {mongo.collection} in the MongoDB database {mongo.database}, "
            f"found {shown or 'none'}; correct the section mongo of its declaration, or the user's role"
        )
    return database[mongo.collection]
