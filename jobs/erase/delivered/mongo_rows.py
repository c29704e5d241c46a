"""Documents in a MongoDB collection: found and deleted by their values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pymongo.collection import Collection

from jobs.deliver import marker, mongo_connection, mongo_values
from jobs.deliver.mongo_connection import named
from jobs.deliver.mongo_values import Document
from jobs.erase.delivered import counted
from jobs.erase.delivered.counted import TakenOut
from jobs.erase.wanted_rows import WantedRows
from jobs.publish import mongo_server, note
from lakehouse.declaration import Column, MongoTarget


class MongoRows:
    """Documents of a collection that is delivered to, or that serves a feature group, and the notes beside it."""

    def __init__(self, place: MongoTarget, columns: Sequence[Column], serving: bool) -> None:
        self._place, self._serving = place, serving
        self._types = {column.name: column.type for column in columns}
        self._what = f"erasure from {place.address}"

    def count(self, wanted: WantedRows) -> int:
        """How many documents are meant, those of earlier generations too."""
        with self._opened() as (rows, _):
            return rows.count_documents(_filter(wanted))

    def those(self, wanted: WantedRows) -> TakenOut:
        """The documents that are meant, by day."""
        with self._opened() as (rows, _):
            return self._counted(rows, _filter(wanted))

    def delete(self, wanted: WantedRows) -> TakenOut:
        """Delete them, then correct the notes: after a kill in between the next delivery does.

        Raises:
            TargetUnavailable, TargetRefused: with the reason; some may be there.
        """
        with self._opened() as (rows, notes):
            before = notes.find_one({"_id": rows.name}) if self._serving else None
            counts = {} if before is None else {mongo_server.GENERATION: before["generation"]}
            taken = self._counted(rows, _filter(wanted) | counts)
            rows.delete_many(_filter(wanted))
            if self._serving:
                notes.update_one({"_id": rows.name}, {"$inc": {"rows": -taken.rows}})
                return taken
            for day, checksum in taken.days.items():
                of_day = {"_id": {"collection": rows.name, "partition": day.isoformat()}}
                said = notes.find_one(of_day)
                if said is not None:
                    new = {
                        "rows": said["rows"] - checksum.rows,
                        "checksum": counted.less(said["checksum"], checksum),
                    }
                    notes.update_one(of_day, {"$set": new})
            return taken

    def _counted(self, rows: Collection[Document], which: Document) -> TakenOut:
        found = [
            tuple(mongo_values.read(one, name, kind) for name, kind in self._types.items()) for one in rows.find(which)
        ]
        return counted.of(found, list(self._types))

    @contextmanager
    def _opened(self) -> Iterator[tuple[Collection[Document], Collection[Document]]]:
        with named(self._what), mongo_connection.client(self._place.connection) as client:
            database = client[self._place.database]
            yield database[self._place.collection], database[note.NAME if self._serving else marker.NAME]


def _filter(wanted: WantedRows) -> Document:
    return {
        "$or": [
            {name: mongo_values.written(mongo_values.stored(value)) for name, value in one.items()}
            for one in wanted.conditions
        ]
    }
