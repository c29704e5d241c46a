"""A MongoDB collection as target: a day's documents are replaced one by one, in an order that a rerun completes.

A single server has no transactions. While a day is sent, a reader sees old and new documents of it, each of them whole; before and
after, exactly one state. A reader who needs a day at once reads the day's note in ``nightjar_exports`` first and after, and only
documents of its ``delivery``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from pymongo import ReplaceOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError

from jobs.deliver import marker as markers
from jobs.deliver import mongo_connection, mongo_values
from jobs.deliver.marker import Marker
from jobs.deliver.mongo_connection import named
from jobs.deliver.mongo_values import Document
from lakehouse.declaration import Column, MongoTarget
from lakehouse.errors import TargetRefused, TargetUnavailable

# The field of each document that says which delivery wrote it: the Delta version of the scores, and the day's fingerprint.
DELIVERY = "nightjar_delivery"
_VERSION = f"{DELIVERY}.version"
DUPLICATE_KEY = 11000


class MongoPlace:
    """A collection, and beside it the collection of notes, nightjar_exports."""

    def __init__(
        self, use_case: str, target: str, place: MongoTarget, columns: Sequence[Column], key: Sequence[str]
    ) -> None:
        self._owner = {"use_case": use_case, "target": target}
        self._place = place
        self._names = [column.name for column in columns]
        self._types = {column.name: column.type for column in columns}
        self._key = list(key)
        self._what = f"delivery of {use_case} to {target}, collection {place.database}.{place.collection}"

    @contextmanager
    def held(self, day: dt.date) -> Iterator[MongoDay]:
        """The day. Another run of this lakehouse waits; one of elsewhere is told apart by the version of its scores."""
        with named(self._what), mongo_connection.client(self._place.connection) as client:
            database = client[self._place.database]
            notes, rows = database[markers.NAME], database[self._place.collection]
            other = notes.find_one({"collection": self._place.collection, "$nor": [self._owner]})
            if other is not None:
                raise TargetRefused(
                    f"{self._what}: expected a collection of its own, found one that {other['use_case']} delivers to as "
                    f"{other['target']}, by {markers.NAME}; nothing was sent: choose another collection, or, when the target was "
                    "renamed, update its name there"
                )
            # Without it each day would read all others.
            rows.create_index("partition")
            yield MongoDay(rows, notes, self._note_id(day), self._owner, self._key, self._what)

    def stored(self, value: Any) -> Any:
        """MongoDB's instants have milliseconds."""
        return mongo_values.stored(value)

    def there(self, day: dt.date) -> Iterator[tuple[Any, ...]]:
        """The documents of the day."""
        with named(self._what), mongo_connection.client(self._place.connection) as client:
            for document in client[self._place.database][self._place.collection].find({"partition": day.isoformat()}):
                yield tuple(mongo_values.read(document, name, self._types[name]) for name in self._names)

    def _note_id(self, day: dt.date) -> Document:
        return {"collection": self._place.collection, "partition": day.isoformat()}


class MongoDay:
    """A day of the collection."""

    def __init__(
        self,
        rows: Collection[Document],
        notes: Collection[Document],
        note_id: Document,
        owner: Document,
        key: Sequence[str],
        what: str,
    ) -> None:
        self._rows, self._notes, self._note_id, self._owner = rows, notes, note_id, owner
        self._key, self._what = key, what
        self.marker = self._read()

    def begin(self, fingerprint: str, scores_version: int, force: bool) -> None:
        """Say what is put: documents of newer scores stay, unless ``force`` is set."""
        self._delivery = {"version": scores_version, "fingerprint": fingerprint}
        earlier = [{_VERSION: {"$lte": scores_version}}, {DELIVERY: {"$exists": False}}]
        self._replaceable: Document = {} if force else {"$or": earlier}
        self._note_replaceable: Document = {} if force else {"scores_version": {"$lte": scores_version}}

    def put(self, rows: pa.RecordBatch) -> None:
        """Replace or add the documents."""
        changes = [
            ReplaceOne(
                {"_id": {name: line[name] for name in self._key}, **self._replaceable},
                {**line, DELIVERY: self._delivery},
                upsert=True,
            )
            for line in ({name: mongo_values.written(value) for name, value in row.items()} for row in rows.to_pylist())
        ]
        if not changes:
            return
        try:
            self._rows.bulk_write(changes, ordered=False)
        except BulkWriteError as error:
            # Where newer scores have the document the filter does not find it, and there is no second of its name.
            if any(problem["code"] != DUPLICATE_KEY for problem in error.details["writeErrors"]):
                raise

    def finish(self, marker: Marker) -> None:
        """Remove the documents of other deliveries, and write the note that the day is whole.

        Raises:
            TargetUnavailable: when newer scores were delivered meanwhile; theirs are there.
        """
        of_day: Document = {"partition": self._note_id["partition"]}
        self._rows.delete_many({**of_day, DELIVERY: {"$ne": self._delivery}, **self._replaceable})
        note = {**vars(marker), **self._owner, "collection": self._note_id["collection"]}
        try:
            self._notes.replace_one({"_id": self._note_id, **self._note_replaceable}, note, upsert=True)
        except DuplicateKeyError:
            newer = self._notes.find_one({"_id": self._note_id}) or {}
            self._rows.delete_many({**of_day, _VERSION: {"$lt": newer.get("scores_version", -1)}})
            raise TargetUnavailable(
                f"{self._what}: expected to be the only delivery of {self._note_id['partition']}, found that newer scores were "
                "delivered meanwhile, and these are there; run again to see that nothing is left to do"
            ) from None
        found = self._rows.count_documents(of_day)
        if found != marker.rows:
            raise TargetUnavailable(
                f"{self._what}: expected {marker.rows} documents of {self._note_id['partition']} after they were sent, found "
                f"{found}: another delivery is under way; run again"
            )

    def _read(self) -> Marker | None:
        note = self._notes.find_one({"_id": self._note_id})
        if note is None:
            return None
        fields = {name: note[name] for name in Marker.__dataclass_fields__}
        return Marker(**{**fields, "sent_at": note["sent_at"].replace(tzinfo=dt.UTC)})
