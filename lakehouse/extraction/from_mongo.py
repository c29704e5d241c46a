"""From a window of a collection to a landed file."""

from __future__ import annotations

from itertools import chain

from pymongo import MongoClient
from pymongo.collection import Collection

from lakehouse.declaration import Mongo, Source
from lakehouse.errors import SourceRefused
from lakehouse.extraction import documents, failures, landing_file
from lakehouse.extraction.documents import Document, Documents
from lakehouse.extraction.extraction_window import ExtractionWindow
from lakehouse.extraction.kept_out_lines import without_erased
from lakehouse.extraction.landed import Landed, file_of


def land(client: MongoClient[Document], source: Source, mongo: Mongo, window: ExtractionWindow) -> Landed:
    """Land the documents of the source's collection that changed in a window.

    Documents without a date of change come first, in every window: so they are read, and a dated document of the same key is
    later in the file and wins.

    Raises:
        SourceUnavailable: the server did not answer, or the connection broke. SourceRefused: it refuses the login, or has no
            such collection. ServiceUnavailable: the landing folder can't be written to.
    """
    with failures.named(f"source {source.name}, collection {mongo.database}.{mongo.collection}"):
        collection = _collection(client, source, mongo)
        undated = Documents(collection, documents.undated(mongo.updated_at), ("_id",), mongo.batch_rows)
        changed = documents.dated(mongo.updated_at, window)
        dated = Documents(collection, changed, (mongo.updated_at, "_id"), mongo.batch_rows)
        file = file_of(source, window)
        lines = without_erased(source, map(documents.as_line, chain(undated, dated)))
        count = landing_file.write(file, window.origin, lines)
    return Landed(window.origin, file, count, undated.count, "document")


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
